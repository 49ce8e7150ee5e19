"""Stripe's objects read into our words; what Stripe leaves open is decided here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutSnapshot,
    CheckoutState,
    Failure,
    ProviderRefundState,
    ReceivedPayment,
    RefundSnapshot,
)
from gateways.faults import RefusedByProvider
from gateways.stripe_amounts import from_stripe

CHECKOUT_STATES = {state.value: state for state in CheckoutState}
REFUND_STATES = {
    "pending": ProviderRefundState.PENDING,
    "requires_action": ProviderRefundState.PENDING,
    "succeeded": ProviderRefundState.SUCCEEDED,
    "failed": ProviderRefundState.FAILED,
    "canceled": ProviderRefundState.FAILED,
}
CARD_ERROR = "card_error"
UNPAYABLE = ("requires_payment_method", "canceled")
NOT_GONE_THROUGH = Failure(
    code="payment_failed", reason="The payment did not go through. Nothing was charged."
)


class Answer(BaseModel):
    """The part of an answer that matters here. Stripe leaves out, or nulls, what is empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, answer: object) -> Self:
        try:
            return cls.model_validate(answer)
        except ValidationError as error:
            named = [str(problem["loc"][0]) for problem in error.errors() if problem["loc"]]
            lacking = ", ".join(named) or "shape"
            raise unreadable(f"an answer of Stripe's lacks a readable {lacking}") from None


class Page(Answer):
    """Some of a list. Each is read when it is looked at: what lies behind it need not be ours."""

    data: tuple[object, ...]
    has_more: bool


class Thing(Answer):
    """An object with an id of its own."""

    id: str
    metadata: Mapping[str, str] | None = None

    def noted(self, key: str) -> str | None:
        """What we once wrote into the metadata."""
        return (self.metadata or {}).get(key)


class LastPaymentError(Answer):
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None

    @property
    def failure(self) -> Failure:
        return Failure(
            code=self.decline_code or self.code or NOT_GONE_THROUGH.code,
            reason=self.message or NOT_GONE_THROUGH.reason,
        )


class PaymentIntent(Thing):
    status: str
    last_payment_error: LastPaymentError | None = None


class PricedIntent(PaymentIntent):
    currency: str


class Declined(LastPaymentError):
    """A charge that was answered with a card error; of its payment nothing will be charged."""

    type: str
    payment_intent: PaymentIntent | None = None

    @classmethod
    def told_by(cls, refused: RefusedByProvider) -> Self:
        """Any other refusal goes on its way."""
        answer = refused.answer if isinstance(refused.answer, dict) else {}
        error = answer.get("error")
        if not isinstance(error, dict) or error.get("type") != CARD_ERROR:
            raise refused
        return cls.of(error)


class Charge(Thing):
    created: int


class Payment(Thing):
    """A payment intent of a list in which the latest charge is expanded."""

    amount_received: int
    currency: str
    latest_charge: Charge | None = None

    @property
    def received(self) -> ReceivedPayment | None:
        """None where no money came, or where another than Paybind asked for it."""
        purchase_id = self.noted("purchase_id")
        if purchase_id is None or self.latest_charge is None or not self.amount_received:
            return None
        return ReceivedPayment(
            payment_id=self.id,
            purchase_id=purchase_id,
            amount=from_stripe(self.amount_received, self.currency),
            at=datetime.fromtimestamp(self.latest_charge.created, UTC),
        )


class Session(Thing):
    status: str | None = None
    payment_status: str
    amount_total: int | None = None
    currency: str | None = None
    expires_at: int
    url: str | None = None
    payment_intent: PaymentIntent | str | None = None

    @property
    def checkout(self) -> Checkout:
        if self.url is None:
            raise unreadable(f"Stripe's session {self.id} is without a page")
        ends = datetime.fromtimestamp(self.expires_at, UTC)
        return Checkout(session_id=self.id, url=self.url, expires_at=ends)

    @property
    def snapshot(self) -> CheckoutSnapshot:
        """Of a session whose payment intent is expanded."""
        state = CHECKOUT_STATES.get(self.status or "")
        if state is None:
            raise unreadable(f"Stripe's session {self.id} is in no state known here")
        paid = self._paid()
        return CheckoutSnapshot(
            session_id=self.id,
            state=state,
            paid=paid,
            payment_id=_id_of(self.payment_intent),
            failure=self._failure(state) if paid is None else None,
        )

    def _paid(self) -> Money | None:
        if self.payment_status == "paid":
            return from_stripe(self.amount_total or 0, self.currency or "")
        if self.payment_status == "no_payment_required":  # settled, though nothing was received
            return from_stripe(0, self.currency or "")
        return None

    def _failure(self, state: CheckoutState) -> Failure | None:
        """A complete session has left the customer's hands: what is unpayable then has failed."""
        payment = self.payment_intent
        if not isinstance(payment, PaymentIntent) or payment.status not in UNPAYABLE:
            return None
        if payment.last_payment_error is not None:
            return payment.last_payment_error.failure
        return NOT_GONE_THROUGH if state is CheckoutState.COMPLETE else None


class Refund(Thing):
    amount: int
    currency: str
    status: str | None = None
    payment_intent: PaymentIntent | str | None = None
    failure_reason: str | None = None

    @property
    def snapshot(self) -> RefundSnapshot:
        state = REFUND_STATES.get(self.status or "")
        payment_id = _id_of(self.payment_intent)
        if state is None or payment_id is None:
            raise unreadable(f"Stripe's refund {self.id} is in no state known here")
        failed = state is ProviderRefundState.FAILED
        return RefundSnapshot(
            provider_refund_id=self.id,
            payment_id=payment_id,
            amount=from_stripe(self.amount, self.currency),
            state=state,
            failure_reason=(self.failure_reason or self.status) if failed else None,
        )


def unreadable(message: str) -> RefusedByProvider:
    """Reading it again gives the same: an operator must look."""
    return RefusedByProvider(message, "unreadable")


def _id_of(expandable: PaymentIntent | str | None) -> str | None:
    return expandable.id if isinstance(expandable, PaymentIntent) else expandable
