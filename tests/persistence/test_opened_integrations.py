"""Integrations opened for a step: credentials unsealed once, health counted, pauses kept."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import select

from activities.opened_integrations import KEPT_FOR, LONGEST_TURN, OpenedIntegrations
from domain.audit import AuditEvent
from domain.connections import JsonObject
from domain.health import COOL_DOWN, FAILURES_TO_OPEN, Circuit, Health
from domain.integrations import Credentials, Integration, IntegrationStatus
from gateways.faults import (
    AtWork,
    Busy,
    Conflict,
    CredentialsChanged,
    GatewayFault,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    Parked,
    PaymentElsewhere,
    RefusedByProvider,
    StoredFault,
    Throttled,
)
from gateways.integrations import Ability
from gateways.payments import PaymentGateway
from persistence.database import Database
from persistence.health import HealthRecords
from persistence.integrations import IntegrationRecords
from persistence.rows.turns import IntegrationTurnRow
from persistence.turns import TurnRecords
from tests.fake_payments import FakePayments
from tests.fake_sealed_rows import NEW, SECRET, vault
from tests.fakes import FakeClock
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import TENANT

TICK = 0.005  # seconds: as early as a clock or a timer may be
OTHERS = {"api_key": "sk_test_planted0000000000009999"}


@dataclass
class _Gateway:
    credentials: Credentials
    payments: PaymentGateway | None
    closed: int = 0
    probe_fault: GatewayFault | None = None
    abilities: Mapping[str, Ability] = field(default_factory=dict)

    async def probe(self) -> None:
        if self.probe_fault is not None:
            raise self.probe_fault

    async def close(self) -> None:
        self.closed += 1


@dataclass
class _Provider:
    """Remembers what it connected."""

    takes_payments: bool = True
    connected: list[_Gateway] = field(default_factory=list)
    credentials_schema: JsonObject = field(default_factory=dict)
    secret_field: str | None = None

    def livemode_of(self, credentials: Credentials) -> bool | None:  # noqa: ARG002
        return None

    def connect(self, credentials: Credentials) -> _Gateway:
        gateway = _Gateway(credentials, FakePayments() if self.takes_payments else None)
        self.connected.append(gateway)
        return gateway


class _Premises:
    def __init__(self, database: Database) -> None:
        self.rows = IntegrationRecords(database)
        self.health = HealthRecords(database)
        self.turns = TurnRecords(database)
        self.database = database
        self.provider = _Provider()
        self.clock = FakeClock()
        self.environment = FakePayments()
        self.opened = self.worker()

    def worker(self, kept_open: int = 100) -> OpenedIntegrations:
        return OpenedIntegrations(
            rows=self.rows,
            health=self.health,
            turns=self.turns,
            vault=vault(NEW),
            providers={"stripe": self.provider},
            environment=self.environment,
            clock=self.clock,
            kept_open=kept_open,
        )

    async def add(self, integration_id: str = "int-1") -> None:
        await stored(self.database, integration(integration_id), vault(NEW))

    async def use(self, integration_id: str = "int-1", fault: GatewayFault | None = None) -> None:
        async with self.opened.using(integration_id):
            if fault is not None:
                raise fault

    async def fail(self, fault: GatewayFault, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(type(fault)):
                await self.use(fault=fault)

    async def become(self, **changes: object) -> None:
        """As its operator changes it."""
        await self.rows.change(
            TENANT, "int-1", lambda each: (each.model_copy(update=changes), event())
        )

    async def replace_credentials(self) -> None:
        sealed = vault(NEW).seal(OTHERS, integration().secret_place)
        await self.rows.change(
            TENANT,
            "int-1",
            lambda each: (each.model_copy(update={"fingerprint": "of others"}), event()),
            sealed,
        )

    async def seen(self) -> Integration:
        found = await self.rows.get(TENANT, "int-1")
        assert found is not None
        return found

    async def how(self) -> Health:
        return await self.health.get("int-1")


@pytest.fixture
async def premises(database: Database) -> _Premises:
    premises = _Premises(database)
    await premises.add()
    return premises


# Clients


async def test_a_client_is_opened_once_and_kept(premises: _Premises) -> None:
    for _ in range(3):
        await premises.use()
    (gateway,) = premises.provider.connected
    assert (gateway.credentials, gateway.closed) == (SECRET, 0)


async def test_two_steps_at_once_open_one_client(premises: _Premises) -> None:
    await asyncio.gather(*(premises.use() for _ in range(5)))
    assert len(premises.provider.connected) == 1


async def test_other_credentials_are_used_from_the_next_step_on(premises: _Premises) -> None:
    await premises.use()
    await premises.replace_credentials()
    await premises.use()
    old, new = premises.provider.connected
    assert (old.closed, new.credentials) == (1, OTHERS)


async def test_a_client_in_use_is_closed_only_when_its_last_user_is_done(
    premises: _Premises,
) -> None:
    async with premises.opened.using("int-1"), premises.opened.using("int-1"):
        await premises.replace_credentials()
        await premises.use()
        old = premises.provider.connected[0]
        assert old.closed == 0
    assert old.closed == 1


async def test_clients_are_kept_for_some_time_only(premises: _Premises) -> None:
    await premises.add("int-2")
    await premises.use()
    premises.clock.move(KEPT_FOR + timedelta(seconds=1))
    await premises.use("int-2")  # what nobody asks for any more is closed as well
    assert [each.closed for each in premises.provider.connected] == [1, 0]
    await premises.use()
    assert [each.closed for each in premises.provider.connected] == [1, 0, 0]


async def test_of_too_many_clients_the_one_unused_for_longest_is_closed(
    premises: _Premises,
) -> None:
    premises.opened = premises.worker(kept_open=2)
    for integration_id in ("int-2", "int-3"):
        await premises.add(integration_id)
    for integration_id in ("int-1", "int-2", "int-1", "int-3"):
        await premises.use(integration_id)
    assert [each.closed for each in premises.provider.connected] == [0, 1, 0]


async def test_closing_closes_them_all(premises: _Premises) -> None:
    await premises.use()
    await premises.opened.close()
    assert [each.closed for each in premises.provider.connected] == [1]


# What stands in the way


async def test_a_deleted_one_cannot_be_opened(premises: _Premises) -> None:
    with pytest.raises(Misconfigured, match="integration int-9 was deleted"):
        await premises.use("int-9")


async def test_one_that_waits_for_its_credentials_cannot_be_opened(premises: _Premises) -> None:
    waits = integration("int-2", status=IntegrationStatus.PENDING_CONFIGURATION)
    await stored(premises.database, waits, None)
    with pytest.raises(Misconfigured, match="has no credentials"):
        await premises.use("int-2")


async def test_one_whose_provider_is_not_installed_cannot_be_opened(premises: _Premises) -> None:
    premises.opened = OpenedIntegrations(
        *(premises.rows, premises.health, premises.turns, vault(NEW), {}),
        premises.environment,
    )
    with pytest.raises(Misconfigured, match="no gateway for stripe is installed"):
        await premises.use()
    assert (await premises.seen()).status is IntegrationStatus.ACTIVE


async def test_who_means_other_credentials_than_it_has_now_sends_nothing(
    premises: _Premises,
) -> None:
    meant = (await premises.seen()).fingerprint
    async with premises.opened.using("int-1", fingerprint=meant):
        pass
    await premises.replace_credentials()
    with pytest.raises(CredentialsChanged, match="has other credentials"):
        async with premises.opened.using("int-1", fingerprint=meant):
            pass
    assert (await premises.how()).failures == 0


async def test_one_that_takes_no_payments_is_not_in_error_for_being_asked(
    premises: _Premises,
) -> None:
    premises.provider.takes_payments = False
    with pytest.raises(Misconfigured, match="integration int-1 takes no payments"):
        async with premises.opened.of("int-1"):
            pass
    assert (await premises.seen()).status is IntegrationStatus.ACTIVE


async def test_none_is_the_account_of_the_environment(premises: _Premises) -> None:
    async with premises.opened.of(None) as payments:
        assert payments is premises.environment
    async with premises.opened.of("int-1") as payments:
        assert payments is premises.provider.connected[0].payments


async def test_a_paused_one_sends_nothing_until_it_is_resumed(premises: _Premises) -> None:
    told = AuditEvent(tenant_id=TENANT, actor="key_1", action="integration.x", subject="int-1")
    for reason, shown in ((None, ""), ("moving banks", r" \(moving banks\)")):
        await premises.health.pause("int-1", "key_1", reason, told, premises.clock())
        with pytest.raises(Parked, match=f"is paused{shown}; nothing was sent"):
            await premises.use()
        await premises.health.resume("int-1", told, premises.clock())
    assert premises.provider.connected == []
    await premises.use()
    assert (await premises.how()).failures == 0


async def test_what_is_already_its_own_an_inactive_one_still_serves(premises: _Premises) -> None:
    await premises.become(status=IntegrationStatus.INACTIVE)
    await premises.use()
    assert (await premises.seen()).status is IntegrationStatus.INACTIVE


# Health


@pytest.mark.parametrize("fault", [Busy("503"), OutcomeUnknown("no answer")], ids=["busy", "lost"])
async def test_after_failures_in_a_row_nothing_is_sent_until_one_call_shows_that_it_is_back(
    premises: _Premises, fault: GatewayFault
) -> None:
    await premises.fail(fault, FAILURES_TO_OPEN)
    with pytest.raises(Parked, match=f"failed 5 times in a row, last: {fault}; nothing was sent"):
        await premises.use()

    premises.clock.move(COOL_DOWN)
    async with premises.opened.using("int-1"):  # the probe
        with pytest.raises(Parked):
            await premises.use()
    await premises.use()
    assert (await premises.how()).circuit(premises.clock()) is Circuit.CLOSED


async def test_a_probe_that_fails_keeps_the_circuit_open(premises: _Premises) -> None:
    await premises.fail(Busy("503"), FAILURES_TO_OPEN)
    premises.clock.move(COOL_DOWN)
    await premises.fail(Busy("503"))
    with pytest.raises(Parked, match="failed 6 times"):
        await premises.use()


async def test_a_definite_no_shows_that_it_is_back(premises: _Premises) -> None:
    await premises.fail(Busy("503"), FAILURES_TO_OPEN)
    premises.clock.move(COOL_DOWN)
    await premises.fail(RefusedByProvider("no such payment"))
    assert (await premises.how()).circuit(premises.clock()) is Circuit.CLOSED


@pytest.mark.parametrize(
    "fault",
    [AtWork("409"), Conflict("409"), PaymentElsewhere("Stripe", "pi_1")],
    ids=["at work", "or failed", "of another account"],
)
async def test_an_answer_about_a_key_or_a_payment_is_no_failure_of_the_provider(
    premises: _Premises, fault: GatewayFault
) -> None:
    await premises.fail(fault, FAILURES_TO_OPEN)
    assert await premises.how() == Health(integration_id="int-1")


async def test_a_fault_that_the_provider_repeats_tells_nothing_of_its_health(
    premises: _Premises,
) -> None:
    await premises.fail(StoredFault("500"), FAILURES_TO_OPEN)
    await premises.fail(RefusedByProvider("no such payment"), FAILURES_TO_OPEN)
    assert await premises.how() == Health(integration_id="int-1")


async def test_a_refused_key_is_an_error_until_a_call_works_again(premises: _Premises) -> None:
    await premises.fail(Misconfigured("Stripe answered 401", "stripe"))
    refused = await premises.seen()
    assert (refused.status, refused.status_reason) == (
        IntegrationStatus.ERROR,
        "Stripe answered 401",
    )
    await premises.use()
    mended = await premises.seen()
    assert (mended.status, mended.status_reason) == (IntegrationStatus.ACTIVE, None)


@pytest.mark.parametrize("fault", [Misconfigured("Stripe answered 401", "stripe"), None])
async def test_what_an_old_key_showed_late_says_nothing_of_the_new_one(
    premises: _Premises, fault: GatewayFault | None
) -> None:
    if fault is None:  # and one that worked does not make good a new one that does not
        await premises.fail(Misconfigured("Stripe answered 401 before", "stripe"))
    with suppress(Misconfigured):
        async with premises.opened.using("int-1"):
            await premises.replace_credentials()
            before = await premises.seen()
            if fault is not None:
                raise fault

    assert await premises.seen() == before


async def test_a_refused_key_of_one_that_was_switched_off_leaves_it_off(
    premises: _Premises,
) -> None:
    await premises.become(status=IntegrationStatus.INACTIVE)
    await premises.fail(Misconfigured("Stripe answered 401", "stripe"))
    assert (await premises.seen()).status is IntegrationStatus.INACTIVE


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (NotPermitted("Stripe answered 403", "stripe"), IntegrationStatus.ACTIVE),
        (RefusedByProvider("the account is closed"), IntegrationStatus.ERROR),
        (Misconfigured("Stripe answered 401", "stripe"), IntegrationStatus.ERROR),
        (None, IntegrationStatus.ACTIVE),
    ],
    ids=["lacks a permission", "refused", "wrong key", "works"],
)
async def test_a_test_says_whether_it_works_and_what_its_key_lacks(
    premises: _Premises, fault: GatewayFault | None, status: IntegrationStatus
) -> None:
    await premises.fail(Misconfigured("Stripe answered 401 before", "stripe"))
    premises.provider.connected[0].probe_fault = fault

    await premises.opened.test("int-1")

    seen = await premises.seen()
    assert (seen.status, seen.status_reason) == (status, str(fault) if fault else None)


async def test_a_key_that_may_not_do_one_thing_is_good_for_all_else(premises: _Premises) -> None:
    await premises.fail(NotPermitted("Stripe answered 403", "stripe"), FAILURES_TO_OPEN)
    assert (await premises.seen()).status is IntegrationStatus.ACTIVE
    assert await premises.how() == Health(integration_id="int-1")


# Turns


async def test_two_workers_together_keep_to_the_limit(premises: _Premises, url: str) -> None:
    await premises.become(calls_per_second=50)
    other = Database(url)
    workers = (premises.worker(), _Premises(other).worker())
    began, calls = time.monotonic(), list[float]()

    async def call(worker: OpenedIntegrations) -> None:
        async with worker.using("int-1"):
            calls.append(time.monotonic() - began)

    try:
        await asyncio.gather(*(call(each) for each in workers * 5))
    finally:
        await other.close()

    for nth, after in enumerate(calls):
        assert after > nth / 50 - TICK


async def test_what_would_wait_for_long_is_told_when_to_come_back_and_is_no_failure(
    premises: _Premises,
) -> None:
    await premises.become(calls_per_second=1)
    for _ in range(3):  # by other workers
        await premises.turns.take("int-1", 1, LONGEST_TURN)

    with pytest.raises(Throttled, match="has had its 1 calls a second; nothing was sent") as told:
        await premises.use()

    assert told.value.retry_after is not None
    assert await premises.turns.until_free("int-1") <= told.value.retry_after
    assert told.value.retry_after <= timedelta(seconds=3)
    assert (await premises.how()).failures == 0


async def test_a_new_limit_counts_from_the_next_call_and_none_takes_no_turns(
    premises: _Premises,
) -> None:
    for rate, rows in ((None, 0), (1000, 1)):
        await premises.become(calls_per_second=rate)
        await premises.use()
        async with premises.database.reading() as session:
            assert len((await session.exec(select(IntegrationTurnRow))).all()) == rows

    assert len(premises.provider.connected) == 1
