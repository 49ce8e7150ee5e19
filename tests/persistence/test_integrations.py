"""Integrations and their links in the rows."""

from datetime import timedelta

import pytest
from sqlmodel import select

from domain.audit import AuditEvent
from domain.errors import Code, Conflict, NotFound
from domain.integrations import EntityLink, Integration, IntegrationFilter, IntegrationStatus
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.entity_links import EntityLinkRecords
from persistence.integrations import IntegrationRecords
from persistence.rows.integrations import IntegrationRow
from tests.fake_sealed_rows import NEW, OLD, SECRET, vault
from tests.persistence.integration_samples import event, integration, secret_of, stored
from tests.persistence.samples import LATER, NOON, TENANT

OTHER = "ten_other"


def link(integration_id: str = "int-1", **changes: object) -> EntityLink:
    told = {
        "tenant_id": TENANT,
        "entity_type": "customer",
        "entity_id": "cust_abc",
        "integration_id": integration_id,
        "created_at": NOON,
    }
    return EntityLink.model_validate({**told, **changes})


async def linked(database: Database, made: EntityLink) -> EntityLink:
    told = event("integration.linked")
    return await EntityLinkRecords(database).link(made, made.is_default or None, lambda _: told)


async def unlinked(database: Database, integration_id: str, purpose: str | None = None) -> bool:
    told = event("integration.unlinked")
    entity = (TENANT, "customer", "cust_abc")
    return await EntityLinkRecords(database).unlink(
        entity, integration_id, purpose, lambda _: told, LATER
    )


async def test_an_integration_is_seen_by_its_own_tenant_alone(database: Database) -> None:
    made = await stored(database, integration(), vault(OLD))
    records = IntegrationRecords(database)

    assert await records.get(TENANT, "int-1") == made
    assert await records.get(OTHER, "int-1") is None
    assert (await records.page(OTHER, IntegrationFilter())).items == ()
    assert not await records.delete(OTHER, "int-1", event(), LATER)
    assert await records.change(OTHER, "int-1", lambda each: (each, event())) is None
    assert await records.get(TENANT, "int-1") == made


async def test_integrations_are_paged_newest_first_and_filtered(database: Database) -> None:
    for number in range(3):
        at = NOON + timedelta(seconds=number)
        await stored(database, integration(f"int-{number}", at=at), None)
    inactive = integration("int-off", status=IntegrationStatus.INACTIVE)
    await stored(database, inactive, None)
    records = IntegrationRecords(database)

    first = await records.page(TENANT, IntegrationFilter(), limit=2)
    rest = await records.page(TENANT, IntegrationFilter(), first.next_cursor, 5)
    off = await records.page(TENANT, IntegrationFilter(status=IntegrationStatus.INACTIVE))
    none = await records.page(TENANT, IntegrationFilter(connection_code="justifi"))

    assert [each.integration_id for each in first.items] == ["int-2", "int-1"]
    assert {each.integration_id for each in rest.items} == {"int-0", "int-off"}
    assert (off.items, none.items) == ((inactive,), ())


async def test_new_credentials_raise_the_version_and_other_changes_do_not(
    database: Database,
) -> None:
    made = await stored(database, integration(), vault(OLD))
    records, fresh = IntegrationRecords(database), {"api_key": "sk_test_fresh"}

    def renamed(before: Integration) -> tuple[Integration, AuditEvent]:
        return before.model_copy(update={"name": "EU", "updated_at": LATER}), event()

    def resecured(before: Integration) -> tuple[Integration, AuditEvent]:
        return before.model_copy(update={"fingerprint": "f" * 16, "last_four": "resh"}), event()

    first = await records.change(TENANT, "int-1", renamed)
    second = await records.change(
        TENANT, "int-1", resecured, vault(NEW).seal(fresh, made.secret_place)
    )

    assert first is not None
    assert (first.name, first.version) == ("EU", 1)
    assert second is not None
    assert (second.name, second.version, second.last_four) == ("EU", 2, "resh")
    assert await secret_of(database, "int-1", vault(NEW)) == fresh


