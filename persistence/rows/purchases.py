"""The purchases table. Its workflow writes most columns; policy, refunds and reviews the rest."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from domain.audit import Asked
from domain.money import Money
from domain.payments import Checkout, Failure
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder
from domain.routing import Route
from persistence.columns import UtcDateTime


class PurchaseRow(SQLModel, table=True):
    __tablename__ = "purchases"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "quote_id"], ["quotes.tenant_id", "quotes.quote_id"]),
        UniqueConstraint("tenant_id", "quote_id", "attempt"),
        Index(
            "uq_purchases_holder_of_quote",
            "tenant_id",
            "quote_id",
            unique=True,
            sqlite_where=text("holds_quote"),
            postgresql_where=text("holds_quote"),
        ),
        Index("ix_purchases_newest", "tenant_id", "created_at", "purchase_id"),
    )

    purchase_id: str = Field(primary_key=True)
    tenant_id: str
    quote_id: str
    attempt: int
    user_id: str
    customer_email: str | None = Field(default=None, repr=False)
    product_name: str
    product_id: str | None = None
    price_minor: int = Field(sa_type=BigInteger)
    currency: str
    provider: str
    livemode: bool
    # written as it is routed, before the provider is asked
    integration_id: str | None = Field(default=None, index=True)
    route: dict[str, JsonValue] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    outcome_unknown: bool = False  # the provider was asked, and has not said what it did
    failovers: int = 0  # how often it left a checkout after a decline
    # written by record, from the workflow's word
    status: str = PaymentStatus.PENDING
    can_retry: bool = False
    processing: bool = False
    failure_code: str | None = None
    failure_reason: str | None = None
    session_id: str | None = Field(default=None, index=True)
    checkout_url: str | None = Field(default=None, repr=False)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    payment_id: str | None = Field(default=None, index=True)
    paid_minor: int | None = Field(default=None, sa_type=BigInteger)
    paid_currency: str | None = None
    paid_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    late_payment_id: str | None = Field(default=None, index=True)
    cancel_reason: str | None = None
    holds_quote: bool = True
    # written by policies, refunds and reviews
    policy_status: str = PolicyStatus.NONE
    amount_refunded_minor: int = Field(default=0, sa_type=BigInteger)
    needs_review: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


_NOT_OF_ROW = {"price", "payable_until", "integration_id", "provider", *Asked.model_fields}


def row_of_order(order: PurchaseOrder, route: Route, at: datetime) -> PurchaseRow:
    columns = order.model_dump(exclude=_NOT_OF_ROW)
    return PurchaseRow(
        **columns,
        provider=route.connection_code,
        integration_id=route.integration_id,
        route=route.model_dump(mode="json"),
        outcome_unknown=True,
        price_minor=order.price.minor,
        currency=order.price.currency,
        created_at=at,
        updated_at=at,
    )


def columns_of(purchase: Purchase, at: datetime) -> dict[str, str | int | datetime | None]:
    """What the workflow's word writes, and as ``of`` the purchase it is written to."""
    failure, checkout, paid = purchase.failure, purchase.checkout, purchase.paid
    return {
        "of": purchase.order.purchase_id,
        "status": purchase.status,
        "can_retry": purchase.can_retry,
        "processing": purchase.processing,
        "failure_code": failure.code if failure else None,
        "failure_reason": failure.reason if failure else None,
        "session_id": checkout.session_id if checkout else None,
        "checkout_url": checkout.url if checkout else None,
        "expires_at": checkout.expires_at if checkout else None,
        "payment_id": purchase.payment_id,
        "paid_minor": paid.minor if paid else None,
        "paid_currency": paid.currency if paid else None,
        "paid_at": purchase.paid_at,
        "late_payment_id": purchase.late_payment_id,
        "cancel_reason": purchase.cancel_reason,
        "holds_quote": purchase.holds_quote,
        "outcome_unknown": False,
        "updated_at": at,
    }


def order_of(row: PurchaseRow) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=row.purchase_id,
        tenant_id=row.tenant_id,
        quote_id=row.quote_id,
        attempt=row.attempt,
        user_id=row.user_id,
        customer_email=row.customer_email,
        product_name=row.product_name,
        product_id=row.product_id,
        price=price_of(row),
        integration_id=row.integration_id if row.route and row.route.get("is_named") else None,
        provider=row.provider,
        livemode=row.livemode,
    )


def purchase_of(row: PurchaseRow) -> Purchase:
    return Purchase(
        order=order_of(row),
        status=PaymentStatus(row.status),
        can_retry=row.can_retry,
        processing=row.processing,
        failure=_failure_of(row),
        checkout=_checkout_of(row),
        payment_id=row.payment_id,
        paid=paid_of(row),
        paid_at=row.paid_at,
        late_payment_id=row.late_payment_id,
        cancel_reason=row.cancel_reason,
        route=route_of(row),
    )


def price_of(row: PurchaseRow) -> Money:
    return Money(minor=row.price_minor, currency=row.currency)


def paid_of(row: PurchaseRow) -> Money | None:
    if row.paid_minor is None or row.paid_currency is None:
        return None
    return Money(minor=row.paid_minor, currency=row.paid_currency)


def route_of(row: PurchaseRow) -> Route | None:
    return Route.model_validate(row.route) if row.route else None


def _failure_of(row: PurchaseRow) -> Failure | None:
    if row.failure_code is None or row.failure_reason is None:
        return None
    return Failure(code=row.failure_code, reason=row.failure_reason)


def _checkout_of(row: PurchaseRow) -> Checkout | None:
    if row.session_id is None or row.checkout_url is None or row.expires_at is None:
        return None
    return Checkout(session_id=row.session_id, url=row.checkout_url, expires_at=row.expires_at)
