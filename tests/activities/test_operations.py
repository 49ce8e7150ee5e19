"""What the step makes of a provider's answers: who asked is told, and nothing is done twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.operations import OperationActivities
from domain.errors import Code
from domain.executions import Outcome
from domain.operations import OperationOrder
from gateways.faults import (
    Busy,
    CircuitOpen,
    Conflict,
    GatewayFault,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
)
from gateways.integrations import Ask, IntegrationGateway
from tests.fake_account import RESULT, Account, FakeUses, order
from tests.harbour import Harbour


class UnreadableAccount(Misconfigured): ...


async def asked(
    account: Account, wanted: OperationOrder, attempt: int = 1, uses: FakeUses | None = None
) -> Outcome:
    steps = OperationActivities(account, {"justifi": account}, uses or FakeUses())
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    return await environment.run(steps.ask_provider, wanted)


@pytest.mark.parametrize("integration_id", [None, "int-1"])
async def test_an_account_is_asked_under_the_operations_own_id(integration_id: str | None) -> None:
    account = Account()

    outcome = await asked(account, order(integration_id=integration_id))

    assert outcome.result == RESULT
    assert account.asked == [
        Ask(execution_id="opn_1", parameters={"amount": 1500}, idempotency_key="opn_1")
    ]


async def test_a_conflict_is_surfaced_and_never_tried_again() -> None:
    account = Account(Conflict("JustiFi answered 409", "idempotency_concurrent_request"))

    first, later = [await asked(account, order(), attempt) for attempt in (1, 2)]

    assert first.error_code is Code.PROVIDER_REFUSED
    assert first.provider_code == "idempotency_concurrent_request"
    assert later.error_code is Code.OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    ("changes", "attempt", "means"),
    [
        (True, 1, Code.PROVIDER_REFUSED),
        (True, 2, Code.OUTCOME_UNKNOWN),  # by other credentials, it may be, than acted before
        (False, 2, Code.PROVIDER_REFUSED),
    ],
)
async def test_a_no_after_a_lost_answer_says_nothing_of_what_was_lost(
    changes: bool, attempt: int, means: Code
) -> None:
    account = Account(RefusedByProvider("JustiFi answered 404", "resource_not_found"))

    outcome = await asked(account, order(changes=changes), attempt)

    assert (outcome.error_code, outcome.provider_code) == (means, "resource_not_found")


async def test_a_read_that_is_not_answered_leaves_nothing_unknown() -> None:
    uses = FakeUses()
    with pytest.raises(ApplicationError):
        await asked(
            Account(OutcomeUnknown("no answer")),
            order(changes=False, integration_id="int-1"),
            uses=uses,
        )

    assert [(each.after or {})["status"] for each in uses.told] == ["unanswered"]


async def test_an_operation_that_the_gateway_lacks_is_refused() -> None:
    outcome = await asked(Account(), order(operation="dream"))

    assert outcome.provider_code == "operation_not_offered"


async def test_a_gateway_without_operations_refuses_them_all() -> None:
    @asynccontextmanager
    async def using(_: str) -> AsyncIterator[IntegrationGateway]:
        yield Harbour().connect({"token": "t"})

    class Opened:
        def __init__(self) -> None:
            self.using = using

    environment = ActivityEnvironment()
    steps = OperationActivities(Opened(), {}, FakeUses())
    outcome = await environment.run(steps.ask_provider, order(integration_id="int-1"))

    assert outcome.provider_code == "operation_not_offered"


async def test_a_worker_without_the_account_says_so() -> None:
    environment = ActivityEnvironment()
    steps = OperationActivities(Account(), {}, FakeUses())

    with pytest.raises(ApplicationError, match="no account of justifi") as refused:
        await environment.run(steps.ask_provider, order())

    assert refused.value.non_retryable


@pytest.mark.parametrize("fault", [Busy("429"), Misconfigured("401", "justifi")])
@pytest.mark.parametrize(
    ("changes", "attempt", "is_final"), [(True, 1, True), (True, 2, False), (False, 1, False)]
)
async def test_a_change_is_repeated_only_where_it_may_have_been_made(
    fault: GatewayFault, changes: bool, attempt: int, is_final: bool
) -> None:
    with pytest.raises(ApplicationError) as raised:
        await asked(Account(fault), order(changes=changes), attempt)

    assert raised.value.non_retryable is is_final


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (NotPermitted("403", "justifi"), "NotPermitted"),
        (UnreadableAccount("?", "registry"), "Misconfigured"),
        (CircuitOpen("open"), "CircuitOpen"),
    ],
)
async def test_what_did_nothing_is_told_by_a_kind_that_says_so(
    fault: GatewayFault, kind: str
) -> None:
    with pytest.raises(ApplicationError) as raised:
        await asked(Account(fault), order())

    assert raised.value.type == kind


async def test_a_missing_permission_is_not_looked_for_twice() -> None:
    with pytest.raises(ApplicationError) as raised:
        await asked(Account(NotPermitted("403", "justifi")), order(changes=False))

    assert (raised.value.type, raised.value.non_retryable) == ("NotPermitted", True)


async def test_an_unknown_outcome_is_tried_again_under_the_same_key() -> None:
    account = Account(OutcomeUnknown("no answer"))
    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as raised:
            await asked(account, order(), attempt)
        assert not raised.value.non_retryable

    assert {ask.idempotency_key for ask in account.asked} == {"opn_1"}
    assert [ask.repeated for ask in account.asked] == [False, True]


async def test_the_use_of_an_integration_is_written_down_with_who_asked_and_what_came() -> None:
    uses = FakeUses()
    by = {"integration_id": "int-1", "requested_by": "key_1", "address": "192.0.2.1"}

    await asked(Account(), order(**by), uses=uses)
    await asked(Account(Conflict("JustiFi answered 409")), order(**by), uses=uses)
    await asked(Account(), order(), uses=uses)  # the environment's own account

    assert [(each.actor, each.address, each.subject) for each in uses.told] == [
        ("key_1", "192.0.2.1", "int-1")
    ] * 2
    assert [(each.after or {})["status"] for each in uses.told] == ["succeeded", "provider_refused"]


async def test_a_lost_answer_is_written_down_once_and_then_what_came_of_it() -> None:
    uses, by = FakeUses(), {"integration_id": "int-1"}
    for attempt in (1, 2, 3):
        with pytest.raises(ApplicationError):
            await asked(Account(OutcomeUnknown("no answer")), order(**by), attempt, uses)
    await asked(Account(), order(**by), 4, uses)

    assert [(each.after or {})["status"] for each in uses.told] == ["outcome_unknown", "succeeded"]
    assert uses.told[0].actor == "opn_1"  # nobody is known
