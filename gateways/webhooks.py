"""The port to what providers send: proof of the sender, then our own words for what happened."""

from collections.abc import Mapping
from typing import Protocol

from domain.emails import EmailStatus
from domain.model import Model
from domain.payments import Fact


class SignedEvent(Model):
    """One event whose signature held. Our ids are from its metadata.

    ``email_status`` is set where the event tells how far a message of ours got.
    """

    provider_event_id: str
    type: str
    livemode: bool
    payload: str
    purchase_id: str | None = None
    refund_id: str | None = None
    payment_id: str | None = None
    email_id: str | None = None
    email_status: EmailStatus | None = None


class WebhookGateway(Protocol):
    """``verify`` raises ``domain.errors.Invalid``.

    Its code is signature_missing, invalid_signature or signature_too_old (which is told only where
    the signature holds), not_utf8, malformed_body (no JSON) or malformed_event.
    """

    def verify(self, body: bytes, headers: Mapping[str, str]) -> tuple[SignedEvent, ...]:
        """Check signature and age over the raw body. SendGrid sends several events at once."""
        ...

    def read(self, payload: str) -> SignedEvent:
        """An event from its stored payload, whose signature held when it was received."""
        ...

    def translate(self, event: SignedEvent, event_id: str) -> Fact | None:
        """Our fact for the event, or None where nothing here listens to its type."""
        ...
