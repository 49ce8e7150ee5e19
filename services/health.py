"""Whether the parts we stand on answer, and the counts that operators watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import Unavailable
from domain.events import EventOutcome
from domain.health import Health
from domain.purchases import PaymentStatus, ReviewReason
from persistence.database import Database
from persistence.events import EventRecords
from persistence.health import HealthRecords
from persistence.purchases import PurchaseRecords

ANSWER_WITHIN = timedelta(seconds=2)
TROUBLED_NAMED = 100  # each is a series of its own in the figures


@dataclass(frozen=True)
class HealthService:
    client: Client
    database: Database
    purchases: PurchaseRecords
    events: EventRecords
    integrations: HealthRecords

    async def readiness(self) -> Mapping[str, bool]:
        """Each part by name, and whether it answers now."""
        return {"temporal": await self._temporal(), "database": await self._database()}

    async def purchases_by_status(self) -> Mapping[PaymentStatus, int]:
        return await self.purchases.count_by_status()

    async def open_reviews_by_reason(self) -> Mapping[ReviewReason, int]:
        return await self.purchases.count_open_reviews()

    async def events_by_outcome(self) -> Mapping[EventOutcome, int]:
        return await self.events.count_by_outcome()

    async def troubled_integrations(self) -> tuple[Health, ...]:
        """Those paused, or whose circuit is not closed."""
        return await self.integrations.troubled(TROUBLED_NAMED)

    async def _temporal(self) -> bool:
        try:
            return await self.client.service_client.check_health(timeout=ANSWER_WITHIN)
        except RPCError:
            return False

    async def _database(self) -> bool:
        try:
            await self.database.ping()
        except Unavailable:
            return False
        return True
