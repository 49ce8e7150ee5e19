"""The catalogue: every admin may read it, those who run the installation change it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.connections import (
    Capability,
    CapabilityCode,
    Connection,
    ConnectionCode,
    ConnectionStatus,
    JsonObject,
)
from domain.errors import Code, Invalid, NotFound
from domain.model import Model
from domain.schemas import require_schema
from domain.tenants import Caller, Scope
from persistence.clock import now
from persistence.connections import CapabilityRecords, ConnectionRecords
from services.audit import told


class ConnectionWish(Model):
    connection_code: ConnectionCode
    display_name: str
    description: str | None = None
    logo_url: str | None = None
    status: ConnectionStatus = ConnectionStatus.ACTIVE


class CapabilityWish(Model):
    capability_code: CapabilityCode
    description: str
    parameters_schema: JsonObject | None = None
    result_schema: JsonObject | None = None
    moves_money: bool = False
    only_reads: bool = False


class CapabilityChange(Model):
    """What is None stays as it is."""

    description: str | None = None
    parameters_schema: JsonObject | None = None
    result_schema: JsonObject | None = None
    moves_money: bool | None = None
    only_reads: bool | None = None


@dataclass(frozen=True)
class ConnectionService:
    connections: ConnectionRecords
    capabilities: CapabilityRecords
    clock: Callable[[], datetime] = now

    async def all(self, caller: Caller) -> tuple[Connection, ...]:
        caller.require(Scope.ADMIN)
        return await self.connections.all()

    async def get(self, caller: Caller, connection_code: str) -> Connection:
        caller.require(Scope.ADMIN)
        return await self._known(connection_code)

    async def create(self, caller: Caller, wish: ConnectionWish) -> Connection:
        caller.require_platform()
        at = self.clock()
        connection = Connection(**dict(wish), created_at=at, updated_at=at)
        event = told(caller, "connection.created", connection.connection_code, after=wish)
        return await self.connections.create(connection, event)

    async def update(self, caller: Caller, wish: ConnectionWish) -> Connection:
        caller.require_platform()
        before = await self._known(wish.connection_code)
        changed = before.model_copy(update={**dict(wish), "updated_at": self.clock()})
        event = told(caller, "connection.updated", wish.connection_code, before, changed)
        updated = await self.connections.update(changed, event)
        if updated is None:
            raise _no_connection(wish.connection_code)
        return updated

    async def delete(self, caller: Caller, connection_code: str) -> None:
        caller.require_platform()
        before = await self._known(connection_code)
        event = told(caller, "connection.deleted", connection_code, before)
        if not await self.connections.delete(connection_code, event, self.clock()):
            raise _no_connection(connection_code)

    async def capabilities_of(self, caller: Caller, connection_code: str) -> tuple[Capability, ...]:
        caller.require(Scope.ADMIN)
        await self._known(connection_code)
        return await self.capabilities.all_of(connection_code)

    async def capability(
        self, caller: Caller, connection_code: str, capability_code: str
    ) -> Capability:
        caller.require(Scope.ADMIN)
        await self._known(connection_code)
        return await self._known_capability(connection_code, capability_code)

    async def add_capability(
        self, caller: Caller, connection_code: str, wish: CapabilityWish
    ) -> Capability:
        caller.require_platform()
        await self._known(connection_code)
        await _require_sound(wish)
        at = self.clock()
        capability = Capability(
            connection_code=connection_code, **dict(wish), created_at=at, updated_at=at
        )
        subject = f"{connection_code}/{wish.capability_code}"
        event = told(caller, "capability.created", subject, after=wish)
        return await self.capabilities.create(capability, event)

    async def update_capability(
        self,
        caller: Caller,
        connection_code: str,
        capability_code: str,
        change: CapabilityChange,
    ) -> Capability:
        """What moves money stays so: a person's yes hangs on it."""
        caller.require_platform()
        await self._known(connection_code)
        before = await self._known_capability(connection_code, capability_code)
        given = {name: value for name, value in change if value is not None}
        changed = before.model_copy(update={**given, "updated_at": self.clock()})
        await _require_sound(changed)
        if before.moves_money and not changed.moves_money:
            raise Invalid(Code.INVALID_REQUEST, f"{capability_code} moves money, whatever is said")
        subject = f"{connection_code}/{capability_code}"
        event = told(caller, "capability.updated", subject, before, changed)
        updated = await self.capabilities.update(changed, event)
        if updated is None:
            raise _no_capability(connection_code, capability_code)
        return updated

    async def remove_capability(
        self, caller: Caller, connection_code: str, capability_code: str
    ) -> None:
        caller.require_platform()
        before = await self._known_capability(connection_code, capability_code)
        subject = f"{connection_code}/{capability_code}"
        event = told(caller, "capability.deleted", subject, before)
        if not await self.capabilities.delete(
            connection_code, capability_code, event, self.clock()
        ):
            raise _no_capability(connection_code, capability_code)

    async def _known(self, connection_code: str) -> Connection:
        connection = await self.connections.get(connection_code)
        if connection is None:
            raise _no_connection(connection_code)
        return connection

    async def _known_capability(self, connection_code: str, capability_code: str) -> Capability:
        capability = await self.capabilities.get(connection_code, capability_code)
        if capability is None:
            raise _no_capability(connection_code, capability_code)
        return capability


async def _require_sound(wish: CapabilityWish | Capability) -> None:
    if wish.moves_money and wish.only_reads:
        raise Invalid(Code.INVALID_REQUEST, "what moves money does more than read")
    for field in ("parameters_schema", "result_schema"):
        schema: JsonObject | None = getattr(wish, field)
        if schema is not None:
            # A large one keeps a processor busy for a second: requests go on meanwhile.
            await asyncio.to_thread(require_schema, schema, field)


def _no_connection(connection_code: str) -> NotFound:
    return NotFound(Code.CONNECTION_NOT_FOUND, f"no connection {connection_code}")


def _no_capability(connection_code: str, capability_code: str) -> NotFound:
    return NotFound(Code.CAPABILITY_NOT_FOUND, f"{connection_code} has no {capability_code}")
