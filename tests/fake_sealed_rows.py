"""Sealed rows in memory, and a way to stop in the middle of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.audit import AuditEvent
from domain.integrations import Integration, IntegrationStatus, Sealed
from domain.key_rotation import SealedCount
from gateways.keyring import Keyring
from gateways.keyring_vault import KeyringVault

AT = datetime(2026, 11, 1, tzinfo=UTC)
LOST, OLD, NEW = (Keyring.generate(year) for year in ("2024", "2025", "2026"))
SECRET = {"api_key": "sk_test_planted0000000000001234"}
Resealing = Callable[[Integration, Sealed], tuple[Integration, Sealed | None, AuditEvent | None]]


def vault(*keys: str) -> KeyringVault:
    return KeyringVault(Keyring.parse(",".join(keys)))


@dataclass
class FakeSealedRows:
    rows: dict[str, tuple[Integration, Sealed]] = field(default_factory=dict)
    resealed: list[str] = field(default_factory=list)  # each time one was
    stops_at: str | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, integration_id: str, *keys: str) -> None:
        integration = Integration(
            integration_id=integration_id,
            tenant_id="ten_harbour",
            connection_code="stripe",
            name=integration_id,
            status=IntegrationStatus.ACTIVE,
            metadata={},
            livemode=False,
            created_at=AT,
            updated_at=AT,
        )
        sealed = vault(*keys).seal(SECRET, integration.secret_place)
        self.rows[integration_id] = (integration, sealed)

    async def count(self, key_id: str) -> SealedCount:
        keys = [sealed.key_id for one, sealed in self.rows.values() if not one.is_unreadable]
        fresh = keys.count(key_id)
        return SealedCount(fresh=fresh, due=len(keys) - fresh)

    async def ids_due(self, key_id: str, after: str, limit: int) -> tuple[str, ...]:
        due = (
            integration_id
            for integration_id, (one, sealed) in sorted(self.rows.items())
            if integration_id > after and (sealed.key_id != key_id or one.is_unreadable)
        )
        return tuple(due)[:limit]

    async def reseal(self, integration_id: str, resealing: Resealing) -> Integration | None:
        if integration_id == self.stops_at:
            self.stopped.set()
            await asyncio.Event().wait()  # until its worker goes
        before, sealed = self.rows[integration_id]
        integration, fresh, _ = resealing(before, sealed)
        self.rows[integration_id] = (integration, fresh or sealed)
        if fresh is not None:
            self.resealed.append(integration_id)
        return integration
