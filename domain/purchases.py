"""One purchase and how the provider's word changes it. Regressions are ignored, money never is."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.audit import Asked
from domain.errors import Code
from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Money
from domain.payments import Checkout, CheckoutSnapshot, CheckoutState, Failure
from domain.routing import Candidate, PassedOver, Route


class PaymentStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RefundProgress(StrEnum):
    """How much of a purchase went back; it stands beside the payment status."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class ReviewReason(StrEnum):
    """What a person must decide."""

    POLICY_NOT_ISSUED = "policy_not_issued"
    AMOUNT_DIFFERS = "amount_differs"
    PAYMENT_UNSETTLED = "payment_unsettled"
    DISPUTE_OPENED = "dispute_opened"
    REFUND_FAILED = "refund_failed"
    EMAIL_NOT_DELIVERED = "email_not_delivered"


class PurchaseOrder(Asked):
    """What a run starts with, the first one and any later one that resumes the purchase."""

    purchase_id: str
    tenant_id: str
    quote_id: str
    attempt: int
    user_id: str
    customer_email: str | None = None
    product_name: str
    price: Money
    payable_until: datetime | None = None  # the quote's end; no checkout outlives it by much
    product_id: str | None = None
    integration_id: str | None = None  # where the request names one
    provider: str = "stripe"
    livemode: bool = False

    def key(self, operation: str, group: int = 1) -> str:
        """The idempotency key of one operation at the provider, at most 100 characters.

        A new ``group`` is a new attempt at the provider: only after a look-up showed that the
        earlier group had no effect.
        """
        return f"{self.purchase_id}:{operation}:{group}"


def purchase_id_of(tenant_id: str, quote_id: str, attempt: int) -> str:
    return derived_id("pur", tenant_id, quote_id, attempt)


def look_at(age: timedelta) -> int:
    """The number of the look at the provider in which all wishes of one moment meet.

    There is a new one every ten seconds, after ten minutes every five minutes, and where a bank
    takes its time every hour: however often somebody asks, a run takes only so many updates.
    """
    ten_minutes, day = timedelta(minutes=10), timedelta(days=1)
    fresh, later = min(age, ten_minutes), min(max(age, ten_minutes), day) - ten_minutes
    return (
        fresh // timedelta(seconds=10)
        + later // timedelta(minutes=5)
        + (max(age, day) - day) // timedelta(hours=1)
    )


def workflow_id_of(purchase_id: str) -> str:
    return f"purchase-{purchase_id}"


