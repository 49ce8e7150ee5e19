"""JustiFi's events: proof that JustiFi sent them, then our own words for what happened."""

import json
from collections.abc import Mapping

from domain.errors import Code, Invalid
from domain.identifiers import is_ours
from domain.payments import (
    CheckoutChanged,
    DisputeOpened,
    Fact,
    PaymentRefunded,
    RefundChanged,
    RefundFound,
)
from domain.payouts import PayoutReported
from gateways.faults import RefusedByProvider
from gateways.justifi_signature import require_recent, require_signature
from gateways.justifi_snapshots import from_justifi
from gateways.webhooks import SignedEvent

_CHECKOUT_NAMES = (
    "checkout.completed",
    "checkout.completion.succeeded",
    "checkout.completion.failed",
    "checkout.completion.processing",
    "payment.succeeded",
    "payment.failed",
    "payment.pending",
    "payment.authorized",
    "payment.captured",
    "payment.canceled",
)
_REFUND_NAMES = ("payment.refunded", "payment.refund.updated")
_DISPUTE_NAMES = ("payment.dispute.created",)
# Of the other ends JustiFi tells nobody: polls find them.
_PAYOUT_NAMES = ("payout.created", "payout.paid", "payout.failed")

# What to tick when the event publisher is set up at JustiFi; every other event is only stored.
LISTENED_NAMES = _CHECKOUT_NAMES + _REFUND_NAMES + _DISPUTE_NAMES + _PAYOUT_NAMES
PRODUCED_FACTS = frozenset(
    {
        CheckoutChanged,
        RefundChanged,
        RefundFound,
        PaymentRefunded,
        DisputeOpened,
        PayoutReported,
    }
)

Fields = Mapping[str, object]


class JustifiWebhooks:
    """``secret`` holds one secret, or several with commas between while they are rolled over."""

    def __init__(self, secret: str) -> None:
        if not secret.strip(" ,"):
            raise ValueError("a JustiFi webhook secret must not be empty")
        self._secret = secret

    def verify(self, body: bytes, headers: Mapping[str, str]) -> tuple[SignedEvent, ...]:
        require_signature(body, headers, self._secret)
        require_recent(headers)
        return (self.read(_decoded(body)),)

    def read(self, payload: str) -> SignedEvent:
        event = _read(payload)
        provider_event_id, name = _text(event, "id"), _text(event, "event_name")
        data = _fields(event, "data")
        if provider_event_id is None or name is None or not data:
            raise Invalid(Code.MALFORMED_EVENT, "an event has an id, an event_name and data")
        return SignedEvent(
            provider_event_id=provider_event_id,
            type=name,
            livemode=event.get("account_type") == "live",
            payload=payload,
            purchase_id=_our_id(data, "purchase_id"),
            refund_id=_our_id(_refund(data), "refund_id") if name in _REFUND_NAMES else None,
            payment_id=_payment_id(data),
        )

    def translate(self, event: SignedEvent, event_id: str) -> Fact | None:
        if event.type in _CHECKOUT_NAMES:
            return CheckoutChanged(event_id=event_id)
        if event.type in _REFUND_NAMES:
            return _refund_fact(event, event_id)
        if event.type in _DISPUTE_NAMES:
            return _dispute_opened(event, event_id)
        if event.type in _PAYOUT_NAMES:
            return _payout_reported(event, event_id)
        return None


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid(Code.NOT_UTF8, "the body is not UTF-8") from None


def _read(payload: str) -> Fields:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        raise Invalid(Code.MALFORMED_BODY, "the body is not JSON") from None
    return event if isinstance(event, dict) else {}


def _payment_id(data: Fields) -> str | None:
    """Of the payment that the resource is, or is about."""
    identifier = _text(data, "id") or ""
    if identifier.startswith("py_"):
        return identifier
    return _text(data, "payment_id") or _text(data, "successful_payment_id")


def _refund(data: Fields) -> Fields:
    """The resource itself, or the newest of a payment's refunds: which of them is not told."""
    listed = data.get("refunds")
    within = listed if isinstance(listed, list) else []
    refunds = [each for each in within if isinstance(each, dict)]
    return max(refunds, key=lambda each: _text(each, "created_at") or "", default=data)


def _refund_fact(event: SignedEvent, event_id: str) -> Fact:
    refund_id = _text(_refund(_fields(_read(event.payload), "data")), "id")
    if refund_id is not None and refund_id.startswith("py_"):  # a payment that tells no refunds
        return PaymentRefunded(event_id=event_id, payment_id=refund_id)
    if refund_id is None or not refund_id.startswith("re_"):
        raise Invalid(Code.MALFORMED_EVENT, "the refund in the event has no id")
    if event.refund_id is None:
        return RefundFound(event_id=event_id, provider_refund_id=refund_id)
    return RefundChanged(event_id=event_id, provider_refund_id=refund_id)


def _dispute_opened(event: SignedEvent, event_id: str) -> DisputeOpened:
    dispute = _fields(_read(event.payload), "data")
    dispute_id, amount = _text(dispute, "id"), dispute.get("amount")
    if dispute_id is None or not isinstance(amount, int):
        raise Invalid(Code.MALFORMED_EVENT, "the dispute in the event lacks its id or amount")
    try:
        disputed = from_justifi(amount, _text(dispute, "currency"))
    except RefusedByProvider as unreadable:
        raise Invalid(Code.MALFORMED_EVENT, str(unreadable)) from None
    reason = _text(dispute, "reason") or "general"
    return DisputeOpened(event_id=event_id, dispute_id=dispute_id, reason=reason, amount=disputed)


def _payout_reported(event: SignedEvent, event_id: str) -> PayoutReported:
    payout_id = _text(_fields(_read(event.payload), "data"), "id")
    if payout_id is None:
        raise Invalid(Code.MALFORMED_EVENT, "the payout in the event has no id")
    return PayoutReported(event_id=event_id, provider_payout_id=payout_id)


def _our_id(resource: Fields, key: str) -> str | None:
    """Other systems on the same account write metadata too: only ids of ours count.

    A completion has none of its own: its payment's does.
    """
    paid_with = _fields(_fields(resource, "payment_response"), "data")
    for metadata in (_fields(resource, "metadata"), _fields(paid_with, "metadata")):
        value = _text(metadata, key)
        if value is not None and is_ours(value):
            return value
    return None


def _fields(value: Fields, key: str) -> Fields:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Fields, key: str) -> str | None:
    found = value.get(key)
    return found if isinstance(found, str) and found else None
