"""Webhook events as they were received; seen is not handled."""

from datetime import datetime
from enum import StrEnum

from domain.model import Model


class EventOutcome(StrEnum):
    RECEIVED = "received"  # stored, not yet handed over: the provider will repeat, or replay it
    HANDED_OVER = "handed_over"  # Temporal has it; handled_at tells when the workflow was done
    UNMATCHED = "unmatched"  # signed, but about no object of ours
    UNKNOWN_TYPE = "unknown_type"  # signed, of a type that nothing here listens to


class WebhookEvent(Model):
    """``event_id`` is ours, ``provider_event_id`` the provider's; payload is the raw body."""

    event_id: str
    provider: str
    provider_event_id: str
    type: str
    outcome: EventOutcome
    payload: str
    livemode: bool
    tenant_id: str | None = None
    purchase_id: str | None = None
    workflow_id: str | None = None
    received_at: datetime
    handed_over_at: datetime | None = None
    handled_at: datetime | None = None
    deliveries: int = 1
