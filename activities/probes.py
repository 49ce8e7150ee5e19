"""Seeing whether an integration works: its status afterwards says so."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.integrations import IntegrationStatus
from gateways.faults import Misconfigured, RefusedByProvider
from gateways.integrations import IntegrationGateway


class StatusRows(Protocol):
    async def mark(
        self, integration_id: str, status: IntegrationStatus, reason: str | None, at: datetime
    ) -> None: ...


class OpenedToTest(Protocol):
    def using(
        self, integration_id: str, *, to_test: bool
    ) -> AbstractAsyncContextManager[IntegrationGateway]: ...


@dataclass(frozen=True)
class ProbeActivities:
    rows: StatusRows
    opened: OpenedToTest

    @activity.defn
    async def probe_integration(self, integration_id: str) -> None:
        """Only what leaves the question open is a fault; a no of the provider is an answer."""
        with told_to_temporal():
            try:
                async with self.opened.using(integration_id, to_test=True) as gateway:
                    await gateway.probe()
            except (Misconfigured, RefusedByProvider) as fault:
                await self.rows.mark(integration_id, IntegrationStatus.ERROR, str(fault), now())
