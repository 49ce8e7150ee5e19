"""The webhook_events table: signed events as they came, once each."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.events import EventOutcome, WebhookEvent
from persistence.columns import UtcDateTime


class EventRow(SQLModel, table=True):
    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("provider", "provider_event_id"),
        Index("ix_webhook_events_newest", "received_at", "event_id"),
    )

    event_id: str = Field(primary_key=True)
    provider: str
    provider_event_id: str = Field(index=True)
    type: str
    outcome: str = Field(default=EventOutcome.RECEIVED, index=True)
    payload: str = Field(sa_type=Text, repr=False)
    livemode: bool
    tenant_id: str | None = Field(default=None, index=True)
    purchase_id: str | None = Field(default=None, index=True)
    workflow_id: str | None = None
    received_at: datetime = Field(sa_type=UtcDateTime)
    handed_over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deliveries: int = 1


def event_of(row: EventRow) -> WebhookEvent:
    return WebhookEvent(
        event_id=row.event_id,
        provider=row.provider,
        provider_event_id=row.provider_event_id,
        type=row.type,
        outcome=EventOutcome(row.outcome),
        payload=row.payload,
        livemode=row.livemode,
        tenant_id=row.tenant_id,
        purchase_id=row.purchase_id,
        workflow_id=row.workflow_id,
        received_at=row.received_at,
        handed_over_at=row.handed_over_at,
        handled_at=row.handled_at,
        deliveries=row.deliveries,
    )
