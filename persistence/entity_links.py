"""Which integrations serve an entity: where any does, one is the default, backups in order.

An entity with links but no default would be passed by, and its money go to somebody else's account.
Whoever changes its links waits for whoever does so already, and refuses what would leave it so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditEvent
from domain.errors import Code, Conflict, NotFound
from domain.integrations import PAYMENT_PROCESSING, EntityLink, EntityLinkChange
from persistence.audit import write_down
from persistence.database import Database
from persistence.rows.integrations import EntityIntegrationRow, IntegrationRow, entity_link_of
from persistence.statements import line_up, locked

Entity = tuple[str, str, str]
"""A tenant, and its entity's type and id."""
Told = Callable[[EntityLink], AuditEvent]
ToldOfChange = Callable[[EntityLink, EntityLink], AuditEvent]


@dataclass(frozen=True)
class EntityLinkRecords:
    database: Database

    async def link(self, link: EntityLink, is_default: bool | None, told: Told) -> EntityLink:
        """The integration must be the tenant's own. ``is_default`` None: where none is yet."""
        entity = (link.tenant_id, link.entity_type, link.entity_id)
        async with self.database.transaction() as session:
            standing = await _standing(session, entity, [_of_purpose(link.purpose)])
            await _require_theirs(session, link)
            default = next((row for row in standing if row.is_default), None)
            if link.integration_id in {row.integration_id for row in standing}:
                raise Conflict(
                    Code.ENTITY_LINK_EXISTS, f"{link.integration_id} is linked to {_name(entity)}"
                )
            if default is None and is_default is False:
                raise _without_default(entity, link.purpose)
            if default is not None and is_default:
                holder = default.integration_id
                raise Conflict(Code.DEFAULT_EXISTS, f"{holder} is the default for {link.purpose}")
            made = link.model_copy(update={"is_default": default is None})
            _require_place_of_rule(made)
            session.add(EntityIntegrationRow(**made.model_dump()))
            await session.flush()
            await write_down(session, told(made), made.created_at)
        return made

    async def all_of(
        self, tenant_id: str, entity_type: str, entity_id: str
    ) -> tuple[EntityLink, ...]:
        """By purpose; in each the default first, then by rising priority."""
        listed = (
            select(EntityIntegrationRow)
            .where(*_of_entity((tenant_id, entity_type, entity_id)))
            .order_by(
                col(EntityIntegrationRow.purpose),
                col(EntityIntegrationRow.is_default).desc(),
                col(EntityIntegrationRow.priority),
                col(EntityIntegrationRow.created_at),
            )
        )
        async with self.database.reading() as session:
            return tuple(entity_link_of(row) for row in await session.exec(listed))

    async def change(
        self,
        place: tuple[str, str, str, str],
        integration_id: str,
        change: EntityLinkChange,
        told: ToldOfChange,
        at: datetime,
    ) -> EntityLink | None:
        """``place`` is the entity and the purpose. Nobody ever sees it with two defaults, or none.

        None where the integration is not linked there.
        """
        entity, purpose = place[:3], place[3]
        async with self.database.transaction() as session:
            standing = await _standing(session, entity, [_of_purpose(purpose)])
            row = next((each for each in standing if each.integration_id == integration_id), None)
            if row is None:
                return None
            if row.is_default and change.is_default is False:
                raise _without_default(entity, purpose)
            if change.is_default and not row.is_default:
                for default in (each for each in standing if each.is_default):
                    change = _with_rule_of(default, change)
                    demotion = EntityLinkChange(is_default=False, failover_decline_codes=())
                    await _apply(session, default, demotion, told, at)
            await _apply(session, row, change, told, at)
            return entity_link_of(row)

    async def unlink(
        self, entity: Entity, integration_id: str, purpose: str | None, told: Told, at: datetime
    ) -> bool:
        """For one purpose, or for all. False where it was not linked.

        A default that has backups stays: who takes its place is for a person to say.
        """
        wanted = [_of_purpose(purpose)] if purpose is not None else []
        async with self.database.transaction() as session:
            standing = await _standing(session, entity, wanted)
            rows = [row for row in standing if row.integration_id == integration_id]
            left = {row.purpose for row in standing if row.integration_id != integration_id}
            for row in rows:
                if row.is_default and row.purpose in left:
                    raise _without_default(entity, row.purpose)
            for row in rows:
                await session.delete(row)
                await write_down(session, told(entity_link_of(row)), at)
            return bool(rows)


async def _standing(
    session: AsyncSession, entity: Entity, wanted: list[ColumnElement[bool]]
) -> Sequence[EntityIntegrationRow]:
    """Its links, which nobody else changes until this transaction ends."""
    await line_up(session, "/".join(("links", *entity)))
    return (
        await session.exec(select(EntityIntegrationRow).where(*_of_entity(entity), *wanted))
    ).all()


async def _require_theirs(session: AsyncSession, link: EntityLink) -> None:
    integration = await locked(session, IntegrationRow, link.integration_id)
    if (
        integration is None
        or integration.tenant_id != link.tenant_id
        or integration.deleted_at is not None
    ):
        raise NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {link.integration_id}")


async def _apply(
    session: AsyncSession,
    row: EntityIntegrationRow,
    change: EntityLinkChange,
    told: ToldOfChange,
    at: datetime,
) -> None:
    """Told one by one, and so written one by one: no statement may leave two defaults."""
    before = entity_link_of(row)
    row.sqlmodel_update(change.model_dump(mode="json", exclude_none=True))
    after = entity_link_of(row)
    _require_place_of_rule(after)
    if after != before:
        await write_down(session, told(before, after), at)


def _with_rule_of(default: EntityIntegrationRow, change: EntityLinkChange) -> EntityLinkChange:
    """The rule stays with the entity: who takes the default's place takes it over, or names one."""
    if change.failover_decline_codes is not None:
        return change
    rule = tuple(default.failover_decline_codes)
    return change.model_copy(update={"failover_decline_codes": rule})


def _require_place_of_rule(link: EntityLink) -> None:
    if link.failover_decline_codes and not link.may_have_rule:
        raise Conflict(
            Code.FAILOVER_RULE_MISPLACED,
            f"{link.integration_id} is not the default for {PAYMENT_PROCESSING} of "
            f"{link.entity_type} {link.entity_id}",
        )


def _of_entity(entity: Entity) -> list[ColumnElement[bool]]:
    tenant_id, entity_type, entity_id = entity
    return [
        col(EntityIntegrationRow.tenant_id) == tenant_id,
        col(EntityIntegrationRow.entity_type) == entity_type,
        col(EntityIntegrationRow.entity_id) == entity_id,
    ]


def _of_purpose(purpose: str) -> ColumnElement[bool]:
    return col(EntityIntegrationRow.purpose) == purpose


def _without_default(entity: Entity, purpose: str) -> Conflict:
    message = f"{_name(entity)} would have links for {purpose} and no default"
    return Conflict(Code.DEFAULT_NEEDED, message)


def _name(entity: Entity) -> str:
    return f"{entity[1]} {entity[2]}"
