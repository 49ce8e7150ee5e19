"""The audit log in the database: one chain per tenant, only added to, and every tampering seen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.audit import BEGINNING, AuditEntry, AuditEvent
from domain.audit_verification import AuditFault, AuditVerdict, Head
from domain.errors import Code, Invalid
from persistence import audit as audit_rows
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.migrate import migrate
from services.audit_verification import AuditVerification
from tests.persistence.samples import LATER, NOON, TENANT

OTHER = "ten_other"
Finding = tuple[str, int, AuditFault]


def event(number: int = 0, tenant_id: str = TENANT) -> AuditEvent:
    return AuditEvent(
        tenant_id=tenant_id,
        actor="key_1",
        address="192.0.2.7",
        action="integration.updated",
        subject=f"int-{number}",
        before={"name": "EU", "metadata": {"rate": 0.1, "tags": ["ä", None, True]}},
        after={"name": "US", "metadata": {}},
    )


async def written(database: Database, count: int, tenant_id: str = TENANT) -> None:
    for number in range(count):
        await AuditRecords(database).write(event(number, tenant_id), NOON)


async def verified(database: Database, *noted: Head) -> AuditVerdict:
    return await AuditVerification(AuditRecords(database)).verify(noted)


async def findings(database: Database, *noted: Head) -> list[Finding]:
    verdict = await verified(database, *noted)
    return [(each.tenant_id, each.number, each.fault) for each in verdict.findings]


async def entries(database: Database) -> AsyncIterator[AuditEntry]:
    async for entry in AuditRecords(database).chains():
        yield entry


async def execute(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.exec(text(statement))  # type: ignore[call-overload]


async def tamper(database: Database, *statements: str) -> None:
    """As somebody may who owns the database."""
    async with database.transaction() as session:
        dialect = session.get_bind().dialect.name
    triggers = {
        "sqlite": ("audit_log_no_update", "audit_log_no_delete"),
        "postgresql": ("audit_log_no_change ON audit_log",),
    }[dialect]
    await execute(database, *(f"DROP TRIGGER {name}" for name in triggers), *statements)


async def test_entries_are_numbered_and_each_carries_the_hash_of_the_one_before(
    database: Database,
) -> None:
    await written(database, 3)

    chain = [entry async for entry in entries(database)]

    assert [entry.number for entry in chain] == [1, 2, 3]
    hashes = [BEGINNING, *(entry.hash for entry in chain)]
    assert [entry.previous_hash for entry in chain] == hashes[:-1]
    assert chain[0].before == event().before


async def test_writers_at_once_leave_no_gap_and_no_fork(url: str) -> None:
    houses = [Database(url) for _ in range(4)]
    try:
        await asyncio.gather(
            *(written(house, 10, tenant_id) for house in houses for tenant_id in (TENANT, OTHER))
        )
        verdict = await verified(houses[0])
    finally:
        for house in houses:
            await house.close()

    assert verdict.findings == ()
    assert {head.tenant_id: head.number for head in verdict.heads} == {TENANT: 40, OTHER: 40}


async def test_an_entry_is_not_written_without_what_it_tells_of(database: Database) -> None:
    class Interrupted(Exception): ...

    async def fail_after_writing_down() -> None:
        async with database.transaction() as session:
            await audit_rows.write_down(session, event(), NOON)
            raise Interrupted

    with pytest.raises(Interrupted):
        await fail_after_writing_down()

    assert [entry async for entry in entries(database)] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_log SET actor = 'nobody' WHERE number = 1",
        "DELETE FROM audit_log WHERE number = 1",
        "DELETE FROM audit_log",
    ],
)
async def test_the_database_refuses_to_change_an_entry(database: Database, change: str) -> None:
    await written(database, 2)

    with pytest.raises(DBAPIError, match="the audit log is only added to"):
        await execute(database, change)

    assert (await verified(database)).entries == 2


async def test_a_log_as_it_was_written_is_proved_with_the_head_of_each_tenant(
    database: Database,
) -> None:
    await written(database, 3)
    await written(database, 1, OTHER)
    chain = [entry async for entry in entries(database)]

    verdict = await verified(database)

    assert verdict == AuditVerdict(
        entries=4,
        heads=(
            Head(tenant_id=TENANT, number=3, hash=chain[2].hash),
            Head(tenant_id=OTHER, number=1, hash=chain[3].hash),
        ),
        findings=(),
    )
    assert await findings(database, *verdict.heads) == []
    await written(database, 2)
    assert await findings(database, *verdict.heads) == []  # what was added since is no fault


async def test_an_empty_log_is_proved(database: Database) -> None:
    assert await verified(database) == AuditVerdict(entries=0, heads=(), findings=())


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'nobody'",
        "address = NULL",
        "action = 'integration.created'",
        "subject = 'int-9'",
        "before = '{}'",
        "after = NULL",
        "after = '[1]'",
        "at = '2026-11-20 12:00:00.123457+00:00'",
    ],
)
async def test_an_altered_entry_is_named(database: Database, change: str) -> None:
    await written(database, 3)
    await tamper(database, f"UPDATE audit_log SET {change} WHERE number = 2")

    assert await findings(database) == [(TENANT, 2, AuditFault.ALTERED)]


async def test_an_altered_entry_with_a_hash_that_fits_it_is_given_away_by_the_next(
    database: Database,
) -> None:
    await written(database, 3)
    chain = [entry async for entry in entries(database)]
    forged = AuditEntry.following(chain[0].hash, 2, event(7), NOON)
    await tamper(
        database,
        f"UPDATE audit_log SET subject = 'int-7', hash = '{forged.hash}' WHERE number = 2",
    )

    assert await findings(database) == [(TENANT, 2, AuditFault.REPLACED)]


async def test_a_tail_that_was_written_anew_is_given_away_by_the_noted_head(
    database: Database,
) -> None:
    await written(database, 3)
    noted = (await verified(database)).heads
    await tamper(database, "DELETE FROM audit_log WHERE number > 1")
    await AuditRecords(database).write(event(7), LATER)
    await AuditRecords(database).write(event(8), LATER)

    assert await findings(database) == []
    assert await findings(database, *noted) == [(TENANT, 3, AuditFault.REPLACED)]


@pytest.mark.parametrize(("gone", "first"), [("2", 2), ("1", 1), ("2, 3", 2)])
async def test_what_is_missing_in_the_middle_is_named(
    database: Database, gone: str, first: int
) -> None:
    await written(database, 5)
    await tamper(database, f"DELETE FROM audit_log WHERE number IN ({gone})")

    [finding] = (await verified(database)).findings

    assert (finding.number, finding.fault) == (first, AuditFault.MISSING)
    assert finding.detail == (None if "," not in gone else "up to 3")


async def test_a_tail_that_was_cut_off_is_given_away_by_the_noted_head(database: Database) -> None:
    await written(database, 3)
    await written(database, 1, OTHER)
    noted = (await verified(database)).heads
    await tamper(
        database,
        "DELETE FROM audit_log WHERE number = 3",
        f"DELETE FROM audit_log WHERE tenant_id = '{OTHER}'",
    )

    assert await findings(database) == []
    assert await findings(database, *noted) == [
        (TENANT, 3, AuditFault.MISSING),
        (OTHER, 1, AuditFault.MISSING),
    ]


async def test_entries_that_changed_places_are_named(database: Database) -> None:
    await written(database, 4)
    await tamper(
        database,
        "UPDATE audit_log SET number = 99 WHERE number = 2",
        "UPDATE audit_log SET number = 2 WHERE number = 3",
        "UPDATE audit_log SET number = 3 WHERE number = 99",
    )

    found = await findings(database)

    assert {(number, fault) for _, number, fault in found} >= {
        (2, AuditFault.ALTERED),
        (3, AuditFault.ALTERED),
    }


async def test_an_entry_moved_to_another_tenant_is_missed_here_and_found_there(
    database: Database,
) -> None:
    await written(database, 3)
    await tamper(database, f"UPDATE audit_log SET tenant_id = '{OTHER}' WHERE number = 2")

    assert sorted(await findings(database)) == [
        (TENANT, 2, AuditFault.MISSING),
        (OTHER, 1, AuditFault.MISSING),
        (OTHER, 2, AuditFault.ALTERED),
    ]


async def test_a_chain_longer_than_what_is_read_at_once_is_proved_whole(
    database: Database,
) -> None:
    await written(database, 4)
    await written(database, 3, OTHER)

    verdict = await AuditVerification(AuditRecords(database, read_at_once=3)).verify(())

    assert (verdict.entries, verdict.findings) == (7, ())


def test_a_head_is_read_as_it_is_printed() -> None:
    head = Head(tenant_id="a=b", number=12, hash="0f")
    assert Head.parse(str(head)) == head


@pytest.mark.parametrize("written", ["", "ten=1", "ten=one:0f", "=1:0f", "ten=1:", "1:0f"])
def test_a_head_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        Head.parse(written)
    assert refused.value.code is Code.INVALID_REQUEST


@pytest.mark.parametrize(
    "altered",
    [
        "before = '{not json'",
        "after = '5'",
        "before = x'ff'",
        f"before = '{'[' * 5_000}'",
        "before = '" + '{"a": ' * 600 + "1" + "}" * 600 + "'",
        "at = 'yesterday'",
        "actor = x'ff'",
    ],
    ids=["no JSON", "no object", "no text", "never closed", "too deep", "no moment", "no word"],
)
async def test_what_cannot_even_be_read_was_altered_and_the_rest_is_still_proved(
    tmp_path: Path, altered: str
) -> None:
    """On SQLite, which takes what it is given."""
    url = f"sqlite:///{tmp_path}/paybind.db"
    await migrate(url)
    database = Database(url)
    await written(database, 3)
    await tamper(database, f"UPDATE audit_log SET {altered} WHERE number = 2")

    assert await findings(database) == [(TENANT, 2, AuditFault.ALTERED)]

    await database.close()


async def test_an_altered_entry_is_shown_beside_the_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/paybind.db"
    await migrate(url)
    database = Database(url)
    await written(database, 2)
    await tamper(database, "UPDATE audit_log SET before = '{not json' WHERE number = 1")

    page = await AuditRecords(database).page(TENANT, None)

    assert [each.before for each in page.items] == [event().before, {"unreadable": "{not json"}]
    assert page.model_dump_json()
    await database.close()
