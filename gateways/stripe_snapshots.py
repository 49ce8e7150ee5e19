"""Stripe's objects read into our words; what Stripe leaves open is decided here."""

from typing import TYPE_CHECKING

from domain.money import Money
from domain.payments import (
    CheckoutSnapshot,
    CheckoutState,
    Failure,
    ProviderRefundState,
    RefundSnapshot,
)
from gateways.faults import RefusedByProvider
from gateways.stripe_amounts import from_stripe

if TYPE_CHECKING:
    from stripe import PaymentIntent, Refund, StripeObject
    from stripe.checkout import Session

REFUND_STATES = {
    "pending": ProviderRefundState.PENDING,
    "requires_action": ProviderRefundState.PENDING,
    "succeeded": ProviderRefundState.SUCCEEDED,
    "failed": ProviderRefundState.FAILED,
    "canceled": ProviderRefundState.FAILED,
}
CHECKOUT_STATES = {state.value: state for state in CheckoutState}
UNPAYABLE = ("requires_payment_method", "canceled")
NOT_GONE_THROUGH = Failure(
    code="payment_failed", reason="The payment did not go through. Nothing was charged."
)


def checkout_snapshot(session: "Session") -> CheckoutSnapshot:
    """Of a session whose payment intent is expanded."""
    state = CHECKOUT_STATES.get(session.status or "")
    if state is None:
        raise _unreadable(session)
    paid = _paid(session)
    return CheckoutSnapshot(
        session_id=session.id,
        state=state,
        paid=paid,
        payment_id=id_of(session.payment_intent),
        failure=_failure(session.payment_intent, state) if paid is None else None,
    )


def refund_snapshot(refund: "Refund") -> RefundSnapshot:
    state = REFUND_STATES.get(refund.status or "")
    payment_id = id_of(refund.payment_intent)
    if state is None or payment_id is None:
        raise _unreadable(refund)
    return RefundSnapshot(
        provider_refund_id=refund.id,
        payment_id=payment_id,
        amount=from_stripe(refund.amount, refund.currency),
        state=state,
        failure_reason=_refund_failure(refund) if state is ProviderRefundState.FAILED else None,
    )


def noted(metadata: "StripeObject | None", key: str) -> str | None:
    """What we once wrote into an object's metadata."""
    return _text(metadata, key)


def id_of(expandable: "str | StripeObject | None") -> str | None:
    return expandable if isinstance(expandable, str) else _text(expandable, "id")


def _paid(session: "Session") -> Money | None:
    if session.payment_status == "paid":
        return from_stripe(session.amount_total or 0, session.currency or "")
    if session.payment_status == "no_payment_required":  # settled, though nothing was received
        return from_stripe(0, session.currency or "")
    return None


def _failure(payment: "str | PaymentIntent | None", state: CheckoutState) -> Failure | None:
    """A complete session has left the customer's hands: what is unpayable then has failed."""
    if payment is None or isinstance(payment, str) or payment.status not in UNPAYABLE:
        return None
    error = payment.last_payment_error
    if error is None:
        return NOT_GONE_THROUGH if state is CheckoutState.COMPLETE else None
    return Failure(
        code=_text(error, "decline_code") or _text(error, "code") or NOT_GONE_THROUGH.code,
        reason=_text(error, "message") or NOT_GONE_THROUGH.reason,
    )


def _refund_failure(refund: "Refund") -> str:
    return _text(refund, "failure_reason") or refund.status or "unknown"


def _text(thing: "StripeObject | None", field: str) -> str | None:
    """Stripe leaves out what is empty, and the SDK's attributes raise for what is left out."""
    value = thing[field] if thing is not None and field in thing else None
    return value if isinstance(value, str) else None


def _unreadable(thing: "Session | Refund") -> RefusedByProvider:
    return RefusedByProvider(f"Stripe's {thing.id} is in no state known here", "unreadable")
