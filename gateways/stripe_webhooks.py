"""Stripe's events: proof that Stripe sent them, then our own words for what happened."""

import json
from collections.abc import Mapping
from datetime import timedelta

from domain.errors import Code, Invalid
from domain.identifiers import is_ours
from domain.payments import CheckoutChanged, DisputeOpened, Fact, RefundChanged, RefundFound
from gateways.faults import RefusedByProvider
from gateways.stripe_amounts import from_stripe
from gateways.webhooks import SignedEvent

SIGNATURE_HEADER = "stripe-signature"
TOLERANCE = timedelta(seconds=300)  # into the past only: Stripe's clock may be ahead of ours

_CHECKOUT_TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
)
_REFUND_TYPES = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
_DISPUTE_TYPES = ("charge.dispute.created",)

# What to tick when the webhook endpoint is set up at Stripe; every other type is only stored.
LISTENED_TYPES = _CHECKOUT_TYPES + _REFUND_TYPES + _DISPUTE_TYPES
PRODUCED_FACTS = frozenset({CheckoutChanged, RefundChanged, RefundFound, DisputeOpened})


class StripeWebhooks:
    """``secret`` holds one secret, or several with commas between while they are rolled over."""

    def __init__(self, secret: str) -> None:
        self._secrets = tuple(part.strip() for part in secret.split(",") if part.strip())
        if not self._secrets:
            raise ValueError("a Stripe webhook secret must not be empty")

    def verify(self, body: bytes, headers: Mapping[str, str]) -> tuple[SignedEvent, ...]:
        header = _header(headers)
        payload = _decoded(body)
        if not self._holds(payload, header, TOLERANCE):
            if self._holds(payload, header, within=None):
                too_old = f"the event was signed more than {TOLERANCE.seconds} s ago"
                raise Invalid(Code.SIGNATURE_TOO_OLD, too_old)
            raise Invalid(Code.INVALID_SIGNATURE, "no signature matches")
        return (self.read(payload),)

    def _holds(self, payload: str, header: str, within: timedelta | None) -> bool:
        return any(_is_signed(payload, header, secret, within) for secret in self._secrets)

    def read(self, payload: str) -> SignedEvent:
        return _signed_event(payload)

    def translate(self, event: SignedEvent, event_id: str) -> Fact | None:
        if event.type in _CHECKOUT_TYPES:
            return CheckoutChanged(event_id=event_id)
        if event.type in _REFUND_TYPES:
            return _refund_fact(event, event_id)
        if event.type in _DISPUTE_TYPES:
            return _dispute_opened(event, event_id)
        return None


def _header(headers: Mapping[str, str]) -> str:
    named = (value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER)
    header = headers.get(SIGNATURE_HEADER) or next(named, "")
    if not header:
        raise Invalid(Code.SIGNATURE_MISSING, "there is no Stripe-Signature header")
    if not header.isascii():  # the SDK's comparison stumbles over other letters
        raise Invalid(Code.INVALID_SIGNATURE, "the Stripe-Signature header is not readable")
    return header


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid(Code.NOT_UTF8, "the body is not UTF-8") from None


def _is_signed(payload: str, header: str, secret: str, within: timedelta | None) -> bool:
    import stripe

    tolerance = within.seconds if within else None
    try:
        stripe.WebhookSignature.verify_header(payload, header, secret, tolerance)
    except stripe.SignatureVerificationError:
        return False
    return True


def _signed_event(payload: str) -> SignedEvent:
    event = _read(payload)
    subject = _subject(event)
    provider_event_id, event_type = _text(event, "id"), _text(event, "type")
    if provider_event_id is None or event_type is None or not subject:
        raise Invalid(Code.MALFORMED_EVENT, "an event has an id, a type and a data.object")
    metadata = _fields(subject, "metadata")
    return SignedEvent(
        provider_event_id=provider_event_id,
        type=event_type,
        livemode=event.get("livemode") is True,
        payload=payload,
        purchase_id=_our_id(metadata, "purchase_id"),
        refund_id=_our_id(metadata, "refund_id"),
        payment_id=_payment_id(subject),
    )


def _read(payload: str) -> Mapping[str, object]:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        raise Invalid(Code.MALFORMED_BODY, "the body is not JSON") from None
    return event if isinstance(event, dict) else {}


def _payment_id(subject: Mapping[str, object]) -> str | None:
    if subject.get("object") == "payment_intent":
        return _text(subject, "id")
    return _text(subject, "payment_intent") or _text(_fields(subject, "payment_intent"), "id")


def _refund_fact(event: SignedEvent, event_id: str) -> Fact:
    refund = _text(_subject(_read(event.payload)), "id")
    if refund is None:
        raise Invalid(Code.MALFORMED_EVENT, "the refund in the event has no id")
    if event.refund_id is None:
        return RefundFound(event_id=event_id, provider_refund_id=refund)
    return RefundChanged(event_id=event_id, provider_refund_id=refund)


def _dispute_opened(event: SignedEvent, event_id: str) -> DisputeOpened:
    dispute = _subject(_read(event.payload))
    dispute_id, currency = _text(dispute, "id"), _text(dispute, "currency")
    amount = dispute.get("amount")
    if dispute_id is None or currency is None or not isinstance(amount, int):
        raise Invalid(Code.MALFORMED_EVENT, "the dispute in the event lacks its id or amount")
    try:
        disputed = from_stripe(amount, currency)
    except RefusedByProvider as unreadable:
        raise Invalid(Code.MALFORMED_EVENT, str(unreadable)) from None
    reason = _text(dispute, "reason") or "general"
    return DisputeOpened(event_id=event_id, dispute_id=dispute_id, reason=reason, amount=disputed)


def _subject(event: Mapping[str, object]) -> Mapping[str, object]:
    return _fields(_fields(event, "data"), "object")


def _our_id(metadata: Mapping[str, object], key: str) -> str | None:
    """Other systems on the same Stripe account write metadata too: only ids of ours count."""
    value = _text(metadata, key)
    return value if value is not None and is_ours(value) else None


def _fields(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, object], key: str) -> str | None:
    found = value.get(key)
    return found if isinstance(found, str) and found else None
