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
    FOREIGN = "foreign"  # signed, but about what another account of the provider's takes care of


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
    """``event_id`` is ours, ``provider_event_id`` the provider's; payload is the raw body.

    ``provider`` names the account too where that is an integration's: see ``provider_of``.
    """

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

    @property
    def integration_id(self) -> str | None:
        return integration_of(self.provider)


def provider_of(connection_code: str, integration_id: str) -> str:
    """Each account numbers its events by itself: what one tells never stands for another's."""
    return f"{connection_code}:{integration_id}"


def integration_of(provider: str) -> str | None:
    """None is the environment's own account."""
    return provider.partition(":")[2] or None


def event_id_of(provider: str, provider_event_id: str) -> str:
    return derived_id("evt", provider, provider_event_id)
