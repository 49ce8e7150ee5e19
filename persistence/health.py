"""Health of integrations. A call that succeeds where nothing had failed writes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditEvent
from domain.health import COOL_DOWN, Health
from persistence.audit import write_down
from persistence.database import Database
from persistence.rows.health import IntegrationHealthRow, health_of
from persistence.statements import insert_if_absent, locked


@dataclass(frozen=True)
class HealthRecords:
    database: Database

    async def get(self, integration_id: str) -> Health:
        async with self.database.reading() as session:
            row = await session.get(IntegrationHealthRow, integration_id)
        return health_of(row) if row else Health(integration_id=integration_id)

    async def troubled(self, limit: int) -> tuple[Health, ...]:
        """Those paused, or whose circuit is not closed, of every tenant; the longest first."""
        row = IntegrationHealthRow
        troubled = (
            select(row)
            .where(col(row.paused_at).is_not(None) | col(row.probe_at).is_not(None))
            .order_by(func.coalesce(row.paused_at, row.opened_at), col(row.integration_id))
            .limit(limit)
        )
        async with self.database.reading() as session:
            return tuple(health_of(each) for each in await session.exec(troubled))

    async def failed(self, integration_id: str, what: str, at: datetime) -> None:
        async with self.database.transaction() as session:
            row = await _row(session, integration_id)
            row.sqlmodel_update(health_of(row).failed(what, at).model_dump())

    async def succeeded(self, integration_id: str, at: datetime) -> None:
        """Closes the circuit."""
        async with self.database.transaction() as session:
            row = await _row(session, integration_id)
            row.sqlmodel_update(health_of(row).succeeded(at).model_dump())

    async def claims_probe(self, integration_id: str, at: datetime) -> bool:
        """Whether the caller is the one whose call is let through a half-open circuit."""
        claim = (
            update(IntegrationHealthRow)
            .where(
                col(IntegrationHealthRow.integration_id) == integration_id,
                col(IntegrationHealthRow.probe_at) <= at,
            )
            .values(probe_at=at + COOL_DOWN)
        )
        async with self.database.transaction() as session:
            return (await session.exec(claim)).rowcount == 1

    async def pause(
        self, integration_id: str, by: str, reason: str | None, told: AuditEvent, at: datetime
    ) -> Health:
        """Pausing again keeps the first pause."""
        async with self.database.transaction() as session:
            row = await _row(session, integration_id)
            if row.paused_at is None:
                row.paused_at, row.paused_by, row.pause_reason = at, by, reason
                await write_down(session, told, at)
            return health_of(row)

    async def resume(self, integration_id: str, told: AuditEvent, at: datetime) -> Health:
        """It begins anew: with the pause goes what had failed before."""
        async with self.database.transaction() as session:
            row = await _row(session, integration_id)
            if row.paused_at is not None or row.failures:
                row.paused_at = row.paused_by = row.pause_reason = None
                row.failures, row.opened_at, row.probe_at = 0, None, None
                await write_down(session, told, at)
            return health_of(row)


async def _row(session: AsyncSession, integration_id: str) -> IntegrationHealthRow:
    await insert_if_absent(session, IntegrationHealthRow(integration_id=integration_id))
    row = await locked(session, IntegrationHealthRow, integration_id)
    assert row is not None  # it was put there a moment ago
    return row
