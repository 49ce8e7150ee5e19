"""Health of integrations in the rows: counted together by all workers, paused by a person."""

import asyncio
from datetime import timedelta

import pytest

from domain.audit import AuditEvent
from domain.health import COOL_DOWN, FAILURES_TO_OPEN, Circuit, Health
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.health import HealthRecords
from tests.persistence.integration_samples import integration, stored
from tests.persistence.samples import LATER, NOON, TENANT


def _told(action: str) -> AuditEvent:
    return AuditEvent(tenant_id=TENANT, actor="key_1", action=action, subject="int-1")


@pytest.fixture
async def health(database: Database) -> HealthRecords:
    await stored(database, integration(), None)
    return HealthRecords(database)


async def _fail(health: HealthRecords, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        await health.failed("int-1", "Stripe answered 503", NOON)


async def test_what_never_failed_is_well_without_a_row(health: HealthRecords) -> None:
    assert await health.get("int-1") == Health(integration_id="int-1")


async def test_failures_of_several_workers_at_once_are_all_counted(
    health: HealthRecords, database: Database
) -> None:
    other = HealthRecords(database)
    await asyncio.gather(*(_fail(each, 1) for each in (health, other) * 3))
    assert (await health.get("int-1")).failures == 6


async def test_a_success_closes_the_circuit(health: HealthRecords) -> None:
    await _fail(health)
    assert (await health.get("int-1")).circuit(NOON) is Circuit.OPEN
    await health.succeeded("int-1", LATER)
    closed = await health.get("int-1")
    assert (closed.circuit(LATER), closed.failures, closed.last_success_at) == (
        Circuit.CLOSED,
        0,
        LATER,
    )


async def test_a_half_open_circuit_lets_one_call_of_two_workers_through(
    health: HealthRecords, url: str
) -> None:
    await _fail(health)
    cooled = NOON + COOL_DOWN
    assert not await health.claims_probe("int-1", cooled - timedelta(seconds=1))
    other = Database(url)
    try:
        workers = (health, HealthRecords(other)) * 5
        claims = await asyncio.gather(*(each.claims_probe("int-1", cooled) for each in workers))
    finally:
        await other.close()
    assert sum(claims) == 1
    # And where its outcome is never told, the next one is let through after as long again
    assert await health.claims_probe("int-1", cooled + COOL_DOWN)


async def test_a_closed_circuit_has_no_probe_to_claim(health: HealthRecords) -> None:
    await _fail(health, 1)
    assert not await health.claims_probe("int-1", LATER)


async def test_pausing_twice_keeps_the_first_pause_and_tells_it_once(
    health: HealthRecords, database: Database
) -> None:
    told = _told("integration.paused")
    await health.pause("int-1", "key_1", "Stripe maintains", told, NOON)
    again = await health.pause("int-1", "key_2", "another reason", told, LATER)
    assert (again.paused_at, again.paused_by, again.pause_reason) == (
        NOON,
        "key_1",
        "Stripe maintains",
    )
    entries = (await AuditRecords(database).page(TENANT, "int-1")).items
    assert [each.action for each in entries] == ["integration.paused"]


async def test_resuming_forgets_what_had_failed_and_is_told_once(
    health: HealthRecords, database: Database
) -> None:
    await _fail(health)
    await health.pause("int-1", "key_1", None, _told("integration.paused"), NOON)
    for _ in range(2):
        resumed = await health.resume("int-1", _told("integration.resumed"), LATER)
    assert (resumed.is_paused, resumed.failures, resumed.circuit(NOON)) == (
        False,
        0,
        Circuit.CLOSED,
    )
    entries = (await AuditRecords(database).page(TENANT, "int-1")).items
    assert [each.action for each in entries] == ["integration.resumed", "integration.paused"]
