"""Purchases as HTTP asks for them and shows them."""

from datetime import datetime

from pydantic import EmailStr, Field

from api.amounts import Amount, AmountMinor, amount_of
from api.policy_answers import PolicyAnswer, policy_answer
from api.refund_answers import RefundAnswer, refund_answer
from domain.errors import Code, Conflict
from domain.free_text import Name, Prose
from domain.model import Model
from domain.money import CurrencyCode, Money
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, RefundProgress
from domain.routing import Route
from domain.views import PurchaseView, Review, SentEmail, TimelineEntry
from services.catalogue import Services
from services.openings import PurchaseRequest

UserId = Name


class PurchaseBody(Model):
    """`amount` and `currency` must be the quote's own."""

    quote_id: str = Field(min_length=1, max_length=64)
    user_id: UserId
    amount: AmountMinor
    currency: CurrencyCode
    customer_email: EmailStr | None = Field(None, description="Taken from the quote if left out.")
    integration_id: str | None = Field(
        None,
        max_length=64,
        description="Who takes the money. Without it the default linked to the customer, the "
        "product, the tenant or the platform counts.",
    )

    def request(self) -> PurchaseRequest:
        return PurchaseRequest(
            quote_id=self.quote_id,
            user_id=self.user_id,
            price=Money(minor=self.amount, currency=self.currency),
            customer_email=self.customer_email,
            integration_id=self.integration_id,
        )


class CancelBody(Model):
    reason: Prose | None = Field(None, max_length=500)


class PurchaseStarted(Model):
    """Send the customer to `checkout_url`: the card is entered there and nowhere else."""

    purchase_id: str = Field(examples=["pur_h4ws2qkxkm3yq7n5bo2c6d"])
    payment_intent_id: str = Field(description="The same as purchase_id.")
    checkout_url: str
    session_id: str
    amount: int = Field(examples=[15000])
    currency: str = Field(examples=["SGD"])
    formatted: str = Field(examples=["SGD 150.00"])
    expires_at: datetime
    payment_status: PaymentStatus
    provider: str


class PurchaseAnswer(Model):
    """A purchase as it stands, with all that belongs to it."""

    purchase_id: str
    payment_intent_id: str
    quote_id: str
    attempt: int
    user_id: str
    customer_email: str | None
    product_name: str
    price: Amount
    provider: str
    route: Route | None = Field(
        description="The integration that takes the money, why, and which were passed over."
    )
    livemode: bool
    payment_status: PaymentStatus
    can_retry: bool = Field(description="Declined, and it may be tried again at checkout_url.")
    processing: bool = Field(description="The bank is at work; nothing more can be done now.")
    failure_code: str | None
    failure_reason: str | None
    session_id: str | None
    checkout_url: str | None
    expires_at: datetime | None
    provider_payment_id: str | None
    paid_at: datetime | None
    cancel_reason: str | None
    refund_status: RefundProgress
    amount_refunded: Amount
    policy_status: PolicyStatus
    policy: PolicyAnswer | None
    needs_review: bool
    reviews: tuple[Review, ...]
    refunds: tuple[RefundAnswer, ...]
    emails: tuple[SentEmail, ...]
    created_at: datetime
    updated_at: datetime


class PurchaseCompleted(Model):
    purchase: PurchaseAnswer
    policy: PolicyAnswer


class Timeline(Model):
    purchase_id: str
    entries: tuple[TimelineEntry, ...]


def started_answer(purchase: Purchase) -> PurchaseStarted:
    order, checkout = purchase.order, purchase.checkout
    if checkout is None:
        raise Conflict(
            Code.PROVIDER_REFUSED, "no checkout could be opened", purchase_id=order.purchase_id
        )
    return PurchaseStarted(
        purchase_id=order.purchase_id,
        payment_intent_id=order.purchase_id,
        checkout_url=checkout.url,
        session_id=checkout.session_id,
        amount=order.price.minor,
        currency=order.price.currency,
        formatted=str(order.price),
        expires_at=checkout.expires_at,
        payment_status=purchase.status,
        provider=purchase.route.connection_code if purchase.route else order.provider,
    )


def purchase_answer(view: PurchaseView, services: Services) -> PurchaseAnswer:
    shown = PurchaseAnswer.model_fields.keys() & PurchaseView.model_fields.keys()
    as_it_is = {name: getattr(view, name) for name in shown}
    return PurchaseAnswer(
        **{
            **as_it_is,
            "payment_intent_id": view.purchase_id,
            "price": amount_of(view.price),
            "amount_refunded": amount_of(view.amount_refunded),
            "policy": policy_answer(view.policy, services) if view.policy else None,
            "refunds": tuple(refund_answer(refund) for refund in view.refunds),
        }
    )
