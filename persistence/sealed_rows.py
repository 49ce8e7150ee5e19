"""Rows whose credentials are sealed, of whatever tenant: counted, found, and sealed anew."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from domain.audit import AuditEvent
from domain.integrations import UNREADABLE, Integration, Sealed
from domain.key_rotation import SealedCount
from persistence.audit import write_down
from persistence.clock import now
from persistence.database import Database
from persistence.rows.integrations import IntegrationRow, integration_of, sealed_of
from persistence.statements import locked

# The integration as it stands then, its credentials if they are to be replaced, and what to tell.
Resealing = Callable[[Integration, Sealed], tuple[Integration, Sealed | None, AuditEvent | None]]


@dataclass(frozen=True)
class SealedRows:
    database: Database

    async def count(self, key_id: str) -> SealedCount:
        fresh = select(func.count()).where(IntegrationRow.key_id == key_id)
        due = select(func.count()).where(col(IntegrationRow.key_id) != key_id, ~_unreadable())
        async with self.database.reading() as session:
            return SealedCount(
                fresh=(await session.exec(fresh)).one(), due=(await session.exec(due)).one()
            )

    async def ids_due(self, key_id: str, after: str, limit: int) -> tuple[str, ...]:
        """Under another key, or unreadable when it was last tried; by rising id."""
        due = (
            select(IntegrationRow.integration_id)
            .where(
                col(IntegrationRow.key_id).is_not(None),
                (col(IntegrationRow.key_id) != key_id) | _unreadable(),
                col(IntegrationRow.integration_id) > after,
            )
            .order_by(col(IntegrationRow.integration_id))
            .limit(limit)
        )
        async with self.database.reading() as session:
            return tuple(await session.exec(due))

    async def reseal(self, integration_id: str, resealing: Resealing) -> Integration | None:
        """Its version stays: the credentials are the same, so clients built of them are."""
        async with self.database.transaction() as session:
            row = await locked(session, IntegrationRow, integration_id)
            sealed = sealed_of(row) if row else None
            if row is None or sealed is None:
                return None
            integration, fresh, told = resealing(integration_of(row), sealed)
            if fresh is not None:
                row.credentials, row.key_id = fresh.ciphertext, fresh.key_id
            row.sqlmodel_update(
                integration.model_dump(include={"status", "status_reason", "updated_at"})
            )
            if told is not None:
                await write_down(session, told, now())
            return integration


def _unreadable() -> ColumnElement[bool]:
    return func.coalesce(col(IntegrationRow.status_reason), "").startswith(
        UNREADABLE, autoescape=True
    )
