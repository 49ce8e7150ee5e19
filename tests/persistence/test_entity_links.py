"""An entity with links always has one default, whoever changes them, and whenever."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from domain.audit import AuditEvent
from domain.errors import Code, Conflict, PaybindError
from domain.integrations import EntityLink, EntityLinkChange
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.entity_links import EntityLinkRecords
from persistence.rows.integrations import EntityIntegrationRow
from tests.persistence.integration_samples import integration, stored
from tests.persistence.samples import LATER, NOON, TENANT

ENTITY = (TENANT, "customer", "cust_abc")
PAYMENTS = "payment_processing"


def link(integration_id: str, purpose: str = PAYMENTS) -> EntityLink:
    return EntityLink(
        tenant_id=TENANT,
        entity_type="customer",
        entity_id="cust_abc",
        integration_id=integration_id,
        purpose=purpose,
        created_at=NOON,
    )


def told(action: str, before: EntityLink | None, after: EntityLink | None = None) -> AuditEvent:
    return AuditEvent(
        tenant_id=TENANT,
        actor="key_1",
        action=action,
        subject=(before or after or link("nothing")).integration_id,
        before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json") if after else None,
    )


async def linked(
    database: Database, integration_id: str, says: bool | None = None, purpose: str = PAYMENTS
) -> EntityLink:
    return await EntityLinkRecords(database).link(
        link(integration_id, purpose), says, lambda made: told("linked", None, made)
    )


async def changed(
    database: Database,
    integration_id: str,
    is_default: bool | None = None,
    priority: int | None = None,
) -> EntityLink | None:
    change = EntityLinkChange(is_default=is_default, priority=priority)
    return await EntityLinkRecords(database).change(
        (*ENTITY, PAYMENTS), integration_id, change, lambda *both: told("updated", *both), LATER
    )


async def unlinked(database: Database, integration_id: str, purpose: str | None = None) -> bool:
    return await EntityLinkRecords(database).unlink(
        ENTITY, integration_id, purpose, lambda gone: told("unlinked", gone), LATER
    )


async def defaults(database: Database) -> list[str]:
    links = await EntityLinkRecords(database).all_of(*ENTITY)
    return [each.integration_id for each in links if each.is_default]


@pytest.fixture
async def two(database: Database) -> Database:
    """``int-1`` is the default, ``int-2`` its backup."""
    for integration_id in ("int-1", "int-2"):
        await stored(database, integration(integration_id), None)
        await linked(database, integration_id)
    return database


async def test_the_first_link_for_a_purpose_is_its_default_and_others_back_it_up(
    two: Database,
) -> None:
    sync = await linked(two, "int-2", purpose="data_sync")
    assert sync.is_default
    assert await defaults(two) == ["int-2", "int-1"]  # data_sync, payment_processing


async def test_links_without_a_default_cannot_be_made(database: Database) -> None:
    await stored(database, integration("int-1"), None)
    with pytest.raises(Conflict) as refused:
        await linked(database, "int-1", says=False)
    assert refused.value.code is Code.DEFAULT_NEEDED
    assert await EntityLinkRecords(database).all_of(*ENTITY) == ()


async def test_another_default_takes_the_place_of_the_one_before_it_in_one_step(
    two: Database,
) -> None:
    swapped = await changed(two, "int-2", is_default=True)

    assert swapped is not None
    assert swapped.is_default
    assert await defaults(two) == ["int-2"]
    log = await AuditRecords(two).page(TENANT, None)
    written = [
        (each.subject, (each.before or {})["is_default"], (each.after or {})["is_default"])
        for each in log.items
        if each.action == "updated"
    ]
    assert written == [("int-2", False, True), ("int-1", True, False)]


async def test_what_changes_nothing_is_not_written_down(two: Database) -> None:
    assert await changed(two, "int-1", is_default=True, priority=100)
    log = await AuditRecords(two).page(TENANT, None)
    assert [each for each in log.items if each.action == "updated"] == []


async def test_a_swap_that_fails_leaves_the_default_where_it_was(two: Database) -> None:
    def fails_at_the_second(before: EntityLink, after: EntityLink) -> AuditEvent:
        if after.is_default:
            raise RuntimeError("the log is full")
        return told("updated", before, after)

    with pytest.raises(RuntimeError):
        await EntityLinkRecords(two).change(
            (*ENTITY, PAYMENTS),
            "int-2",
            EntityLinkChange(is_default=True),
            fails_at_the_second,
            LATER,
        )
    assert await defaults(two) == ["int-1"]


async def test_a_backups_priority_changes_by_itself(two: Database) -> None:
    changed_link = await changed(two, "int-2", priority=5)
    assert changed_link is not None
    assert (changed_link.priority, changed_link.is_default) == (5, False)
    assert await defaults(two) == ["int-1"]


async def test_a_default_steps_down_only_for_another(two: Database) -> None:
    with pytest.raises(Conflict) as refused:
        await changed(two, "int-1", is_default=False)
    assert refused.value.code is Code.DEFAULT_NEEDED
    assert await defaults(two) == ["int-1"]


async def test_what_is_not_linked_is_not_changed(two: Database) -> None:
    assert await changed(two, "int-9", is_default=True) is None
    assert await defaults(two) == ["int-1"]


@pytest.mark.parametrize("purpose", [PAYMENTS, None])
async def test_a_default_with_backups_is_not_unlinked(two: Database, purpose: str | None) -> None:
    await linked(two, "int-1", purpose="data_sync")
    with pytest.raises(Conflict) as refused:
        await unlinked(two, "int-1", purpose)
    assert refused.value.code is Code.DEFAULT_NEEDED
    assert len(await EntityLinkRecords(two).all_of(*ENTITY)) == 3

    assert await unlinked(two, "int-2")
    assert await unlinked(two, "int-1", purpose)
    assert PAYMENTS not in {each.purpose for each in await EntityLinkRecords(two).all_of(*ENTITY)}


async def test_swaps_at_one_moment_leave_one_default(two: Database) -> None:
    await asyncio.gather(*(changed(two, f"int-{n % 2 + 1}", is_default=True) for n in range(8)))
    assert len(await defaults(two)) == 1


async def test_first_links_at_one_moment_make_one_default(database: Database) -> None:
    for number in range(4):
        await stored(database, integration(f"int-{number}"), None)
    await asyncio.gather(*(linked(database, f"int-{number}") for number in range(4)))
    assert len(await defaults(database)) == 1
    assert len(await EntityLinkRecords(database).all_of(*ENTITY)) == 4


async def test_a_backup_never_stays_behind_when_the_default_goes_at_that_moment(
    database: Database,
) -> None:
    for integration_id in ("int-1", "int-2"):
        await stored(database, integration(integration_id), None)
    for _ in range(10):
        await linked(database, "int-1")
        outcomes = await asyncio.gather(
            linked(database, "int-2"), unlinked(database, "int-1"), return_exceptions=True
        )
        faults = [each for each in outcomes if isinstance(each, BaseException)]
        assert all(isinstance(each, PaybindError) for each in faults), faults
        assert len(await defaults(database)) == 1
        await unlinked(database, "int-2")
        await unlinked(database, "int-1")


async def test_the_database_itself_refuses_a_second_default(two: Database) -> None:
    second = link("int-2", "data_sync").model_copy(update={"is_default": True})
    third = second.model_copy(update={"integration_id": "int-1"})
    with pytest.raises(IntegrityError):
        async with two.transaction() as session:
            session.add_all(EntityIntegrationRow(**each.model_dump()) for each in (second, third))
