"""A tenant's integrations: their credentials go in, are sealed, and never come back."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from domain.audit import AuditEvent
from domain.connections import Capability, Connection, ConnectionStatus, JsonObject
from domain.errors import Code, Conflict, Invalid, NotFound
from domain.integrations import (
    Credentials,
    Integration,
    IntegrationFilter,
    IntegrationStatus,
)
from domain.model import Model
from domain.schemas import require_match
from domain.tenants import Caller, Scope
from domain.views import Page
from gateways.credentials import CredentialVault
from gateways.integrations import GatewayProvider
from persistence.clock import now
from persistence.connections import CapabilityRecords, ConnectionRecords
from persistence.integrations import IntegrationRecords
from services.audit import told


class IntegrationWish(Model):
    """Without credentials it waits for them. ``calls_per_second`` 0 sets no limit."""

    connection_code: str
    name: str
    credentials: Credentials | None = Field(None, repr=False)
    metadata: JsonObject
    calls_per_second: int = 0


class IntegrationChange(Model):
    """What is None stays as it is."""

    name: str | None = None
    credentials: Credentials | None = Field(None, repr=False)
    status: IntegrationStatus | None = None
    metadata: JsonObject | None = None
    calls_per_second: int | None = None


@dataclass(frozen=True)
class IntegrationService:
    integrations: IntegrationRecords
    connections: ConnectionRecords
    capabilities: CapabilityRecords
    vault: CredentialVault
    providers: Mapping[str, GatewayProvider]
    livemode: bool
    clock: Callable[[], datetime] = now

    async def create(self, caller: Caller, wish: IntegrationWish) -> Integration:
        caller.require(Scope.ADMIN)
        await self._offered(wish.connection_code)
        at = self.clock()
        integration = Integration(
            integration_id=str(uuid.uuid4()),
            tenant_id=caller.tenant_id,
            connection_code=wish.connection_code,
            name=wish.name,
            status=IntegrationStatus.PENDING_CONFIGURATION,
            metadata=wish.metadata,
            calls_per_second=wish.calls_per_second or None,
            livemode=self.livemode,
            created_at=at,
            updated_at=at,
        )
        sealed = None
        if wish.credentials is not None or not self._needs_credentials(wish.connection_code):
            credentials = wish.credentials or {}
            integration = self._with_credentials(integration, credentials)
            sealed = self.vault.seal(credentials, integration.secret_place)
        event = told(caller, "integration.created", integration.integration_id, after=integration)
        return await self.integrations.create(integration, sealed, event)

    async def get(self, caller: Caller, integration_id: str) -> Integration:
        caller.require(Scope.READ)
        integration = await self.integrations.get(caller.tenant_id, integration_id)
        if integration is None:
            raise _not_found(integration_id)
        return integration

    async def page(
        self, caller: Caller, wanted: IntegrationFilter, cursor: str | None, limit: int
    ) -> Page[Integration]:
        caller.require(Scope.READ)
        return await self.integrations.page(caller.tenant_id, wanted, cursor, limit)

    async def capabilities_of(self, caller: Caller, integration_id: str) -> tuple[Capability, ...]:
        """Those of its connection: an integration can do what its provider can."""
        integration = await self.get(caller, integration_id)
        return await self.capabilities.all_of(integration.connection_code)

    async def update(
        self, caller: Caller, integration_id: str, change: IntegrationChange
    ) -> Integration:
        """New credentials are sealed under a new version and make it active again."""
        caller.require(Scope.ADMIN)
        standing = await self.get(caller, integration_id)
        sealed = None
        if change.credentials is not None:
            self._require_fit(standing.connection_code, change.credentials)
            sealed = self.vault.seal(change.credentials, standing.secret_place)

        def changed(before: Integration) -> tuple[Integration, AuditEvent]:
            after = self._changed(before, change)
            return after, told(caller, "integration.updated", integration_id, before, after)

        updated = await self.integrations.change(caller.tenant_id, integration_id, changed, sealed)
        if updated is None:
            raise _not_found(integration_id)
        return updated

    async def delete(self, caller: Caller, integration_id: str) -> None:
        """Its secret is destroyed. Refused while something is linked to it, or under way."""
        caller.require(Scope.ADMIN)
        before = await self.get(caller, integration_id)
        event = told(caller, "integration.deleted", integration_id, before)
        if not await self.integrations.delete(
            caller.tenant_id, integration_id, event, self.clock()
        ):
            raise _not_found(integration_id)

    def require_usable(self, integration: Integration) -> None:
        if integration.status is not IntegrationStatus.ACTIVE:
            why = f": {integration.status_reason}" if integration.status_reason else ""
            raise Conflict(
                Code.INTEGRATION_INACTIVE,
                f"{integration.integration_id} is {integration.status}{why}",
            )
        self.require_installed(integration)

    def require_installed(self, integration: Integration) -> None:
        if integration.connection_code not in self.providers:
            raise Conflict(
                Code.GATEWAY_NOT_INSTALLED,
                f"no gateway for {integration.connection_code} is installed here",
            )

    def _changed(self, before: Integration, change: IntegrationChange) -> Integration:
        after = before
        if change.credentials is not None:
            after = self._with_credentials(before, change.credentials)
        if change.status is not None:
            _require_possible(after, change.status)
            after = after.model_copy(update={"status": change.status, "status_reason": None})
        given = change.model_dump(include={"name", "metadata"}, exclude_none=True)
        if change.calls_per_second is not None:
            given["calls_per_second"] = change.calls_per_second or None
        return after.model_copy(update={**given, "updated_at": self.clock()})

    def _with_credentials(self, integration: Integration, credentials: Credentials) -> Integration:
        self._require_fit(integration.connection_code, credentials)
        canonical = json.dumps(dict(credentials), sort_keys=True).encode()
        provider = self.providers.get(integration.connection_code)
        field = provider.secret_field if provider else None
        return integration.model_copy(
            update={
                "status": IntegrationStatus.ACTIVE,
                "status_reason": None,
                "fingerprint": hashlib.sha256(canonical).hexdigest()[:16] if credentials else None,
                "last_four": credentials[field][-4:] if field and credentials.get(field) else None,
            }
        )

    def _require_fit(self, connection_code: str, credentials: Credentials) -> None:
        provider = self.providers.get(connection_code)
        if provider is None:  # whoever installs its gateway later will find them sealed
            return
        require_match(
            dict(credentials),
            provider.credentials_schema,
            "credentials",
            Code.INVALID_CREDENTIALS,
        )
        livemode = provider.livemode_of(credentials)
        if livemode is not None and livemode is not self.livemode:
            theirs, ours = ("live", "test") if livemode else ("test", "live")
            raise Invalid(
                Code.LIVEMODE_MISMATCH,
                f"these are {theirs} credentials, and this installation is in {ours} mode",
            )

    def _needs_credentials(self, connection_code: str) -> bool:
        provider = self.providers.get(connection_code)
        return provider is None or bool(provider.credentials_schema.get("required"))

    async def _offered(self, connection_code: str) -> Connection:
        connection = await self.connections.get(connection_code)
        if connection is None:
            raise NotFound(Code.CONNECTION_NOT_FOUND, f"no connection {connection_code}")
        if connection.status is ConnectionStatus.DEPRECATED:
            raise Conflict(Code.CONNECTION_DEPRECATED, f"{connection_code} is deprecated")
        return connection


def _require_possible(integration: Integration, status: IntegrationStatus) -> None:
    if status in (IntegrationStatus.ERROR, IntegrationStatus.PENDING_CONFIGURATION):
        raise Invalid(Code.INVALID_REQUEST, f"the status {status} is never set by hand")
    is_bare = integration.status is IntegrationStatus.PENDING_CONFIGURATION
    if status is IntegrationStatus.ACTIVE and is_bare:
        raise Conflict(
            Code.INTEGRATION_INACTIVE, f"{integration.integration_id} has no credentials yet"
        )


def _not_found(integration_id: str) -> NotFound:
    return NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {integration_id}")
