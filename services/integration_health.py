"""How an integration does, and an operator's hand on it: test, pause, resume."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.audit import AuditEvent
from domain.errors import Unavailable
from domain.health import Health
from domain.integrations import Integration, IntegrationStatus
from domain.tenants import Caller, Scope
from persistence.audit import AuditRecords
from persistence.clock import now
from persistence.health import HealthRecords
from services.audit import told
from services.integration_runs import IntegrationRuns
from services.integrations import IntegrationService


@dataclass(frozen=True)
class IntegrationHealthService:
    integrations: IntegrationService
    health: HealthRecords
    audit: AuditRecords
    runs: IntegrationRuns
    clock: Callable[[], datetime] = now

    async def get(self, caller: Caller, integration_id: str) -> Health:
        await self.integrations.get(caller, integration_id)
        return await self.health.get(integration_id)

    async def test(self, caller: Caller, integration_id: str) -> Integration:
        """Have the provider called harmlessly; the integration as it stands after that."""
        caller.require(Scope.ADMIN)
        before = await self.integrations.get(caller, integration_id)
        if before.status is not IntegrationStatus.ERROR:
            self.integrations.require_usable(before)
        self.integrations.require_installed(before)
        why_unanswered = await self.runs.probe(before)
        if why_unanswered is not None:
            raise Unavailable(f"the provider gave no answer: {why_unanswered}")
        after = await self.integrations.get(caller, integration_id)
        event = told(caller, "integration.tested", integration_id, before, after)
        await self.audit.write(event, self.clock())
        return after

    async def pause(self, caller: Caller, integration_id: str, reason: str | None) -> Health:
        """Nothing is sent until it is resumed; what is under way waits."""
        event = await self._told(caller, "integration.paused", integration_id, reason)
        return await self.health.pause(integration_id, caller.key_id, reason, event, self.clock())

    async def resume(self, caller: Caller, integration_id: str) -> Health:
        event = await self._told(caller, "integration.resumed", integration_id, None)
        return await self.health.resume(integration_id, event, self.clock())

    async def _told(
        self, caller: Caller, action: str, integration_id: str, reason: str | None
    ) -> AuditEvent:
        caller.require(Scope.ADMIN)
        await self.integrations.get(caller, integration_id)
        event = told(caller, action, integration_id)
        return event.model_copy(update={"after": {"reason": reason}}) if reason else event
