"""What tools answer. Amounts are whole minor units; ``message`` is a sentence for the model."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.links import LinkStatus
from domain.model import Model
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress
from domain.refunds import RefundReason, RefundStatus


class Answer(Model):
    message: str = Field(description="What happened and what comes next, in a sentence or two.")


class Priced(Answer):
    payment_intent_id: str = Field(description="Our id of the purchase (`pur_…`).")
    amount: int = Field(description="Minor units of the currency.")
    currency: str
    currency_exponent: int = Field(description="Decimal places of the currency: SGD 2, JPY 0.")
    product_name: str
    provider: str = Field(description="The payment provider, such as stripe.")
    livemode: bool = Field(description="False means that no real money moves.")


class CheckoutCard(Model):
    """What a widget needs to draw the payment and its button."""

    payment_intent_id: str
    product_name: str
    amount: int
    currency: str
    currency_exponent: int
    payment_status: PaymentStatus
    checkout_url: str | None
    expires_at: datetime | None
    widget_url: str = Field(description="A page that shows this payment in any browser.")


class Widget(Model):
    type: Literal["payment_checkout"] = "payment_checkout"
    data: CheckoutCard


class StartedPurchase(Priced):
    quote_id: str
    user_id: str
    payment_status: PaymentStatus
    checkout_url: str | None = Field(description="Where the customer pays; give it to them.")
    session_id: str | None = Field(description="The provider's checkout session.")
    expires_at: datetime | None = Field(description="When the checkout closes.")
    can_retry: bool = Field(description="A declined customer may try again at checkout_url.")
    widget: Widget


class RefundLine(Model):
    refund_id: str
    status: RefundStatus
    amount: int


class PurchaseState(Priced):
    """Where a purchase stands, as the provider last told it."""

    payment_status: PaymentStatus
    stripe_session_id: str | None
    stripe_payment_intent: str | None = Field(description="The provider's payment, once it exists.")
    user_id: str
    quote_id: str
    created_at: datetime
    updated_at: datetime
    checkout_url: str | None = Field(description="Set while the customer can still pay.")
    expires_at: datetime | None
    failure_code: str | None
    failure_reason: str | None
    can_retry: bool = Field(description="A declined customer may try again at checkout_url.")
    processing: bool = Field(description="The bank has it and will answer later.")
    needs_review: bool = Field(description="A person of the insurer must decide something.")
    refund_status: RefundProgress
    amount_refunded: int
    refunds: tuple[RefundLine, ...]
    policy_status: PolicyStatus = Field(description="cancelled: all was refunded; no cover.")
    policy_id: str | None
    policy_number: str | None
    policy_cancelled_at: datetime | None
    policy_document_url: str | None = Field(
        description="The policy as PDF, while it is in force; the link expires."
    )


class CompletedPurchase(Priced):
    policy_id: str
    policy_number: str
    status: Literal["completed"] = "completed"
    policy_status: PolicyStatus = Field(description="delivered: the e-mail has been accepted.")
    quote_id: str
    user_id: str
    policy_document_url: str | None = Field(description="The policy as PDF; the link expires.")
    created_at: datetime = Field(description="When the policy was issued.")


class CancelledPayment(Answer):
    payment_intent_id: str
    status: Literal["cancelled"] = "cancelled"


class SavedQuote(Answer):
    quote_id: str
    payment_link_id: str
    payment_link_url: str = Field(description="The customer's link; it starts the payment.")
    expires_at: datetime
    livemode: bool = Field(description="False means that no real money moves.")


class QuoteLink(SavedQuote):
    is_active: bool = Field(description="False: opening it shows why it cannot be paid.")
    status: LinkStatus


class SentLink(Answer):
    success: Literal[True] = True
    quote_id: str
    email_sent_to: str
    payment_link_id: str
    expires_at: datetime
    livemode: bool = Field(description="False means that no real money moves.")


class RefundAnswer(Answer):
    payment_intent_id: str
    refund_id: str | None = Field(description="None when nothing was asked of the provider.")
    status: RefundStatus
    amount: int | None = Field(description="Minor units; None: all that was left.")
    currency: str
    livemode: bool = Field(description="False means that no real money moves.")
    reason: RefundReason
    approve_at: str | None = Field(
        default=None, description="How an operator says yes, while the refund awaits approval."
    )
