"""SendGrid's signed events: proof that they are SendGrid's and fresh, then our words for them."""

import json
import re
import time
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, JsonValue, StringConstraints, TypeAdapter, ValidationError

from domain.emails import EmailStatus
from domain.errors import Code, Invalid
from domain.identifiers import is_ours
from domain.payments import EmailBounced, Fact
from gateways.webhooks import SignedEvent

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
TOLERANCE_SECONDS = 300
NOT_DELIVERED = frozenset({"bounce", "dropped"})
REACHED = {
    "delivered": EmailStatus.DELIVERED,
    "bounce": EmailStatus.BOUNCED,
    "dropped": EmailStatus.DROPPED,
}
PRODUCED_FACTS = frozenset({EmailBounced})

Token = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


class _Event(BaseModel, extra="allow"):
    """Custom arguments, such as our ``email_id``, lie flat beside SendGrid's own fields."""

    sg_event_id: Token
    event: Token
    email_id: JsonValue = None


_EVENTS = TypeAdapter(list[_Event])


class SendGridWebhooks:
    """``public_key`` as SendGrid shows it: base64 of DER. Its events know no test mode."""

    def __init__(self, public_key: str, *, livemode: bool = False) -> None:
        from sendgrid.helpers.eventwebhook import EventWebhook

        self._signatures = EventWebhook(public_key.strip())
        self._livemode = livemode

    def verify(self, body: bytes, headers: Mapping[str, str]) -> tuple[SignedEvent, ...]:
        given = {name.lower(): value for name, value in headers.items()}
        signature, timestamp = given.get(SIGNATURE, ""), given.get(TIMESTAMP, "")
        if not signature or not timestamp:
            raise Invalid(Code.SIGNATURE_MISSING, "the event carries no signature, or no timestamp")
        text = _decoded(body)
        self._require_signature(text, signature, timestamp)
        return tuple(self._signed(event) for event in _parsed(text))

    def read(self, payload: str) -> SignedEvent:
        return self._signed(_Event.model_validate_json(payload))

    def translate(self, event: SignedEvent, event_id: str) -> Fact | None:
        if event.type in NOT_DELIVERED and event.email_id is not None:
            return EmailBounced(event_id=event_id, email_id=event.email_id)
        return None

    def _require_signature(self, text: str, signature: str, timestamp: str) -> None:
        if not re.fullmatch("[0-9]{1,12}", timestamp):
            raise Invalid(Code.INVALID_SIGNATURE, "the timestamp is none")
        try:
            holds = self._signatures.verify_signature(text, signature, timestamp)
        except ValueError:  # not base64
            holds = False
        if not holds:
            raise Invalid(Code.INVALID_SIGNATURE, "the signature is not SendGrid's")
        age = time.time() - int(timestamp)
        if age > TOLERANCE_SECONDS:
            raise Invalid(Code.SIGNATURE_TOO_OLD, "the event was signed too long ago")
        if age < -TOLERANCE_SECONDS:
            raise Invalid(Code.INVALID_SIGNATURE, "the event was signed in the future")

    def _signed(self, event: _Event) -> SignedEvent:
        return SignedEvent(
            provider_event_id=event.sg_event_id,
            type=event.event,
            livemode=self._livemode,
            payload=json.dumps(event.model_dump(exclude_unset=True)),
            email_id=_ours(event.email_id),
            email_status=REACHED.get(event.event),
        )


def _ours(email_id: JsonValue) -> str | None:
    """None for a mail that someone else sends from the same account."""
    return email_id if isinstance(email_id, str) and is_ours(email_id) else None


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Invalid(Code.NOT_UTF8, "the body is not UTF-8") from None


def _parsed(text: str) -> list[_Event]:
    try:
        return _EVENTS.validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise Invalid(Code.MALFORMED_BODY, "the body is not JSON") from None
        raise Invalid(Code.MALFORMED_EVENT, "the body is not a list of SendGrid events") from None
