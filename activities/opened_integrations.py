"""Integrations opened for a step: here alone, in the worker, credentials are unsealed."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from activities.faults import now
from domain.health import Circuit, Health
from domain.integrations import UNREADABLE, Integration, IntegrationStatus, Sealed
from gateways.credentials import CredentialVault, UnreadableCredentials
from gateways.faults import (
    LOOK_AGAIN,
    AtWork,
    Busy,
    CircuitOpen,
    Conflict,
    CredentialsChanged,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    Parked,
    PaymentElsewhere,
    RefusedByProvider,
    Throttled,
)
from gateways.integrations import GatewayProvider, IntegrationGateway
from gateways.payments import PaymentGateway

KEPT_OPEN = 100  # clients
KEPT_FOR = timedelta(minutes=10)
LONGEST_TURN = timedelta(seconds=2)  # short enough for steps that are tried within a workflow task
REGISTRY = "integration"  # the service of faults that are ours, not its provider's


class IntegrationRows(Protocol):
    async def with_secret(
        self, integration_id: str
    ) -> tuple[Integration, Sealed | None, Health] | None: ...
    async def mark(
        self, used: Integration, status: IntegrationStatus, reason: str | None, at: datetime
    ) -> None:
        """What using it showed, unless its credentials are others by now."""
        ...


class HealthRows(Protocol):
    async def failed(self, integration_id: str, what: str, at: datetime) -> None: ...
    async def succeeded(self, integration_id: str, at: datetime) -> None: ...
    async def claims_probe(self, integration_id: str, at: datetime) -> bool: ...


class TurnRows(Protocol):
    async def take(
        self, integration_id: str, calls_per_second: int, within: timedelta
    ) -> timedelta | None: ...
    async def until_free(self, integration_id: str) -> timedelta: ...


class _Unreadable(Misconfigured): ...


@dataclass
class _Client:
    """An opened gateway, its users, and when it is opened anew."""

    gateway: IntegrationGateway
    version: int
    until: datetime
    users: int = 0
    is_dropped: bool = False

    async def close_when_idle(self) -> None:
        if self.is_dropped and self.users == 0:
            await self.gateway.close()


@dataclass(frozen=True)
class OpenedIntegrations:
    """Clients are kept per version of the credentials, bounded in number and in time."""

    rows: IntegrationRows
    health: HealthRows
    turns: TurnRows
    vault: CredentialVault
    providers: Mapping[str, GatewayProvider]
    environment: PaymentGateway
    clock: Callable[[], datetime] = now
    kept_open: int = KEPT_OPEN
    _clients: OrderedDict[str, _Client] = field(default_factory=OrderedDict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def of(self, integration_id: str | None) -> AsyncIterator[PaymentGateway]:
        if integration_id is None:
            yield self.environment
            return
        async with self.using(integration_id) as gateway:
            if gateway.payments is None:
                raise Misconfigured(f"integration {integration_id} takes no payments", REGISTRY)
            yield gateway.payments

    async def test(self, integration_id: str) -> None:
        """Its status and their reason say afterwards what a harmless call showed.

        It is made though it is paused or has failed too often.
        """
        integration, _, _ = await self._found(integration_id)
        status, reason = IntegrationStatus.ACTIVE, None
        try:
            async with self.using(integration_id, to_test=True) as gateway:
                await gateway.probe()
        except _Unreadable:  # marked where it was found
            return
        except NotPermitted as fault:  # whatever else its key may do works
            reason = str(fault)
        except (Misconfigured, RefusedByProvider) as fault:
            status, reason = IntegrationStatus.ERROR, str(fault)
        await self._mark(integration, status, reason)

    @asynccontextmanager
    async def using(
        self, integration_id: str, *, to_test: bool = False, fingerprint: str | None = None
    ) -> AsyncIterator[IntegrationGateway]:
        """What is raised inside counts for the integration's health, and so does its absence.

        ``fingerprint``: with these credentials only.
        """
        integration, sealed, health = await self._found(integration_id)
        if fingerprint is not None and fingerprint != integration.fingerprint:
            raise CredentialsChanged(
                f"{_named(integration)} has other credentials than were asked with"
            )
        if not to_test:
            await self._require_open_way(integration, health)
        client = await self._client(integration, sealed)
        client.users += 1
        try:
            await self._await_turn(integration)
            async with self._judged(integration, health):
                yield client.gateway
        finally:
            client.users -= 1
            await client.close_when_idle()

    @asynccontextmanager
    async def _judged(self, integration: Integration, health: Health) -> AsyncIterator[None]:
        try:
            yield
        except (AtWork, Conflict, PaymentElsewhere):  # it answers: of a key, or a payment, alone
            await self._note_success(integration, health)
            raise
        except (Busy, OutcomeUnknown) as fault:
            await self.health.failed(integration.integration_id, str(fault), self.clock())
            raise
        except (RefusedByProvider, NotPermitted):  # it answers, and takes the credentials
            await self._note_success(integration, health)
            raise
        except Misconfigured as fault:
            if fault.service != REGISTRY:
                await self._mark(integration, IntegrationStatus.ERROR, str(fault))
            raise
        else:
            await self._note_success(integration, health)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.gateway.close()
        self._clients.clear()

    async def _found(self, integration_id: str) -> tuple[Integration, Sealed, Health]:
        found = await self.rows.with_secret(integration_id)
        if found is None:
            raise Misconfigured(f"integration {integration_id} was deleted", REGISTRY)
        integration, sealed, health = found
        if sealed is None:
            raise Misconfigured(f"{_named(integration)} has no credentials", REGISTRY)
        return integration, sealed, health

    async def _require_open_way(self, integration: Integration, health: Health) -> None:
        if health.is_paused:
            why = f" ({health.pause_reason})" if health.pause_reason else ""
            raise Parked(f"{_named(integration)} is paused{why}; nothing was sent", LOOK_AGAIN)
        circuit = health.circuit(self.clock())
        if circuit is Circuit.CLOSED:
            return
        if circuit is Circuit.HALF_OPEN and await self.health.claims_probe(
            integration.integration_id, self.clock()
        ):
            return
        raise CircuitOpen(
            f"{_named(integration)} failed {health.failures} times in a row, last: "
            f"{health.last_failure}; nothing was sent, and nothing is before "
            f"{health.probe_at:%Y-%m-%d %H:%M:%S} UTC",
            LOOK_AGAIN,
        )

    async def _await_turn(self, integration: Integration) -> None:
        """For a moment here; for longer where operators see it. No failure of the provider's."""
        rate = integration.calls_per_second
        if rate is None:
            return
        wait = await self.turns.take(integration.integration_id, rate, LONGEST_TURN)
        if wait is None:
            raise Throttled(
                f"{_named(integration)} has had its {rate} calls a second; nothing was sent",
                await self.turns.until_free(integration.integration_id),
            )
        await asyncio.sleep(wait.total_seconds())

    async def _client(self, integration: Integration, sealed: Sealed) -> _Client:
        integration_id = integration.integration_id
        async with self._turn:
            client = self._clients.get(integration_id)
            if (
                client is None
                or client.version != integration.version
                or client.until < self.clock()
            ):
                gateway = await self._connected(integration, sealed)
                client = _Client(gateway, integration.version, self.clock() + KEPT_FOR)
                await self._make_room(integration_id)
                self._clients[integration_id] = client
            self._clients.move_to_end(integration_id)
            return client

    async def _make_room(self, integration_id: str) -> None:
        """For its new client: the one before it goes, all that are too old, and the least used."""
        kept = [each for each in self._clients if each != integration_id]
        for each in self._clients.keys() - kept[1 - self.kept_open :]:
            await self._drop(each)
        for each in [each for each, client in self._clients.items() if client.until < self.clock()]:
            await self._drop(each)

    async def _drop(self, integration_id: str) -> None:
        client = self._clients.pop(integration_id)
        client.is_dropped = True
        await client.close_when_idle()

    async def _connected(self, integration: Integration, sealed: Sealed) -> IntegrationGateway:
        provider = self.providers.get(integration.connection_code)
        if provider is None:
            raise Misconfigured(
                f"no gateway for {integration.connection_code} is installed", REGISTRY
            )
        try:
            credentials = self.vault.open(sealed, integration.secret_place)
        except UnreadableCredentials as unreadable:
            reason = f"{UNREADABLE}{unreadable}"  # by which a rotation knows what it may set right
            await self._mark(integration, IntegrationStatus.ERROR, reason)
            raise _Unreadable(f"{_named(integration)}: {reason}", REGISTRY) from None
        return provider.connect(credentials)

    async def _note_success(self, integration: Integration, health: Health) -> None:
        """Nothing is written while all is well."""
        if health.failures:
            await self.health.succeeded(integration.integration_id, self.clock())
        if integration.status is IntegrationStatus.ERROR:
            await self._mark(integration, IntegrationStatus.ACTIVE, None)

    async def _mark(
        self, integration: Integration, status: IntegrationStatus, reason: str | None
    ) -> None:
        await self.rows.mark(integration, status, reason, self.clock())


def _named(integration: Integration) -> str:
    return f"integration {integration.integration_id} ({integration.connection_code})"
