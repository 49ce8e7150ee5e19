"""What a provider says about a payment, in our words; gateways translate into these."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.model import Model
from domain.money import Money
from domain.payouts import PayoutReported


class CheckoutState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class Failure(Model):
    """Why a payment was refused. ``reason`` is fit for the customer's eyes."""

    code: str
    reason: str


class Checkout(Model):
    """The provider's hosted page. ``url`` works until ``expires_at``."""

    session_id: str
    url: str
    expires_at: datetime


class CheckoutRequest(Model):
    """One checkout to open. The e-mail pre-fills the page and is read just before the call.

    ``tried_since``: an earlier try under this key may have had its effect, from that moment on.
    """

    purchase_id: str
    tenant_id: str
    quote_id: str
    product_name: str
    price: Money
    customer_email: str | None
    expires_at: datetime
    success_url: str
    cancel_url: str
    idempotency_key: str
    tried_since: datetime | None = None


class CheckoutSnapshot(Model):
    """A checkout as the provider has it at one moment. ``paid`` is the amount received.

    ``may_bring_money``: its provider cannot close it, and still takes money for it, or already has
    some under way, although it counts as ended.
    """

    session_id: str
    state: CheckoutState
    may_bring_money: bool = False
    paid: Money | None = None
    payment_id: str | None = None
    failure: Failure | None = None


class ReceivedPayment(Model):
    """Money that the provider took for a purchase of ours, ``at`` the moment it was charged."""

    payment_id: str
    purchase_id: str
    amount: Money
    at: datetime


class RefundOrder(Model):
    """One refund to ask the provider for. Two equal ones are legitimate: their ids differ."""

    refund_id: str
    purchase_id: str
    payment_id: str
    amount: Money
    reason: str
    idempotency_key: str


class ProviderRefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundSnapshot(Model):
    provider_refund_id: str
    payment_id: str
    amount: Money
    state: ProviderRefundState
    failure_reason: str | None = None


class CheckoutChanged(Model):
    """The provider said something about a checkout or the payment in it: go and read it.

    ``integration_id``: whose account said so. None is the environment's own.
    """

    kind: Literal["checkout_changed"] = "checkout_changed"
    event_id: str
    integration_id: str | None = None


class RefundChanged(Model):
    """The provider said something about a refund of ours."""

    kind: Literal["refund_changed"] = "refund_changed"
    event_id: str
    provider_refund_id: str


class RefundFound(Model):
    """The provider told of a refund that was not asked for here, made in its dashboard say."""

    kind: Literal["refund_found"] = "refund_found"
    event_id: str
    provider_refund_id: str
    integration_id: str | None = None


class PaymentRefunded(Model):
    """The provider told that money of a payment went back, and not by which refund."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    event_id: str
    payment_id: str
    integration_id: str | None = None


class DisputeOpened(Model):
    kind: Literal["dispute_opened"] = "dispute_opened"
    event_id: str
    dispute_id: str
    reason: str
    amount: Money


class EmailBounced(Model):
    """The customer's mail server refused a message, or the mail service dropped it."""

    kind: Literal["email_bounced"] = "email_bounced"
    event_id: str
    email_id: str


Fact = Annotated[
    CheckoutChanged
    | RefundChanged
    | RefundFound
    | PaymentRefunded
    | DisputeOpened
    | EmailBounced
    | PayoutReported,
    Field(discriminator="kind"),
]
