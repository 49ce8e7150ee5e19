"""Seeing whether an integration works: its status afterwards says so."""

from dataclasses import dataclass
from typing import Protocol

from temporalio import activity

from activities.faults import told_to_temporal


class Tested(Protocol):
    async def test(self, integration_id: str) -> None:
        """Write what a harmless call shows; a no of the provider is an answer."""
        ...


@dataclass(frozen=True)
class ProbeActivities:
    opened: Tested

    @activity.defn
    async def probe_integration(self, integration_id: str) -> None:
        """Only what leaves the question open is a fault."""
        with told_to_temporal():
            await self.opened.test(integration_id)
