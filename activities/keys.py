"""Credentials sealed anew under the active key, row by row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.faults import now, told_to_temporal
from domain.audit import AuditEvent
from domain.connections import JsonObject
from domain.integrations import Integration, Sealed
from domain.key_rotation import ROTATION_ID, Resealed, SealedCount
from domain.model import Model
from gateways.credentials import CredentialVault, UnreadableCredentials

ANOTHER_KEY = "AnotherKey"
Resealing = Callable[[Integration, Sealed], tuple[Integration, Sealed | None, AuditEvent | None]]


class SealedRows(Protocol):
    async def count(self, key_id: str) -> SealedCount: ...
    async def ids_due(self, key_id: str, after: str, limit: int) -> tuple[str, ...]: ...
    async def reseal(self, integration_id: str, resealing: Resealing) -> Integration | None: ...


class DueAfter(Model):
    key_id: str
    after: str
    limit: int


class ResealOrder(Model):
    key_id: str
    integration_ids: tuple[str, ...]


@dataclass(frozen=True)
class KeyActivities:
    rows: SealedRows
    vault: CredentialVault

    @activity.defn
    async def count_sealed(self, key_id: str) -> SealedCount:
        self._require_active(key_id)
        with told_to_temporal():
            return await self.rows.count(key_id)

    @activity.defn
    async def list_due(self, place: DueAfter) -> tuple[str, ...]:
        with told_to_temporal():
            return await self.rows.ids_due(place.key_id, place.after, place.limit)

    @activity.defn
    async def reseal_credentials(self, order: ResealOrder) -> Resealed:
        """Each row by itself, so that whoever needs one waits for no other; twice is once."""
        self._require_active(order.key_id)
        done = Resealed()
        for integration_id in order.integration_ids:
            with told_to_temporal():
                integration = await self.rows.reseal(integration_id, self._reseal)
            done = done.plus(integration) if integration else done
        return done

    def _reseal(
        self, before: Integration, sealed: Sealed
    ) -> tuple[Integration, Sealed | None, AuditEvent | None]:
        old, active = sealed.key_id, self.vault.active_key_id
        try:
            credentials = self.vault.open(sealed, before.secret_place)
        except UnreadableCredentials as unreadable:
            after = before.found_unreadable(str(unreadable), now())
            return after, None, _told("integration.unreadable", (before, old), (after, old))
        after = before.found_readable(now())
        fresh = None if old == active else self.vault.seal(credentials, before.secret_place)
        return after, fresh, _told("integration.resealed", (before, old), (after, active))

    def _require_active(self, key_id: str) -> None:
        """A worker that was not restarted would seal under the key that is to go."""
        active = self.vault.active_key_id
        if active != key_id:
            raise ApplicationError(
                f"a worker seals under the key {active}, not {key_id}: restart every worker with "
                f"{key_id} as the first of PAYBIND_ENCRYPTION_KEYS",
                type=ANOTHER_KEY,
                non_retryable=True,
            )


def _told(
    action: str, before: tuple[Integration, str], after: tuple[Integration, str]
) -> AuditEvent | None:
    """Each is an integration and the key it is sealed under. None where nothing changed."""
    if before == after:
        return None
    return AuditEvent(
        tenant_id=before[0].tenant_id,
        actor=ROTATION_ID,
        action=action,
        subject=before[0].integration_id,
        before=_contents(*before),
        after=_contents(*after),
    )


def _contents(integration: Integration, key_id: str) -> JsonObject:
    contents = integration.model_dump(mode="json", include={"status", "status_reason"})
    return {**contents, "key_id": key_id}
