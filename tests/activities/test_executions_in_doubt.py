"""A no after an attempt that may have moved money: it is looked for before the no is believed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pytest
from temporalio.exceptions import ApplicationError

from domain.connections import JsonObject
from domain.errors import Code
from domain.executions import Execution, ExecutionOrder, ExecutionStatus, ProviderCustomer
from gateways.faults import (
    Busy,
    Conflict,
    GatewayFault,
    KeyUsedOtherwise,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
    Unreachable,
)
from gateways.integrations import Ability
from tests.activities.test_executions import executed
from tests.fake_world import World
from tests.harbour import PAID, HarbourAccount

NO = RefusedByProvider("the quay is full", "quay_full")
OF_THE_KEY = KeyUsedOtherwise("400", "idempotency_error")
REPLACED = "of the credentials of another account"


def order_of(
    world: World, code: str = "PROCESS_PAYMENT", parameters: JsonObject | None = None
) -> ExecutionOrder:
    order = world.execution_order()
    asked = {**order.parameters, **(parameters or {})}
    return order.model_copy(update={"capability_code": code, "parameters": asked})


async def in_doubt(world: World, order: ExecutionOrder, *, acted: bool) -> Execution:
    """After an attempt whose answer was lost, whether it acted or not."""
    account = world.executions.account
    faults = account.faults_after if acted else account.faults_before
    faults.append(OutcomeUnknown("no answer"))
    with pytest.raises(ApplicationError, match="no answer"):
        await executed(world, order)
    standing = world.executions.rows[order.execution_id]
    assert standing.outcome_unknown
    return standing


@pytest.mark.parametrize("no", [NO, OF_THE_KEY], ids=["refused", "of the key"])
async def test_what_was_done_is_found_and_the_no_is_not_told(no: GatewayFault) -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=True)
    world.executions.account.faults_before.append(no)

    done = await executed(world, order)

    assert (done.status, done.result, done.error_code) == (ExecutionStatus.SUCCEEDED, PAID, None)


async def test_a_no_stands_once_a_look_found_nothing() -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=False)
    world.executions.account.faults_before.append(NO)

    refused = await executed(world, order)

    assert (refused.error_code, refused.provider_code) == (Code.PROVIDER_REFUSED, "quay_full")
    assert world.executions.account.looks == 1


async def test_without_doubt_a_no_is_believed_at_once() -> None:
    world = World()
    order = order_of(world)
    world.executions.account.faults_before.extend([Busy("503"), NO])
    with suppress(ApplicationError):
        await executed(world, order)

    assert (await executed(world, order)).error_code is Code.PROVIDER_REFUSED
    assert world.executions.account.looks == 0


async def test_where_a_look_fails_everything_is_tried_again() -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=True)
    account = world.executions.account
    account.faults_before.extend([NO, NO])
    account.look_faults.append(Unreachable("no route"))

    with pytest.raises(ApplicationError, match="no route"):
        await executed(world, order)
    standing = world.executions.rows[order.execution_id]

    assert (standing.status, standing.outcome_unknown) == (ExecutionStatus.WAITING, True)
    assert (await executed(world, order)).result == PAID


@dataclass(frozen=True)
class _ForgetfulGateway:
    """Cannot find what it did."""

    account: HarbourAccount
    payments: None = None

    @property
    def abilities(self) -> Mapping[str, Ability]:
        return {"PROCESS_PAYMENT": self.account.act}

    async def probe(self) -> None: ...

    async def close(self) -> None: ...


def forgetful(world: World) -> None:
    world.executions.opens = _ForgetfulGateway


def gone_from_catalogue(world: World) -> None:
    world.executions.catalogue.clear()


def refused_look(world: World) -> None:
    world.executions.account.look_faults.append(RefusedByProvider("no such customer"))


def used_otherwise(world: World) -> None:
    world.executions.account.faults_before.appendleft(OF_THE_KEY)


def without_lookup(_: World) -> None:
    """Of a capability of which its gateway knows none."""


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (forgetful, "PROCESS_PAYMENT"),
        (without_lookup, "REFUND_PAYMENT"),
        (gone_from_catalogue, "PROCESS_PAYMENT"),
        (refused_look, "PROCESS_PAYMENT"),
        (used_otherwise, "PROCESS_PAYMENT"),
    ],
)
async def test_where_a_look_cannot_tell_the_outcome_is_left_to_a_person(
    happens: Callable[[World], None], code: str
) -> None:
    world = World()
    order = order_of(world, code)
    await in_doubt(world, order, acted=False)
    world.executions.account.faults_before.append(NO)
    happens(world)

    failed = await executed(world, order)

    assert failed.error_code is Code.OUTCOME_UNKNOWN
    assert "may have acted" in str(failed.error_message)


# A key that is in use


async def test_after_a_409_what_was_done_under_the_key_is_the_result() -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=True)
    world.executions.account.faults_before.append(Conflict("409"))

    assert (await executed(world, order)).result == PAID


async def test_a_409_with_nothing_done_is_left_to_the_workflow() -> None:
    world = World()
    order = order_of(world)
    account = world.executions.account
    account.faults_before.extend([Conflict("409")] * 2)
    with pytest.raises(ApplicationError, match="409"):
        await executed(world, order)
    account.look_faults.append(Unreachable("no route"))

    with pytest.raises(ApplicationError, match="409") as told:
        await executed(world, order)

    assert (told.value.type, account.looks) == ("Conflict", 2)
    assert world.executions.rows[order.execution_id].outcome_unknown


# A key that may not do this


async def test_a_permission_that_the_key_lacks_is_told_at_once() -> None:
    world = World()
    order = order_of(world)
    world.executions.account.faults_before.append(NotPermitted("403", "harbour", "no_right"))

    refused = await executed(world, order)

    assert (refused.error_code, refused.provider_code) == (Code.PERMISSION_MISSING, "no_right")
    assert not refused.outcome_unknown


@pytest.mark.parametrize("acted", [True, False], ids=["found", "not found"])
async def test_a_permission_taken_away_meanwhile_says_nothing_of_what_was_done(acted: bool) -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=acted)
    world.executions.account.faults_before.append(NotPermitted("403", "harbour"))

    assert (await executed(world, order)).error_code is (None if acted else Code.OUTCOME_UNKNOWN)


# What is sent


async def test_a_customer_who_changed_meanwhile_is_charged_as_at_first() -> None:
    world = World()
    known = ProviderCustomer(provider_customer_id="hc_1", payment_method_id="hm_1")
    world.executions.customers["cust_abc"] = known
    order = order_of(world, parameters={"customer_id": "cust_abc"})
    await in_doubt(world, order, acted=True)
    world.executions.account.faults_before.append(Busy("503"))
    with suppress(ApplicationError):
        await executed(world, order)
    other = known.model_copy(update={"payment_method_id": "hm_2"})
    world.executions.customers["cust_abc"] = other

    assert (await executed(world, order)).result == PAID

    assert [ask.customer for ask in world.executions.account.asked] == [known, known, known]


@pytest.mark.parametrize("acted", [True, False], ids=["found", "not found"])
async def test_other_credentials_only_look_for_what_may_have_been_done(acted: bool) -> None:
    world = World()
    order = order_of(world)
    await in_doubt(world, order, acted=acted)
    world.executions.fingerprint = REPLACED

    ended = await executed(world, order)

    assert len(world.executions.account.asked) == 1
    assert ended.error_code is (None if acted else Code.OUTCOME_UNKNOWN)
    assert ended.result == (PAID if acted else None)


async def test_while_nothing_was_done_other_credentials_do_as_well() -> None:
    world = World()
    order = order_of(world)
    world.executions.account.faults_before.append(Busy("503"))
    with suppress(ApplicationError):
        await executed(world, order)
    world.executions.fingerprint = REPLACED

    assert (await executed(world, order)).result == PAID


async def test_credentials_that_change_as_it_begins_are_asked_with_at_the_next_attempt() -> None:
    world = World()
    order = order_of(world)
    world.executions.changes_to = REPLACED

    with pytest.raises(ApplicationError, match="other credentials"):
        await executed(world, order)

    assert not world.executions.rows[order.execution_id].outcome_unknown
    assert (await executed(world, order)).result == PAID


async def test_where_no_money_moves_a_no_is_believed_and_any_credentials_do() -> None:
    world = World()
    order = order_of(world, "SEND_NOTE")
    await in_doubt(world, order, acted=False)
    world.executions.fingerprint = REPLACED
    world.executions.account.faults_before.append(NO)

    assert (await executed(world, order)).error_code is Code.PROVIDER_REFUSED
    assert world.executions.account.looks == 0
