"""A payment link in its row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.links import LinkStatus
from domain.model import Model


class LinkRecords(Protocol):
    async def end(self, link_id: str, status: LinkStatus, at: datetime) -> LinkStatus: ...


class LinkEnd(Model):
    link_id: str
    status: LinkStatus


@dataclass(frozen=True)
class LinkActivities:
    links: LinkRecords

    @activity.defn
    async def end_link(self, end: LinkEnd) -> LinkStatus:
        """Close an active link; the status that stands comes back, which may be another."""
        with told_to_temporal():
            return await self.links.end(end.link_id, end.status, now())
