"""What both doors show: read models of the projection, never of the workflow."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import Field

from domain.emails import EmailStatus, EmailTemplate
from domain.model import Model, Moment
from domain.money import Money
from domain.policies import Policy, PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress, ReviewReason
from domain.refunds import Refund
from domain.routing import Route

Item = TypeVar("Item")


class Review(Model):
    """Something a person must decide, and since when."""

    reason: ReviewReason
    detail: str | None = None
    opened_at: datetime
    resolved_at: datetime | None = None


class SentEmail(Model):
    """A message without its recipient: who it went to is the purchase's customer."""

    email_id: str
    template: EmailTemplate
    status: EmailStatus
    tries: int
    last_error: str | None = None
    created_at: datetime
    updated_at: datetime


class PurchaseView(Model):
    """One purchase with all that belongs to it."""

    purchase_id: str
    tenant_id: str
    quote_id: str
    attempt: int
    user_id: str
    customer_email: str | None
    product_name: str
    price: Money
    provider: str
    route: Route | None = None
    livemode: bool
    payment_status: PaymentStatus
    can_retry: bool
    processing: bool
    failure_code: str | None = None
    failure_reason: str | None = None
    session_id: str | None = None
    checkout_url: str | None = None
    expires_at: datetime | None = None
    provider_payment_id: str | None = None
    paid_at: datetime | None = None
    cancel_reason: str | None = None
    amount_refunded: Money
    refund_status: RefundProgress
    policy_status: PolicyStatus
    policy: Policy | None = None
    needs_review: bool
    reviews: tuple[Review, ...] = ()
    refunds: tuple[Refund, ...] = ()
    emails: tuple[SentEmail, ...] = ()
    created_at: datetime
    updated_at: datetime

    @property
    def may_be_paid(self) -> bool:
        """Whether its checkout is open, or a bank has yet to answer."""
        return self.payment_status is PaymentStatus.PENDING or self.can_retry

    def is_in_review_for(self, reason: ReviewReason) -> bool:
        return any(each.reason is reason and each.resolved_at is None for each in self.reviews)


class Page(Model, Generic[Item]):
    """One page of a list, newest first. ``next_cursor`` None means there is no more."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class PurchaseFilter(Model):
    payment_status: PaymentStatus | None = None
    policy_status: PolicyStatus | None = None
    quote_id: str | None = None
    user_id: str | None = None
    needs_review: bool | None = None
    created_from: Moment | None = None
    created_before: Moment | None = None


class TimelineEntry(Model):
    """One thing that happened. ``attempt`` counts tries, ``key`` is the idempotency key used."""

    at: datetime
    what: str
    source: str = Field(
        description="workflow, webhook, email, refund, policy, review, routing or record"
    )
    event: str | None = None
    attempt: int | None = None
    key: str | None = None
    detail: str | None = None
