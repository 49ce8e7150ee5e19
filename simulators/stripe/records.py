"""What the simulated account holds; the wire shapes are made from these by `objects`."""

from dataclasses import dataclass, field
from typing import Literal

from simulators.stripe.cards import Fate

Metadata = dict[str, str]
SessionStatus = Literal["open", "complete", "expired"]
IntentStatus = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "succeeded",
    "canceled",
]
FutureUsage = Literal["off_session", "on_session"]
RefundStatus = Literal["pending", "succeeded", "failed"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """One secret key's; `shown` is the key's last four characters, all that is told of it."""

    id: str
    created: int
    shown: str


@dataclass(frozen=True, kw_only=True)
class LineItem:
    id: str
    name: str
    description: str | None
    quantity: int
    unit_amount: int
    price: str
    product: str

    @property
    def total(self) -> int:
        return self.quantity * self.unit_amount


@dataclass(frozen=True, kw_only=True)
class IntentDetails:
    """What a PaymentIntent was told; a session keeps it for the one that it will make."""

    metadata: Metadata = field(default_factory=dict)
    description: str | None = None
    receipt_email: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    # With it the customer keeps the payment method that pays.
    setup_future_usage: FutureUsage | None = None


@dataclass(frozen=True, kw_only=True)
class CheckoutSession:
    id: str
    created: int
    expires_at: int
    currency: str
    line_items: list[LineItem]
    intent_details: IntentDetails
    metadata: Metadata
    payment_method_types: list[str]
    allowed_payment_method_types: list[str] | None
    success_url: str | None = None
    cancel_url: str | None = None
    client_reference_id: str | None = None
    customer: str | None = None
    customer_email: str | None = None
    locale: str | None = None
    submit_type: str | None = None
    billing_address_collection: str | None = None
    submit_text: str | None = None
    payer_email: str | None = None
    payer_name: str | None = None
    payment_intent: str | None = None
    status: SessionStatus = "open"
    payment_status: Literal["paid", "unpaid"] = "unpaid"

    @property
    def amount_total(self) -> int:
        return sum(item.total for item in self.line_items)


@dataclass(frozen=True, kw_only=True)
class PaymentError:
    code: str
    message: str
    decline_code: str | None = None
    charge: str | None = None
    payment_method: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentIntent:
    id: str
    created: int
    amount: int
    currency: str
    details: IntentDetails
    payment_method_types: list[str]
    # None where the PaymentIntent was made by the API itself.
    session: str | None = None
    customer: str | None = None
    client_secret: str = ""
    status: IntentStatus = "requires_payment_method"
    payment_method: str | None = None
    latest_charge: str | None = None
    last_payment_error: PaymentError | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    # None where automatic payment methods are off.
    redirects: Literal["always", "never"] | None = None
    # When a delayed payment reaches its end by itself.
    settles_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """`number` is one of the public test cards, or empty for a bank debit."""

    id: str
    created: int
    type: str
    last4: str
    number: str = ""
    brand: str = ""
    exp_month: int = 0
    exp_year: int = 0
    name: str | None = None
    email: str | None = None
    customer: str | None = None
    fate: Fate | None = None


@dataclass(frozen=True, kw_only=True)
class Charge:
    id: str
    created: int
    amount: int
    currency: str
    payment_intent: str
    payment_method: str
    details: IntentDetails
    status: Literal["succeeded", "pending", "failed"]
    customer: str | None = None
    failure: PaymentError | None = None
    authenticated: bool = False
    amount_refunded: int = 0
    disputed: bool = False


@dataclass(frozen=True, kw_only=True)
class Refund:
    id: str
    created: int
    amount: int
    currency: str
    charge: str
    payment_intent: str
    metadata: Metadata
    status: RefundStatus
    reason: str | None = None
    # What becomes of it later, and when; neither for a refund that is settled.
    becomes: RefundStatus | None = None
    settles_at: float | None = None
    failed_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class Dispute:
    id: str
    created: int
    amount: int
    currency: str
    charge: str
    payment_intent: str


@dataclass(frozen=True, kw_only=True)
class Payout:
    """`transactions` are the ids of the balance transactions that it pays out."""

    id: str
    created: int
    amount: int
    currency: str
    transactions: list[str]


@dataclass(frozen=True, kw_only=True)
class BalanceTransaction:
    """Never stored: the charges, refunds and payouts tell which there are."""

    id: str
    created: int
    amount: int
    currency: str
    type: Literal["charge", "payment", "refund", "refund_failure", "payout"]
    source: str
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Customer:
    id: str
    created: int
    metadata: Metadata
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    description: str | None = None
    default_payment_method: str | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    id: str
    created: int
    url: str
    secret: str
    enabled_events: list[str]
    metadata: Metadata = field(default_factory=dict)
    description: str | None = None
    api_version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """`data` is the JSON text of the object as it was when the event happened."""

    id: str
    created: int
    type: str
    data: str
    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """The first answer to an idempotency key, given again to each repeat of the same request."""

    id: str
    fingerprint: str
    status: int
    body: str
    request_id: str
