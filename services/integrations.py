"""A tenant's integrations: their credentials go in, are sealed, and never come back."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import Field

from domain.audit import AuditEvent
from domain.connections import Capability, Connection, ConnectionStatus, JsonObject
from domain.errors import Code, Conflict, Invalid, NotFound
from domain.free_text import repeats_one_of
from domain.integrations import (
    Credentials,
    Integration,
    IntegrationFilter,
    IntegrationStatus,
    Sealed,
)
from domain.model import Model
from domain.schemas import require_match
from domain.tenants import Caller, Scope
from domain.views import Page
from gateways.credentials import CredentialVault, UnreadableCredentials
from gateways.integrations import GatewayProvider
from persistence.clock import now
from persistence.connections import CapabilityRecords, ConnectionRecords
from persistence.integrations import IntegrationRecords
from services.audit import told

NOT_INSTALLED = (
    "no gateway for its provider is installed here: install a package that names its "
    "connection_code in the entry points paybind.gateways, restart API and worker, then set the "
    "status active"
)
INSTALLED_SINCE = "a gateway for its provider is installed by now: set the status active"


class _Overtaken(Exception):
    """Others have given credentials since these were read."""


class IntegrationWish(Model):
    """Without credentials it waits for them. ``calls_per_second`` 0 sets no limit."""

    connection_code: str
    name: str
    credentials: Credentials | None = Field(None, repr=False)
    metadata: JsonObject
    calls_per_second: int = 0


class IntegrationChange(Model):
    """What is None stays as it is; a credential that is None is removed."""

    name: str | None = None
    credentials: Mapping[str, str | None] | None = Field(None, repr=False)
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
            status_reason=None if wish.connection_code in self.providers else NOT_INSTALLED,
            metadata=wish.metadata,
            calls_per_second=wish.calls_per_second or None,
            livemode=self.livemode,
            created_at=at,
            updated_at=at,
        )
        _require_unsaid(wish.credentials, integration)
        sealed = None
        if wish.credentials is not None or not self._needs_credentials(wish.connection_code):
            credentials = wish.credentials or {}
            integration = self._with_credentials(integration, credentials, {})
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
        """Credentials are merged with those it has, and sealed under a new version.

        What its provider needs of them, once changed, makes it active again.
        """
        caller.require(Scope.ADMIN)
        await self.get(caller, integration_id)
        while True:
            with suppress(_Overtaken):
                return await self._update(caller, integration_id, change)

    async def _update(
        self, caller: Caller, integration_id: str, change: IntegrationChange
    ) -> Integration:
        found = await self.integrations.with_secret(integration_id)
        if found is None:
            raise _not_found(integration_id)
        standing, kept = found[0], self._opened(found[0], found[1])
        merged = None if change.credentials is None else _merged(kept, change.credentials)

        def changed(before: Integration) -> tuple[Integration, AuditEvent]:
            if before.version != standing.version:
                raise _Overtaken
            after = self._changed(before, change, kept, merged)
            return after, told(caller, "integration.updated", integration_id, before, after)

        sealed = None if merged is None else self.vault.seal(merged, standing.secret_place)
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
        self.require_installed(integration)
        if integration.status is not IntegrationStatus.ACTIVE:
            is_by_now = integration.status_reason == NOT_INSTALLED
            reason = INSTALLED_SINCE if is_by_now else integration.status_reason
            why = f": {reason}" if reason else ""
            raise Conflict(
                Code.INTEGRATION_INACTIVE,
                f"{integration.integration_id} is {integration.status}{why}",
            )

    def require_installed(self, integration: Integration) -> None:
        if integration.connection_code not in self.providers:
            raise Conflict(
                Code.GATEWAY_NOT_INSTALLED,
                f"no gateway for {integration.connection_code} is installed here",
            )

    def _opened(self, integration: Integration, sealed: Sealed | None) -> Credentials:
        """Nothing where it has none, or where they cannot be opened: then all are given anew."""
        if sealed is not None:
            with suppress(UnreadableCredentials):
                return self.vault.open(sealed, integration.secret_place)
        return {}

    def _changed(
        self,
        before: Integration,
        change: IntegrationChange,
        kept: Credentials,
        merged: Credentials | None,
    ) -> Integration:
        after = before if merged is None else self._with_credentials(before, merged, kept)
        credentials = kept if merged is None else merged
        if change.status is not None:
            self._require_possible(after, change.status, credentials)
            after = after.model_copy(update={"status": change.status, "status_reason": None})
        given = change.model_dump(include={"name", "metadata"}, exclude_none=True)
        if change.calls_per_second is not None:
            given["calls_per_second"] = change.calls_per_second or None
        after = after.model_copy(update={**given, "updated_at": self.clock()})
        _require_unsaid(credentials, after)
        return after

    def _with_credentials(
        self, integration: Integration, credentials: Credentials, kept: Credentials
    ) -> Integration:
        self._require_fit(integration.connection_code, credentials)
        canonical = json.dumps(dict(credentials), sort_keys=True).encode()
        provider = self.providers.get(integration.connection_code)
        field = provider.secret_field if provider else None
        status, reason = self._status_with(integration, credentials, kept)
        return integration.model_copy(
            update={
                "status": status,
                "status_reason": reason,
                "fingerprint": hashlib.sha256(canonical).hexdigest()[:16] if credentials else None,
                "last_four": credentials[field][-4:] if field and credentials.get(field) else None,
            }
        )

    def _status_with(
        self, integration: Integration, credentials: Credentials, kept: Credentials
    ) -> tuple[IntegrationStatus, str | None]:
        """One more of the optional ones says nothing about what was refused or switched off."""
        provider = self.providers.get(integration.connection_code)
        if provider is None:
            return IntegrationStatus.PENDING_CONFIGURATION, NOT_INSTALLED
        needed = cast(Sequence[str], provider.credentials_schema.get("required", ()))
        is_as_before = kept and all(kept.get(name) == credentials.get(name) for name in needed)
        if is_as_before and integration.status is not IntegrationStatus.PENDING_CONFIGURATION:
            return integration.status, integration.status_reason
        return IntegrationStatus.ACTIVE, None

    def _require_possible(
        self, integration: Integration, status: IntegrationStatus, credentials: Credentials
    ) -> None:
        if status in (IntegrationStatus.ERROR, IntegrationStatus.PENDING_CONFIGURATION):
            raise Invalid(Code.INVALID_REQUEST, f"the status {status} is never set by hand")
        if status is IntegrationStatus.ACTIVE:
            self.require_installed(integration)
            code = integration.connection_code
            if integration.fingerprint is None and self._needs_credentials(code):
                raise Conflict(
                    Code.INTEGRATION_INACTIVE,
                    f"{integration.integration_id} has no credentials yet",
                )
            if credentials:  # given before its gateway was there, they were held against nothing
                self._require_fit(code, credentials)

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


def _merged(kept: Credentials, change: Mapping[str, str | None]) -> Credentials:
    return {name: value for name, value in {**kept, **change}.items() if value is not None}


def _require_unsaid(credentials: Credentials | None, integration: Integration) -> None:
    if repeats_one_of((credentials or {}).values(), integration.written):
        raise Invalid(Code.SECRET_REFUSED, "a name or the metadata repeats one of the credentials")


def _not_found(integration_id: str) -> NotFound:
    return NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {integration_id}")