class Purchase(Model):
    """A purchase as far as its workflow decides it.

    Refunds, policy and reviews have writers of their own and stand in their own rows.
    """

    order: PurchaseOrder
    status: PaymentStatus = PaymentStatus.PENDING
    can_retry: bool = False
    processing: bool = False
    failure: Failure | None = None
    checkout: Checkout | None = None
    payment_id: str | None = None
    paid: Money | None = None
    paid_at: datetime | None = None
    late_payment_id: str | None = None
    cancel_reason: str | None = None
    route: Route | None = None  # None before the checkout was first asked for

    @property
    def integration_id(self) -> str | None:
        """The integration that takes the money; None is the environment's own account."""
        return self.route.integration_id if self.route else None

    @property
    def left(self) -> tuple[PassedOver, ...]:
        """The integrations at which its checkout was closed after a decline, oldest first."""
        return self.route.left if self.route else ()

    def left_at(self, integration_id: str) -> PassedOver | None:
        return next((each for each in self.left if each.integration_id == integration_id), None)

    @property
    def may_fail_over(self) -> bool:
        """Whether it was declined, at a checkout still open, in a way that its rule names.

        Never where that checkout would stay payable beside the next one.
        """
        if self.status is not PaymentStatus.FAILED or not self.can_retry:
            return False
        if self.route is None or not self.route.may_be_left:
            return False
        return self.failure is not None and self.failure.code in self.route.failover_decline_codes

    @property
    def has_failed_over(self) -> bool:
        """Declined before, and to be retried on a page that its customer has not seen yet."""
        return self.status is PaymentStatus.PENDING and self.can_retry

    def checkout_key(self, group: int) -> str:
        """Under which its checkout is opened: one key for each integration that it moves to."""
        number = len(self.left) + 1
        return self.order.key("checkout" if number == 1 else f"checkout-{number}", group)

    def failed_over(self, backup: Candidate, at: datetime) -> "Purchase":
        """Its checkout is closed for certain; it waits for the one at the backup, to be retried."""
        assert self.route is not None
        assert self.checkout is not None
        assert self.failure is not None
        route = self.route.left_for(backup, self.failure.code, self.checkout.session_id, at)
        return self.model_copy(
            update={"status": PaymentStatus.PENDING, "checkout": None, "route": route}
        )

    @property
    def is_paid(self) -> bool:
        return self.status is PaymentStatus.COMPLETED

    @property
    def is_settled(self) -> bool:
        """Nothing the provider may still say about this checkout is expected any more."""
        if self.status is PaymentStatus.FAILED:
            return not self.can_retry
        return self.status is not PaymentStatus.PENDING

    @property
    def holds_quote(self) -> bool:
        """While this is so, no other purchase of the same quote may exist."""
        return self.is_paid or not self.is_settled

    @property
    def paid_exactly(self) -> bool:
        return self.is_paid and self.paid == self.order.price

    def join_at(self, now: datetime) -> str | None:
        """The id of the question in which all who join it now meet, so that one answer serves them.

        Its answer stands as long as this is how the purchase stands: for a minute, and for an hour
        while a bank decides, which takes days. None where the answer may be another one: a checkout
        that is missing or over is opened anew, or ended, by whoever joins. A run that was ended by
        force is woken by the next question; the answers that it gave still stand.
        """
        if self.checkout is None or (now >= self.checkout.expires_at and not self.processing):
            return None
        seconds = 3600 if self.processing else 60
        return derived_id("join", self.model_dump_json(), int(now.timestamp()) // seconds)

    def opened(self, checkout: Checkout, route: Route | None = None) -> "Purchase":
        return self.model_copy(update={"checkout": checkout, "route": route or self.route})

    def applied(self, seen: CheckoutSnapshot, at: datetime) -> "Purchase":
        """This purchase after the provider's word, from a webhook or a poll alike."""
        if self.is_paid:
            return self
        if seen.paid is not None:
            return self._paid(seen, at)
        if self.is_settled:
            return self
        if seen.state is CheckoutState.EXPIRED:
            return self._ended()
        if seen.state is CheckoutState.COMPLETE:
            under_way = self._processing(seen)
            return under_way._failed(seen.failure, False) if seen.failure else under_way
        if seen.failure is not None:
            return self._failed(seen.failure, True)
        return self

    def cancelled(self, reason: str | None) -> "Purchase":
        """After the provider confirmed that the checkout can no longer be paid."""
        return self.model_copy(
            update={
                "status": PaymentStatus.CANCELLED,
                "can_retry": False,
                "cancel_reason": reason,
            }
        )

    def refused(self, failure: Failure) -> "Purchase":
        """The provider would not open a checkout: nothing can be paid, the quote is free again."""
        return self._failed(failure, False)

    def _paid(self, seen: CheckoutSnapshot, at: datetime) -> "Purchase":
        if self.is_settled:  # cancelled or expired before: this money goes back
            return self.model_copy(
                update={"late_payment_id": seen.payment_id, "paid": seen.paid, "paid_at": at}
            )
        return self.model_copy(
            update={
                "status": PaymentStatus.COMPLETED,
                "can_retry": False,
                "processing": False,
                "failure": None,
                "payment_id": seen.payment_id,
                "paid": seen.paid,
                "paid_at": at,
            }
        )

    def _ended(self) -> "Purchase":
        """A checkout that ended after a decline stays failed: the reason is worth more."""
        ended = PaymentStatus.FAILED if self.failure else PaymentStatus.EXPIRED
        return self.model_copy(update={"status": ended, "can_retry": False})

    def _failed(self, failure: Failure | None, can_retry: bool) -> "Purchase":
        return self.model_copy(
            update={
                "status": PaymentStatus.FAILED,
                "can_retry": can_retry,
                "processing": False,
                "failure": failure,
            }
        )

    def _processing(self, seen: CheckoutSnapshot) -> "Purchase":
        return self.model_copy(
            update={
                "status": PaymentStatus.PENDING,
                "can_retry": False,
                "processing": True,
                "failure": None,
                "payment_id": seen.payment_id,
            }
        )


class Opened(Model):
    """A purchase as stored. ``may_exist``: the provider was asked before, and nobody knows the end.

    ``is_new``: the row was written just now, with its route.
    """

    purchase: Purchase
    is_new: bool = False
    may_exist: bool = False


class Refusal(Model):
    """A no that the business expects, carried out of a workflow as a value."""

    code: Code
    message: str


class Cancellation(Model):
    reason: str | None = None


class Settlement(Model):
    """A purchase to record, and the webhook events that are handled by recording it."""

    purchase: Purchase
    event_ids: tuple[str, ...] = ()


class Settled(Model):
    """What recording a settlement gave: the policy drawn for it, and the link it came by."""

    policy_id: str | None = None
    policy_number: str | None = None
    link_id: str | None = None
