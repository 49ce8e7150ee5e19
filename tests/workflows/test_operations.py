"""One operation of a provider's API, from its order to what came of it."""

import pytest
from temporalio.client import WorkflowFailureError

from domain.errors import Code
from domain.operations import Operated, OperationOrder
from gateways.faults import Busy, OutcomeUnknown
from tests.fake_account import RESULT, order
from tests.workflows.stories import Stories
from workflows import options
from workflows.operation import OperationWorkflow


async def asked(stories: Stories, wanted: OperationOrder) -> Operated:
    run = await stories.client.start_workflow(
        OperationWorkflow.run, wanted, id=wanted.workflow_id, task_queue=options.PURCHASES
    )
    await run.signal("of_another_time")
    return await run.result()


async def test_what_the_provider_answers_is_told_with_what_it_was_asked(stories: Stories) -> None:
    wanted = order()

    operated = await asked(stories, wanted)

    assert operated.outcome.result == RESULT
    assert operated.request_hash == wanted.request_hash


async def test_what_stays_unknown_for_a_day_is_for_a_person(stories: Stories) -> None:
    account = stories.world.operated
    account.fault = OutcomeUnknown("JustiFi gave no answer")

    operated = await asked(stories, order())

    assert operated.outcome.error_code is Code.OUTCOME_UNKNOWN
    assert len(account.asked) > 10
    assert len({ask.idempotency_key for ask in account.asked}) == 1


async def test_what_a_later_try_could_not_do_says_nothing_of_the_first(stories: Stories) -> None:
    account, wanted = stories.world.operated, order()
    account.fault = OutcomeUnknown("JustiFi gave no answer")
    run = await stories.client.start_workflow(
        OperationWorkflow.run, wanted, id=wanted.workflow_id, task_queue=options.PURCHASES
    )
    await stories.until(lambda: account.asked)
    account.fault = Busy("JustiFi answered 429")

    operated = await run.result()

    assert len(account.asked) > 10
    assert operated.outcome.error_code is Code.OUTCOME_UNKNOWN


@pytest.mark.parametrize("changes", [True, False])
async def test_what_did_nothing_fails_and_may_be_asked_for_again(
    stories: Stories, changes: bool
) -> None:
    account = stories.world.operated
    account.fault = Busy("JustiFi answered 429")

    with pytest.raises(WorkflowFailureError):
        await asked(stories, order(changes=changes))

    assert len(account.asked) == (1 if changes else 2)
