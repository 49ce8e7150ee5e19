"""Which declines may fail over is said once for an entity: by its default for payments."""

import pytest

from domain.audit import AuditEvent
from domain.errors import Code, Conflict
from domain.integrations import EntityLink, EntityLinkChange
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.entity_links import EntityLinkRecords
from persistence.routes import RouteRecords
from tests.persistence.integration_samples import integration, stored
from tests.persistence.samples import LATER, NOON, TENANT, order

ENTITY = (TENANT, "tenant", TENANT)
PAYMENTS = "payment_processing"
RULE = ("processing_error", "try_again_later")


def _told(before: EntityLink | None, after: EntityLink) -> AuditEvent:
    return AuditEvent(
        tenant_id=TENANT,
        actor="key_1",
        action="changed",
        subject=after.integration_id,
        before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json"),
    )


async def _linked(
    database: Database, integration_id: str, rule: tuple[str, ...] = (), purpose: str = PAYMENTS
) -> EntityLink:
    link = EntityLink(
        tenant_id=TENANT,
        entity_type="tenant",
        entity_id=TENANT,
        integration_id=integration_id,
        purpose=purpose,
        failover_decline_codes=rule,
        created_at=NOON,
    )
    await stored(database, integration(integration_id), None)
    return await EntityLinkRecords(database).link(link, None, lambda made: _told(None, made))


async def _changed(database: Database, integration_id: str, change: EntityLinkChange) -> None:
    await EntityLinkRecords(database).change(
        (*ENTITY, PAYMENTS), integration_id, change, _told, LATER
    )


async def _rules(database: Database) -> dict[str, tuple[str, ...]]:
    links = await EntityLinkRecords(database).all_of(*ENTITY)
    return {each.integration_id: each.failover_decline_codes for each in links}


@pytest.fixture
async def two(database: Database) -> Database:
    """``int-1`` is the default and has the rule, ``int-2`` its backup."""
    await _linked(database, "int-1", RULE)
    await _linked(database, "int-2")
    return database


async def test_every_candidate_carries_the_rule_of_its_entitys_default(two: Database) -> None:
    candidates = await RouteRecords(two).candidates(order())
    assert [each.failover_decline_codes for each in candidates] == [RULE, RULE]


async def test_what_the_request_names_stands_alone_and_has_no_rule(two: Database) -> None:
    named = order().model_copy(update={"integration_id": "int-1"})
    (candidate,) = await RouteRecords(two).candidates(named)
    assert candidate.failover_decline_codes == ()


async def test_a_backup_has_no_rule_of_its_own(two: Database) -> None:
    with pytest.raises(Conflict) as refused:
        await _linked(two, "int-3", RULE)
    assert refused.value.code is Code.FAILOVER_RULE_MISPLACED
    with pytest.raises(Conflict) as refused:
        await _changed(two, "int-2", EntityLinkChange(failover_decline_codes=RULE))
    assert refused.value.code is Code.FAILOVER_RULE_MISPLACED
    assert await _rules(two) == {"int-1": RULE, "int-2": ()}


async def test_a_default_for_another_purpose_has_no_rule(database: Database) -> None:
    with pytest.raises(Conflict) as refused:
        await _linked(database, "int-1", RULE, "data_sync")
    assert refused.value.code is Code.FAILOVER_RULE_MISPLACED


async def test_a_rule_is_changed_and_taken_away_and_both_are_written_down(two: Database) -> None:
    for rule in (("do_not_honor",), ()):
        await _changed(two, "int-1", EntityLinkChange(failover_decline_codes=rule))
        assert await _rules(two) == {"int-1": rule, "int-2": ()}
    log = await AuditRecords(two).page(TENANT, "int-1")
    written = [(each.after or {}).get("failover_decline_codes") for each in log.items]
    assert written[:3] == [[], ["do_not_honor"], list(RULE)]


async def test_a_rule_stays_as_it_is_where_something_else_changes(two: Database) -> None:
    await _changed(two, "int-1", EntityLinkChange(priority=5))
    assert await _rules(two) == {"int-1": RULE, "int-2": ()}


@pytest.mark.parametrize("named", [None, ("do_not_honor",), ()])
async def test_who_takes_the_defaults_place_takes_its_rule_over_or_names_one(
    two: Database, named: tuple[str, ...] | None
) -> None:
    change = EntityLinkChange(is_default=True, failover_decline_codes=named)
    await _changed(two, "int-2", change)
    assert await _rules(two) == {"int-2": RULE if named is None else named, "int-1": ()}
