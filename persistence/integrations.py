"""Integrations as rows: read by their tenant alone, changed with an entry in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col, select

from domain.audit import AuditEvent
from domain.errors import Code, Conflict
from domain.health import Health
from domain.integrations import (
    Integration,
    IntegrationFilter,
    IntegrationStatus,
    Sealed,
)
from domain.views import Page
from persistence.audit import write_down
from persistence.database import Database
from persistence.integration_users import users_of
from persistence.pages import after, page_of
from persistence.rows.health import IntegrationHealthRow, health_of
from persistence.rows.integrations import (
    IntegrationRow,
    integration_of,
    sealed_of,
)
from persistence.statements import locked

Change = Callable[[Integration], tuple[Integration, AuditEvent]]
_CHANGEABLE = {"name", "status", "status_reason", "calls_per_second", "updated_at"}
_SHOWN_BY_USE = (IntegrationStatus.ACTIVE, IntegrationStatus.ERROR)
_WITH_HEALTH = (
    select(IntegrationRow, IntegrationHealthRow)
    .join(
        IntegrationHealthRow,
        col(IntegrationHealthRow.integration_id) == col(IntegrationRow.integration_id),
        isouter=True,
    )
    .where(
        col(IntegrationRow.integration_id) == bindparam("id"),
        col(IntegrationRow.deleted_at).is_(None),
    )
)


@dataclass(frozen=True)
class IntegrationRecords:
    database: Database

    async def create(
        self, integration: Integration, sealed: Sealed | None, told: AuditEvent
    ) -> Integration:
        row = IntegrationRow(
            **integration.model_dump(exclude={"metadata"}), details=dict(integration.metadata)
        )
        _seal(row, sealed)
        async with self.database.transaction() as session:
            session.add(row)
            await session.flush()
            await write_down(session, told, integration.created_at)
        return integration

    async def get(self, tenant_id: str, integration_id: str) -> Integration | None:
        async with self.database.reading() as session:
            row = await session.get(IntegrationRow, integration_id)
        return integration_of(row) if _is_theirs(row, tenant_id) and row else None

    async def with_secret(
        self, integration_id: str
    ) -> tuple[Integration, Sealed | None, Health] | None:
        """Of whatever tenant, for the steps that act for the one that owns it."""
        async with self.database.reading() as session:
            found = (await session.exec(_WITH_HEALTH, params={"id": integration_id})).first()
        if found is None:
            return None
        row, health = found
        known = health_of(health) if health else Health(integration_id=integration_id)
        return integration_of(row), sealed_of(row), known

    async def mark(
        self, used: Integration, status: IntegrationStatus, reason: str | None, at: datetime
    ) -> None:
        """What its last use showed, of these credentials. What a person switched off stays off."""
        async with self.database.transaction() as session:
            row = await locked(session, IntegrationRow, used.integration_id)
            if row is None or row.version != used.version or row.status not in _SHOWN_BY_USE:
                return
            before, row.status, row.status_reason = row.status, status, reason
            row.updated_at = at
            if before != status:
                await write_down(session, _marked(row, before), at)

    async def page(
        self,
        tenant_id: str,
        wanted: IntegrationFilter,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Integration]:
        newest = (
            select(IntegrationRow)
            .where(
                IntegrationRow.tenant_id == tenant_id,
                col(IntegrationRow.deleted_at).is_(None),
                *_conditions(wanted),
                *after(cursor, col(IntegrationRow.created_at), col(IntegrationRow.integration_id)),
            )
            .order_by(
                col(IntegrationRow.created_at).desc(), col(IntegrationRow.integration_id).desc()
            )
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            found = [integration_of(row) for row in await session.exec(newest)]
        return page_of(found, limit, lambda each: (each.created_at, each.integration_id))

    async def change(
        self, tenant_id: str, integration_id: str, change: Change, sealed: Sealed | None = None
    ) -> Integration | None:
        """Apply ``change`` to the row as it stands; ``sealed`` replaces its credentials."""
        async with self.database.transaction() as session:
            row = await locked(session, IntegrationRow, integration_id)
            if row is None or not _is_theirs(row, tenant_id):
                return None
            integration, told = change(integration_of(row))
            row.sqlmodel_update(integration.model_dump(include=_CHANGEABLE))
            row.details = dict(integration.metadata)
            if sealed is not None:
                row.version += 1
                row.fingerprint, row.last_four = integration.fingerprint, integration.last_four
                _seal(row, sealed)
            await write_down(session, told, integration.updated_at)
            return integration_of(row)

    async def delete(
        self, tenant_id: str, integration_id: str, told: AuditEvent, at: datetime
    ) -> bool:
        """The row stays, its secret does not. Refused while something uses it."""
        async with self.database.transaction() as session:
            row = await locked(session, IntegrationRow, integration_id)
            if row is None or not _is_theirs(row, tenant_id):
                return False
            users = await users_of(session, row, at)
            if users:
                raise Conflict(Code.INTEGRATION_IN_USE, f"it is used by {', '.join(users)}")
            row.credentials = row.key_id = None
            row.status = IntegrationStatus.INACTIVE
            row.deleted_at = row.updated_at = at
            await write_down(session, told, at)
            return True


def _marked(row: IntegrationRow, before: str) -> AuditEvent:
    return AuditEvent(
        tenant_id=row.tenant_id,
        actor="paybind",
        action="integration.marked",
        subject=row.integration_id,
        before={"status": before},
        after={"status": row.status, "status_reason": row.status_reason},
    )


def _seal(row: IntegrationRow, sealed: Sealed | None) -> None:
    row.credentials = sealed.ciphertext if sealed else None
    row.key_id = sealed.key_id if sealed else None


def _is_theirs(row: IntegrationRow | None, tenant_id: str) -> bool:
    return row is not None and row.tenant_id == tenant_id and row.deleted_at is None


def _conditions(wanted: IntegrationFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.connection_code is not None:
        conditions.append(col(IntegrationRow.connection_code) == wanted.connection_code)
    if wanted.status is not None:
        conditions.append(col(IntegrationRow.status) == wanted.status)
    return conditions
