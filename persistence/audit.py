"""The audit log: an entry is written in the transaction of what it tells of, or not at all."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import BEGINNING, AuditEntry, AuditEvent
from domain.errors import Code, Invalid
from domain.views import Page
from persistence.database import Database
from persistence.rows.audit import AuditRow, entry_of
from persistence.statements import line_up


async def write_down(session: AsyncSession, event: AuditEvent, at: datetime) -> AuditEntry:
    """Add the tenant's next entry. Others of the tenant wait until this transaction ends."""
    await line_up(session, f"audit/{event.tenant_id}")
    newest = (
        select(AuditRow.number, AuditRow.hash)
        .where(AuditRow.tenant_id == event.tenant_id)
        .order_by(col(AuditRow.number).desc())
        .limit(1)
    )
    number, previous_hash = (await session.exec(newest)).first() or (0, BEGINNING)
    entry = AuditEntry.following(previous_hash, number + 1, event, at)
    session.add(AuditRow(**entry.model_dump()))
    await session.flush()
    return entry


@dataclass(frozen=True)
class AuditRecords:
    database: Database
    read_at_once: int = 500

    async def write(self, event: AuditEvent, at: datetime) -> AuditEntry:
        """For a use that writes no other row."""
        async with self.database.transaction() as session:
            return await write_down(session, event, at)

    async def page(
        self, tenant_id: str, subject: str | None, cursor: str | None = None, limit: int = 50
    ) -> Page[AuditEntry]:
        wanted = [] if subject is None else [AuditRow.subject == subject]
        newest = (
            select(AuditRow)
            .where(
                AuditRow.tenant_id == tenant_id,
                *wanted,
                *_before(cursor),
            )
            .order_by(col(AuditRow.number).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            entries = tuple(entry_of(row) for row in await session.exec(newest))
        more = len(entries) > limit
        return Page(
            items=entries[:limit], next_cursor=str(entries[limit - 1].number) if more else None
        )

    async def chains(self) -> AsyncIterator[AuditEntry]:
        """Every entry: tenant after tenant, each from its beginning."""
        place = ("", 0)
        while True:
            batch = await self._batch_after(*place)
            for entry in batch:
                yield entry
            if len(batch) < self.read_at_once:
                return
            place = (batch[-1].tenant_id, batch[-1].number)

    async def _batch_after(self, tenant_id: str, number: int) -> list[AuditEntry]:
        following = (
            select(AuditRow)
            .where(
                (col(AuditRow.tenant_id) > tenant_id)
                | ((col(AuditRow.tenant_id) == tenant_id) & (col(AuditRow.number) > number))
            )
            .order_by(col(AuditRow.tenant_id), col(AuditRow.number))
            .limit(self.read_at_once)
        )
        async with self.database.reading() as session:
            return [entry_of(row) for row in await session.exec(following)]


def _before(cursor: str | None) -> list[ColumnElement[bool]]:
    """Entries are numbered without a gap, so the last one's number is cursor enough."""
    if cursor is None:
        return []
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 15:
        raise Invalid(Code.INVALID_CURSOR, "this cursor was not made here")
    return [col(AuditRow.number) < int(cursor)]
