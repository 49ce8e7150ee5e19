"""Which integrations serve an entity: one default at most for each purpose, backups in order."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditEvent
from domain.errors import Code, Conflict, NotFound
from domain.integrations import EntityLink
from persistence.audit import write_down
from persistence.database import Database
from persistence.rows.integrations import EntityIntegrationRow, IntegrationRow, entity_link_of
from persistence.statements import insert_if_absent, locked


@dataclass(frozen=True)
class EntityLinkRecords:
    database: Database

    async def link(self, link: EntityLink, told: AuditEvent) -> EntityLink:
        """The integration must be the tenant's own."""
        async with self.database.transaction() as session:
            integration = await locked(session, IntegrationRow, link.integration_id)
            if (
                integration is None
                or integration.tenant_id != link.tenant_id
                or integration.deleted_at is not None
            ):
                raise NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {link.integration_id}")
            if not await insert_if_absent(session, EntityIntegrationRow(**link.model_dump())):
                raise await _in_the_way(session, link)
            await write_down(session, told, link.created_at)
        return link

    async def all_of(
        self, tenant_id: str, entity_type: str, entity_id: str
    ) -> tuple[EntityLink, ...]:
        """By purpose; in each the default first, then by rising priority."""
        listed = (
            select(EntityIntegrationRow)
            .where(
                EntityIntegrationRow.tenant_id == tenant_id,
                EntityIntegrationRow.entity_type == entity_type,
                EntityIntegrationRow.entity_id == entity_id,
            )
            .order_by(
                col(EntityIntegrationRow.purpose),
                col(EntityIntegrationRow.is_default).desc(),
                col(EntityIntegrationRow.priority),
                col(EntityIntegrationRow.created_at),
            )
        )
        async with self.database.reading() as session:
            return tuple(entity_link_of(row) for row in await session.exec(listed))

    async def unlink(
        self,
        tenant_id: str,
        entity_type: str,
        entity_id: str,
        integration_id: str,
        told: AuditEvent,
        at: datetime,
        purpose: str | None = None,
    ) -> bool:
        """For one purpose, or for all. False where it was not linked."""
        conditions = [EntityIntegrationRow.purpose == purpose] if purpose is not None else []
        linked = select(EntityIntegrationRow).where(
            EntityIntegrationRow.tenant_id == tenant_id,
            EntityIntegrationRow.entity_type == entity_type,
            EntityIntegrationRow.entity_id == entity_id,
            EntityIntegrationRow.integration_id == integration_id,
            *conditions,
        )
        async with self.database.transaction() as session:
            rows = (await session.exec(linked)).all()
            for row in rows:
                await session.delete(row)
            if rows:
                await write_down(session, told, at)
            return bool(rows)


async def _in_the_way(session: AsyncSession, link: EntityLink) -> Conflict:
    key = (
        *(link.tenant_id, link.entity_type, link.entity_id, link.purpose),
        link.integration_id,
    )
    if await session.get(EntityIntegrationRow, key) is not None:
        return Conflict(
            Code.ENTITY_LINK_EXISTS,
            f"{link.integration_id} is linked to {link.entity_type} {link.entity_id}",
        )
    default = select(EntityIntegrationRow.integration_id).where(
        EntityIntegrationRow.tenant_id == link.tenant_id,
        EntityIntegrationRow.entity_type == link.entity_type,
        EntityIntegrationRow.entity_id == link.entity_id,
        EntityIntegrationRow.purpose == link.purpose,
        col(EntityIntegrationRow.is_default),
    )
    holder = (await session.exec(default)).first()
    return Conflict(Code.DEFAULT_EXISTS, f"{holder} is the default for {link.purpose}")
