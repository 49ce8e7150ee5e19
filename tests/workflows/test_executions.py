"""One execution, from its request to its result, and the look at whether an integration works."""

from datetime import timedelta

import pytest

from domain.errors import Code
from domain.executions import Execution, ExecutionOrder, ExecutionStatus, workflow_id_of
from gateways.faults import OutcomeUnknown, Parked, StoredFault, Unreachable
from tests.harbour import PAID
from tests.workflows.stories import Stories
from workflows import options
from workflows.execution import ExecutionWorkflow
from workflows.probe import ProbeWorkflow

PROBED = "int-probed"


async def executed(stories: Stories, order: ExecutionOrder) -> Execution:
    return await stories.client.execute_workflow(
        ExecutionWorkflow.run,
        order,
        id=workflow_id_of(order.execution_id),
        task_queue=options.PURCHASES,
    )


async def probed(stories: Stories) -> str | None:
    return await stories.client.execute_workflow(
        ProbeWorkflow.run, PROBED, id=f"probe-{PROBED}-1", task_queue=options.PURCHASES
    )


async def test_what_the_provider_answers_is_the_result(stories: Stories) -> None:
    order = stories.world.execution_order()

    done = await executed(stories, order)

    assert (done.status, done.result) == (ExecutionStatus.SUCCEEDED, PAID)
    assert stories.world.executions.rows[order.execution_id] == done


async def test_under_a_spoilt_key_it_is_looked_for_and_asked_under_the_next(
    stories: Stories,
) -> None:
    account = stories.world.executions.account
    account.faults_before.append(StoredFault("500"))

    done = await executed(stories, stories.world.execution_order())

    assert done.status is ExecutionStatus.SUCCEEDED
    assert [ask.repeated for ask in account.asked] == [False, True]
    assert len({ask.idempotency_key for ask in account.asked}) == 2


async def test_what_is_parked_for_hours_is_done_once_when_the_way_is_open(
    stories: Stories,
) -> None:
    account = stories.world.executions.account
    hours = [Parked("it is paused", timedelta(hours=1)) for _ in range(10)]
    account.faults_before.extend([*hours, Unreachable("no route")])
    account.faults_after.append(OutcomeUnknown("no answer"))

    done = await executed(stories, stories.world.execution_order())

    assert done.status is ExecutionStatus.SUCCEEDED
    assert len({ask.idempotency_key for ask in account.asked}) == 1
    assert len(account.effects) == 1


async def test_one_that_is_cancelled_while_it_is_parked_ends_then(stories: Stories) -> None:
    order = stories.world.execution_order()
    stories.world.executions.account.is_away = Parked("it is paused", timedelta(days=1))
    run = await stories.client.start_workflow(
        ExecutionWorkflow.run,
        order,
        id=workflow_id_of(order.execution_id),
        task_queue=options.PURCHASES,
    )
    await stories.until(lambda: bool(stories.world.executions.waited))
    cancelled = stories.world.executions.rows[order.execution_id].model_copy(
        update={"status": ExecutionStatus.CANCELLED, "waiting": None}
    )

    await run.signal(ExecutionWorkflow.execution_cancelled, cancelled)

    assert await run.result() == cancelled
    assert len(stories.world.executions.account.asked) == 1


@pytest.mark.slow
async def test_an_outcome_that_nobody_learns_within_a_day_is_left_to_a_person(
    stories: Stories,
) -> None:
    stories.world.executions.account.is_away = OutcomeUnknown("no answer")

    done = await executed(stories, stories.world.execution_order())

    assert (done.status, done.error_code) == (ExecutionStatus.FAILED, Code.OUTCOME_UNKNOWN)
    assert done.error_message == "no answer"


async def test_a_probe_that_is_answered_says_nothing(stories: Stories) -> None:
    assert await probed(stories) is None
    assert stories.world.executions.tested == [PROBED]


async def test_a_provider_that_cannot_be_reached_leaves_the_question_open(
    stories: Stories,
) -> None:
    stories.world.executions.account.probe_fault = Unreachable("no route")

    assert await probed(stories) == "no route"
