"""One operation of a provider's API, from its order to what came of it."""

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.worker import Worker

from activities.operations import OperationActivities
from domain.errors import Code
from domain.operations import Operated, OperationOrder
from gateways.faults import Busy, OutcomeUnknown
from tests.fake_account import RESULT, Account, order
from tests.workflows.stories import Stories
from tests.workflows.workers import WATCHING
from workflows.operation import OperationWorkflow

QUEUE = "operations"


async def asked(stories: Stories, account: Account, wanted: OperationOrder) -> Operated:
    steps = OperationActivities(account, {"justifi": account})
    async with Worker(
        stories.client,
        task_queue=QUEUE,
        workflows=[OperationWorkflow],
        activities=[steps.ask_provider],
        workflow_runner=WATCHING,
    ):
        run = await stories.client.start_workflow(
            OperationWorkflow.run, wanted, id=wanted.workflow_id, task_queue=QUEUE
        )
        await run.signal("of_another_time")
        return await run.result()


async def test_what_the_provider_answers_is_told_with_what_it_was_asked(stories: Stories) -> None:
    wanted = order(operation_id="opn_answered")

    operated = await asked(stories, Account(), wanted)

    assert operated.outcome.result == RESULT
    assert operated.request_hash == wanted.request_hash


async def test_what_stays_unknown_for_a_day_is_for_a_person(stories: Stories) -> None:
    account = Account(OutcomeUnknown("JustiFi gave no answer"))

    operated = await asked(stories, account, order(operation_id="opn_unknown"))

    assert operated.outcome.error_code is Code.OUTCOME_UNKNOWN
    assert len(account.asked) > 10
    assert len({ask.idempotency_key for ask in account.asked}) == 1


@pytest.mark.parametrize("changes", [True, False])
async def test_what_did_nothing_fails_and_may_be_asked_for_again(
    stories: Stories, changes: bool
) -> None:
    account = Account(Busy("JustiFi answered 429"))
    wanted = order(operation_id=f"opn_busy_{changes}", changes=changes)

    with pytest.raises(WorkflowFailureError):
        await asked(stories, account, wanted)

    assert len(account.asked) == (1 if changes else 2)
