"""What the step asks of a provider, and what it never asks."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.executions import ExecutionActivities, ExecutionAttempt, ExecutionFailure
from activities.faults import CONFLICT_PAUSE, MISCONFIGURED_PAUSE
from activities.opened_integrations import LONGEST_TURN
from domain.errors import Code
from domain.executions import (
    KEYS_ARE_KEPT,
    Execution,
    ExecutionOrder,
    ProviderCustomer,
    WaitingFor,
)
from gateways.faults import (
    LOOK_AGAIN,
    Busy,
    CircuitOpen,
    Conflict,
    GatewayFault,
    Misconfigured,
    OutcomeUnknown,
    Parked,
    RefusedByProvider,
    StoredFault,
    Throttled,
    Unreachable,
)
from tests.fake_world import World

LONGEST_PAUSE = timedelta(minutes=5)


async def executed(
    world: World, order: ExecutionOrder, group: int = 1, attempt: int = 1
) -> Execution:
    executions = world.executions
    steps = ExecutionActivities(executions, executions, executions)
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=attempt,
        retry_policy=RetryPolicy(maximum_interval=LONGEST_PAUSE),
    )
    asked = ExecutionAttempt(order=order, group=group)
    return await environment.run(steps.execute_capability, asked)


async def test_one_that_has_ended_is_answered_and_nobody_is_asked() -> None:
    world = World()
    order = world.execution_order()
    done = await executed(world, order)

    assert await executed(world, order, group=2) == done
    assert len(world.executions.account.asked) == 1


async def test_after_a_day_the_key_is_forgotten_and_it_is_looked_for_first() -> None:
    world = World()
    young, old = world.execution_order(), world.execution_order()
    now = datetime.now(UTC)
    await world.executions.begin(young, now - KEYS_ARE_KEPT + timedelta(minutes=5))
    await world.executions.begin(old, now - KEYS_ARE_KEPT - timedelta(minutes=5))

    await executed(world, young)
    await executed(world, old)

    assert [ask.repeated for ask in world.executions.account.asked] == [False, True]


async def test_a_capability_that_left_the_catalogue_meanwhile_is_not_executed() -> None:
    world = World()
    order = world.execution_order()
    world.executions.catalogue.clear()

    failed = await executed(world, order)

    assert failed.error_code is Code.CAPABILITY_NOT_FOUND
    assert world.executions.account.asked == []


async def test_parameters_are_held_against_the_schema_as_it_stands_now() -> None:
    world = World()
    order = world.execution_order().model_copy(update={"parameters": {"amount": "much"}})

    failed = await executed(world, order)

    assert failed.error_code is Code.SCHEMA_VIOLATION
    assert "much" not in str(failed.error_message)
    assert world.executions.account.asked == []


async def test_a_customer_is_looked_up_by_the_tenants_own_id() -> None:
    world = World()
    known = ProviderCustomer(provider_customer_id="hc_1")
    world.executions.customers["cust_abc"] = known
    order = world.execution_order()
    parameters = {**order.parameters, "customer_id": "cust_abc"}

    await executed(world, order.model_copy(update={"parameters": parameters}))

    assert world.executions.account.asked[0].customer == known


@pytest.mark.parametrize("fault", [RefusedByProvider("no"), Busy("429"), OutcomeUnknown("?")])
async def test_a_customer_that_was_made_before_a_fault_is_gone_on_with(fault: GatewayFault) -> None:
    world = World()
    made = ProviderCustomer(provider_customer_id="hc_1")
    fault.made = made
    world.executions.account.faults_before.append(fault)
    order, again = world.execution_order(), world.execution_order()
    about = {"parameters": {**order.parameters, "customer_id": "cust_abc"}}
    order = order.model_copy(update=about)

    with suppress(ApplicationError):
        await executed(world, order)
    ended = world.executions.rows[order.execution_id]
    await executed(world, again.model_copy(update=about))

    assert world.executions.account.asked[-1].customer == made
    assert not ended.may_be_cancelled


async def test_a_schema_that_cannot_judge_the_answer_makes_it_nonsense() -> None:
    world = World()
    order = world.execution_order()
    before = world.executions.catalogue["PROCESS_PAYMENT"]
    world.executions.catalogue["PROCESS_PAYMENT"] = before.model_copy(
        update={"result_schema": {"$ref": "https://elsewhere.example/schema"}}
    )

    assert (await executed(world, order)).error_code is Code.PROVIDER_ANSWERED_NONSENSE


@pytest.mark.parametrize(
    ("fault", "final"), [(Busy("429", timedelta(seconds=3)), False), (StoredFault("500"), True)]
)
async def test_a_fault_leaves_the_execution_under_way(
    fault: Busy | StoredFault, final: bool
) -> None:
    world = World()
    order = world.execution_order()
    world.executions.account.faults_before.append(fault)

    with pytest.raises(ApplicationError) as told:
        await executed(world, order)

    assert (told.value.type, told.value.non_retryable) == (type(fault).__name__, final)
    assert world.executions.rows[order.execution_id].finished_at is None


IN_A_MINUTE = timedelta(minutes=1)
REASONS: list[tuple[GatewayFault, WaitingFor, timedelta]] = [
    (Parked("paused", LOOK_AGAIN), WaitingFor.RESUME, LOOK_AGAIN),
    (CircuitOpen("failed 5 times", LOOK_AGAIN), WaitingFor.CIRCUIT, LOOK_AGAIN),
    (Throttled("its calls are used up", LONGEST_TURN), WaitingFor.RATE_LIMIT, LONGEST_TURN),
    (Busy("503", IN_A_MINUTE), WaitingFor.PROVIDER, IN_A_MINUTE),
    (Unreachable("no route"), WaitingFor.CONNECTION, timedelta(seconds=4)),
    (Misconfigured("wrong key", "harbour"), WaitingFor.CONFIGURATION, MISCONFIGURED_PAUSE),
    (OutcomeUnknown("no answer"), WaitingFor.OUTCOME, timedelta(seconds=4)),
    (OutcomeUnknown("502", IN_A_MINUTE), WaitingFor.OUTCOME, IN_A_MINUTE),
    (Conflict("409"), WaitingFor.OUTCOME, CONFLICT_PAUSE),
    (StoredFault("500"), WaitingFor.OUTCOME, timedelta(seconds=4)),
]


@pytest.mark.parametrize(
    ("fault", "reason", "pause"), REASONS, ids=[type(each[0]).__name__ for each in REASONS]
)
async def test_after_a_fault_it_is_told_what_is_waited_for_and_until_when(
    fault: GatewayFault, reason: WaitingFor, pause: timedelta
) -> None:
    world = World()
    order = world.execution_order()
    world.executions.account.faults_before.append(fault)

    with pytest.raises(ApplicationError):
        await executed(world, order, attempt=3)

    waits = world.executions.rows[order.execution_id]
    assert waits.waiting is not None
    assert waits.waiting.next_try_at is not None
    assert (waits.waiting.reason, waits.waiting.detail) == (reason, str(fault))
    assert waits.waiting.next_try_at - waits.waiting.since == pause
    assert waits.outcome_unknown is (reason is WaitingFor.OUTCOME)


async def test_the_longest_pause_is_the_one_of_the_retry_policy() -> None:
    world = World()
    world.executions.account.is_away = Unreachable("no route")

    with pytest.raises(ApplicationError):
        await executed(world, world.execution_order(), attempt=900)

    [waiting] = world.executions.waited
    assert waiting.next_try_at == waiting.since + LONGEST_PAUSE


async def test_what_may_have_acted_once_may_have_acted_whatever_the_next_attempt_tells() -> None:
    world = World()
    order = world.execution_order()
    account = world.executions.account
    account.faults_after.append(OutcomeUnknown("no answer"))
    account.faults_before.append(Busy("429"))
    account.faults_before.appendleft(Unreachable("no route"))

    told = []
    for _ in range(3):
        with suppress(ApplicationError):
            await executed(world, order)
        told.append(world.executions.rows[order.execution_id].outcome_unknown)
    account.faults_before.append(Parked("paused"))
    with pytest.raises(ApplicationError):
        await executed(world, order)

    assert told == [False, False, True]
    assert world.executions.rows[order.execution_id].outcome_unknown


async def test_one_that_never_got_as_far_as_a_row_can_be_given_up() -> None:
    world = World()
    order = world.execution_order()
    failure = ExecutionFailure(order=order, code=Code.OUTCOME_UNKNOWN, message="the rows are away")
    steps = ExecutionActivities(world.executions, world.executions, world.executions)

    failed = await ActivityEnvironment().run(steps.fail_execution, failure)

    assert failed.error_code is Code.EXECUTION_GIVEN_UP
    assert (failed.error_message, failed.outcome_unknown) == (failure.message, False)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Unreachable("no route"), Code.EXECUTION_GIVEN_UP),
        (OutcomeUnknown("no answer"), Code.OUTCOME_UNKNOWN),
    ],
    ids=["nothing sent", "may have acted"],
)
async def test_one_that_is_given_up_is_unknown_only_if_it_may_have_acted(
    fault: GatewayFault, code: Code
) -> None:
    world = World()
    order = world.execution_order()
    world.executions.account.faults_before.append(fault)
    with pytest.raises(ApplicationError):
        await executed(world, order)
    failure = ExecutionFailure(order=order, code=Code.OUTCOME_UNKNOWN, message=str(fault))
    steps = ExecutionActivities(world.executions, world.executions, world.executions)

    failed = await ActivityEnvironment().run(steps.fail_execution, failure)

    assert (failed.error_code, failed.error_message) == (code, str(fault))
    assert failed.outcome_unknown is (code is Code.OUTCOME_UNKNOWN)
