"""Webhook events as they were received; seen is not handled."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from domain.identifiers import derived_id
from domain.model import Model


class EventOutcome(StrEnum):
    RECEIVED = "received"  # stored, not yet handed over: the provider will repeat, or replay it
    HANDED_OVER = "handed_over"  # Temporal has it; handled_at tells when the workflow was done
    UNMATCHED = "unmatched"  # signed, but about no object of ours
    UNKNOWN_TYPE = "unknown_type"  # signed, of a type that nothing here listens to


class ReceivedEvent(Protocol):
    """The part of a signed event that is stored before anything is done about it.

    ``purchase_id`` is what its metadata claims: it need not be ours.
    """

    @property
    def provider_event_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def livemode(self) -> bool: ...
    @property
    def payload(self) -> str: ...
    @property
    def purchase_id(self) -> str | None: ...


class WebhookEvent(Model):
    """``event_id`` is ours, ``provider_event_id`` the provider's; payload is the raw body."""

    event_id: str
    provider: str
    provider_event_id: str
    type: str
    outcome: EventOutcome
    payload: str = Field(repr=False)  # holds personal data
    livemode: bool
    tenant_id: str | None = None
    purchase_id: str | None = None
    workflow_id: str | None = None
    received_at: datetime
    handed_over_at: datetime | None = None
    handled_at: datetime | None = None
    deliveries: int = 1


def event_id_of(provider: str, provider_event_id: str) -> str:
    return derived_id("evt", provider, provider_event_id)
