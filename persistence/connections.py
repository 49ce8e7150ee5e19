"""The catalogue's rows. What is deleted stays as a row, for what was made by it points there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from domain.audit import AuditEvent
from domain.connections import Capability, Connection
from domain.errors import Code, Conflict
from persistence.audit import write_down
from persistence.database import Database
from persistence.rows.connections import (
    CapabilityRow,
    ConnectionRow,
    capability_of,
    connection_of,
)
from persistence.rows.integrations import IntegrationRow
from persistence.statements import locked


@dataclass(frozen=True)
class ConnectionRecords:
    database: Database

    async def all(self) -> tuple[Connection, ...]:
        listed = (
            select(ConnectionRow)
            .where(col(ConnectionRow.deleted_at).is_(None))
            .order_by(col(ConnectionRow.connection_code))
        )
        async with self.database.reading() as session:
            return tuple(connection_of(row) for row in await session.exec(listed))

    async def get(self, connection_code: str) -> Connection | None:
        async with self.database.reading() as session:
            row = await session.get(ConnectionRow, connection_code)
        return connection_of(row) if row and row.deleted_at is None else None

    async def create(self, connection: Connection, told: AuditEvent) -> Connection:
        """One that was deleted before begins anew, without its capabilities."""
        async with self.database.transaction() as session:
            row = await locked(session, ConnectionRow, connection.connection_code)
            if row is not None and row.deleted_at is None:
                raise Conflict(
                    Code.CONNECTION_EXISTS, f"{connection.connection_code} is in the catalogue"
                )
            await session.merge(ConnectionRow(**connection.model_dump(), deleted_at=None))
            await write_down(session, told, connection.created_at)
        return connection

    async def update(self, connection: Connection, told: AuditEvent) -> Connection | None:
        async with self.database.transaction() as session:
            row = await locked(session, ConnectionRow, connection.connection_code)
            if row is None or row.deleted_at is not None:
                return None
            row.sqlmodel_update(connection.model_dump(exclude={"connection_code", "created_at"}))
            await write_down(session, told, connection.updated_at)
            return connection_of(row)

    async def delete(self, connection_code: str, told: AuditEvent, at: datetime) -> bool:
        """Refused while integrations of it exist. False where there is none."""
        in_use = select(func.count()).where(
            IntegrationRow.connection_code == connection_code,
            col(IntegrationRow.deleted_at).is_(None),
        )
        async with self.database.transaction() as session:
            row = await locked(session, ConnectionRow, connection_code)
            if row is None or row.deleted_at is not None:
                return False
            count = (await session.exec(in_use)).one()
            if count:
                raise Conflict(
                    Code.CONNECTION_IN_USE, f"{count} integrations use {connection_code}"
                )
            row.deleted_at = row.updated_at = at
            capabilities = select(CapabilityRow).where(
                CapabilityRow.connection_code == connection_code
            )
            for capability in await session.exec(capabilities):
                capability.deleted_at = capability.deleted_at or at
            await write_down(session, told, at)
            return True


@dataclass(frozen=True)
class CapabilityRecords:
    database: Database

    async def all_of(self, connection_code: str) -> tuple[Capability, ...]:
        listed = (
            select(CapabilityRow)
            .where(
                CapabilityRow.connection_code == connection_code,
                col(CapabilityRow.deleted_at).is_(None),
            )
            .order_by(col(CapabilityRow.capability_code))
        )
        async with self.database.reading() as session:
            return tuple(capability_of(row) for row in await session.exec(listed))

    async def get(self, connection_code: str, capability_code: str) -> Capability | None:
        async with self.database.reading() as session:
            row = await session.get(CapabilityRow, (connection_code, capability_code))
        return capability_of(row) if row and row.deleted_at is None else None

    async def create(self, capability: Capability, told: AuditEvent) -> Capability:
        key = (capability.connection_code, capability.capability_code)
        async with self.database.transaction() as session:
            row = await locked(session, CapabilityRow, key)
            if row is not None and row.deleted_at is None:
                raise Conflict(Code.CAPABILITY_EXISTS, f"{key[0]} has {key[1]} already")
            await session.merge(CapabilityRow(**capability.model_dump(), deleted_at=None))
            await write_down(session, told, capability.created_at)
        return capability

    async def update(self, capability: Capability, told: AuditEvent) -> Capability | None:
        key = (capability.connection_code, capability.capability_code)
        async with self.database.transaction() as session:
            row = await locked(session, CapabilityRow, key)
            if row is None or row.deleted_at is not None:
                return None
            row.sqlmodel_update(
                capability.model_dump(exclude={"connection_code", "capability_code", "created_at"})
            )
            await write_down(session, told, capability.updated_at)
            return capability_of(row)

    async def delete(
        self, connection_code: str, capability_code: str, told: AuditEvent, at: datetime
    ) -> bool:
        async with self.database.transaction() as session:
            row = await locked(session, CapabilityRow, (connection_code, capability_code))
            if row is None or row.deleted_at is not None:
                return False
            row.deleted_at = row.updated_at = at
            await write_down(session, told, at)
            return True