async def test_a_deleted_integration_is_gone_and_its_secret_destroyed(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    records = IntegrationRecords(database)

    assert await records.delete(TENANT, "int-1", event("integration.deleted"), LATER)

    assert await records.get(TENANT, "int-1") is None
    assert await records.with_secret("int-1") is None
    assert (await records.page(TENANT, IntegrationFilter())).items == ()
    assert await records.change(TENANT, "int-1", lambda each: (each, event())) is None
    assert not await records.delete(TENANT, "int-1", event(), LATER)
    async with database.reading() as session:
        row = (await session.exec(select(IntegrationRow))).one()
    assert (row.credentials, row.key_id, row.deleted_at) == (None, None, LATER)


async def test_each_change_is_written_down_with_it_and_a_refused_one_is_not(
    database: Database,
) -> None:
    await stored(database, integration(), vault(OLD))
    await linked(database, link())
    with pytest.raises(Conflict):
        await IntegrationRecords(database).delete(TENANT, "int-1", event("no"), LATER)
    await unlinked(database, "int-1")
    await unlinked(database, "int-1")  # it was not there any more
    await IntegrationRecords(database).delete(TENANT, "int-1", event("integration.deleted"), LATER)

    actions = [entry.action async for entry in AuditRecords(database).chains()]

    assert actions == [
        "integration.created",
        "integration.linked",
        "integration.unlinked",
        "integration.deleted",
    ]


async def test_one_that_is_linked_is_not_deleted_and_the_refusal_names_what_uses_it(
    database: Database,
) -> None:
    await stored(database, integration(), vault(OLD))
    await linked(database, link())
    await linked(database, link(entity_type="product", entity_id="travel"))

    with pytest.raises(Conflict) as refused:
        await IntegrationRecords(database).delete(TENANT, "int-1", event(), LATER)

    assert refused.value.code is Code.INTEGRATION_IN_USE
    assert "customer cust_abc" in refused.value.message
    assert "product travel" in refused.value.message
    assert await secret_of(database, "int-1", vault(OLD)) == SECRET


async def test_links_are_listed_by_purpose_the_default_first_then_by_priority(
    database: Database,
) -> None:
    for integration_id in ("int-1", "int-2", "int-3"):
        await stored(database, integration(integration_id), None)
    default = await linked(database, link("int-3", is_default=True, priority=900))
    backup = await linked(database, link("int-1", priority=20))
    first_backup = await linked(database, link("int-2", priority=10))
    sync = await linked(database, link("int-1", purpose="data_sync"))

    listed = await EntityLinkRecords(database).all_of(TENANT, "customer", "cust_abc")

    assert listed == (sync, default, first_backup, backup)
    assert await EntityLinkRecords(database).all_of(OTHER, "customer", "cust_abc") == ()


async def test_a_link_is_made_once_and_again_after_it_was_taken_away(database: Database) -> None:
    await stored(database, integration(), None)
    await linked(database, link())
    with pytest.raises(Conflict) as refused:
        await linked(database, link(priority=5))
    assert refused.value.code is Code.ENTITY_LINK_EXISTS

    assert await unlinked(database, "int-1")
    assert not await unlinked(database, "int-1")
    assert await linked(database, link(priority=5)) == link(priority=5, is_default=True)


async def test_it_is_unlinked_for_one_purpose_or_for_all(database: Database) -> None:
    await stored(database, integration(), None)
    for purpose in ("payment_processing", "data_sync", "notifications"):
        await linked(database, link(purpose=purpose))

    assert await unlinked(database, "int-1", "data_sync")
    left = await EntityLinkRecords(database).all_of(TENANT, "customer", "cust_abc")
    assert {each.purpose for each in left} == {"payment_processing", "notifications"}

    assert await unlinked(database, "int-1")
    assert await EntityLinkRecords(database).all_of(TENANT, "customer", "cust_abc") == ()


async def test_a_second_default_is_refused_and_another_purpose_has_its_own(
    database: Database,
) -> None:
    for integration_id in ("int-1", "int-2"):
        await stored(database, integration(integration_id), None)
    await linked(database, link("int-1", is_default=True))

    with pytest.raises(Conflict, match="int-1 is the default for payment_processing") as refused:
        await linked(database, link("int-2", is_default=True))
    assert refused.value.code is Code.DEFAULT_EXISTS

    await linked(database, link("int-2", is_default=True, purpose="data_sync"))
    await unlinked(database, "int-1")
    await linked(database, link("int-2", is_default=True))


async def test_what_is_another_tenants_or_deleted_cannot_be_linked(database: Database) -> None:
    await stored(database, integration("int-theirs", OTHER), None)
    await stored(database, integration("int-gone"), None)
    await IntegrationRecords(database).delete(TENANT, "int-gone", event(), LATER)

    for integration_id in ("int-theirs", "int-gone", "int-never"):
        with pytest.raises(NotFound) as refused:
            await linked(database, link(integration_id))
        assert refused.value.code is Code.INTEGRATION_NOT_FOUND


async def test_what_a_use_showed_is_written_down_once_and_never_undoes_a_persons_word(
    database: Database,
) -> None:
    used = await stored(database, integration(), vault(NEW))
    records = IntegrationRecords(database)

    await records.mark(used, IntegrationStatus.ERROR, "Stripe answered 401 (req_1)", LATER)
    await records.mark(used, IntegrationStatus.ERROR, "Stripe answered 401 (req_2)", LATER)
    log = await AuditRecords(database).page(TENANT, "int-1")
    shown = await records.get(TENANT, "int-1")

    assert [entry.action for entry in log.items] == ["integration.marked"]
    assert shown is not None
    assert shown.status_reason == "Stripe answered 401 (req_2)"

    inactive = integration("int-2", status=IntegrationStatus.INACTIVE)
    off = await stored(database, inactive, vault(NEW))
    await records.mark(off, IntegrationStatus.ACTIVE, None, LATER)
    switched_off = await records.get(TENANT, "int-2")
    assert switched_off is not None
    assert switched_off.status is IntegrationStatus.INACTIVE
