"""What a simulated JustiFi platform keeps; moments are seconds since the epoch."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

Metadata = dict[str, JsonValue]
MethodKind = Literal["card", "bank_account"]
CaptureStrategy = Literal["automatic", "manual"]
FeeType = Literal["processing_fee", "platform_fee"]
PaymentStatus = Literal[
    "pending",
    "authorized",
    "canceled",
    "succeeded",
    "failed",
    "partially_refunded",
    "fully_refunded",
]
CheckoutStatus = Literal["created", "attempted", "completed", "expired"]
PayoutStatus = Literal["scheduled", "in_transit", "paid", "failed", "forwarded", "canceled"]
PayoutEnd = Literal["paid", "failed", "forwarded", "canceled"]
PayoutType = Literal["ach", "cc"]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """`shown` is the last four characters of its client id."""

    id: str
    shown: str


@dataclass(frozen=True, kw_only=True)
class Token:
    """`id` is the digest of the access token, which itself is not kept."""

    id: str
    expires: float


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """A receiver of events: JustiFi lets them be made in its dashboard only."""

    id: str
    url: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """`scenario` is how payments with it end; the number it stood under is not kept."""

    id: str
    account_id: str
    created: float
    kind: MethodKind
    name: str
    last_four: str
    brand: str
    month: str = ""
    year: str = ""
    account_type: str = ""
    scenario: str | None = None
    group_id: str | None = None
    metadata: Metadata | None = None


@dataclass(frozen=True, kw_only=True)
class Fee:
    id: str
    type: FeeType
    amount: int
    remaining: int
    # False for the fee that the sub account's own configuration asked for.
    asked: bool = True


@dataclass(frozen=True, kw_only=True)
class Payment:
    id: str
    account_id: str
    created: float
    updated: float
    amount: int
    currency: str
    capture_strategy: CaptureStrategy
    payment_method: str
    kind: MethodKind
    status: PaymentStatus
    captured: bool = False
    refunded: int = 0
    application_fee: int | None = None
    fees: list[Fee] = field(default_factory=list)
    description: str | None = None
    statement_descriptor: str | None = None
    email: str | None = None
    metadata: Metadata | None = None
    expedited: bool | None = None
    checkout_id: str | None = None
    error_code: str | None = None
    error_description: str | None = None
    financial_transaction_id: str = ""
    void_id: str | None = None
    refund_ids: list[str] = field(default_factory=list)
    # How a pending payment will end, and when.
    scenario: str | None = None
    settles_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnedFee:
    id: str
    payment_fee_id: str
    type: FeeType
    returned: int
    original: int
    remaining: int


@dataclass(frozen=True, kw_only=True)
class Refund:
    id: str
    account_id: str
    payment_id: str
    created: float
    updated: float
    amount: int
    currency: str
    status: Literal["pending", "succeeded", "failed"]
    description: str | None = None
    reason: str | None = None
    metadata: Metadata | None = None
    returned_fees: list[ReturnedFee] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Completion:
    id: str
    created: float
    token: str
    mode: str
    status: Literal["succeeded", "failed", "processing"]
    payment_status: Literal["succeeded", "failed", "pending", "canceled", "skipped"]
    payment_id: str | None
    error_code: str | None = None
    error_description: str | None = None


@dataclass(frozen=True, kw_only=True)
class FeeWish:
    type: FeeType
    amount: int


@dataclass(frozen=True, kw_only=True)
class PaymentWish:
    """What a checkout says about the payment it will make."""

    description: str | None = None
    metadata: Metadata | None = None
    expedited: bool | None = None
    fees: list[FeeWish] | None = None


@dataclass(frozen=True, kw_only=True)
class Checkout:
    id: str
    account_id: str
    created: float
    updated: float
    expires_at: float
    amount: int
    currency: str
    description: str
    status: CheckoutStatus = "created"
    group_id: str | None = None
    origin_url: str | None = None
    statement_descriptor: str | None = None
    metadata: Metadata | None = None
    payment: PaymentWish | None = None
    application_fees: dict[str, int] = field(default_factory=dict)
    successful_payment_id: str | None = None
    completions: list[Completion] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BalanceTransaction:
    """`payout_type` is by which kind of payout it will leave."""

    id: str
    account_id: str
    created: float
    updated: float
    available_on: float
    amount: int
    fee: int
    currency: str
    txn_type: str
    source_id: str
    source_type: str
    payout_type: PayoutType
    description: str | None = None
    financial_transaction_id: str = ""
    payout_id: str | None = None
    source_payment_id: str | None = None

    @property
    def net(self) -> int:
        return self.amount - self.fee


@dataclass(frozen=True, kw_only=True)
class Totals:
    """amount = payments + refunds - fees + other: what is refunded counts below zero."""

    payments_count: int
    payments_total: int
    refunds_count: int
    refunds_total: int
    fees_total: int
    other_total: int

    @property
    def amount(self) -> int:
        return self.payments_total + self.refunds_total - self.fees_total + self.other_total


@dataclass(frozen=True, kw_only=True)
class Payout:
    """`outcome` is how it will end unless somebody moves it otherwise."""

    id: str
    account_id: str
    created: float
    updated: float
    totals: Totals
    currency: str
    status: PayoutStatus
    payout_type: PayoutType
    submits_at: float
    deposits_at: float
    metadata: Metadata | None = None
    outcome: PayoutEnd = "paid"

    @property
    def amount(self) -> int:
        return self.totals.amount


@dataclass(frozen=True, kw_only=True)
class Event:
    """`data` is the resource as JSON."""

    id: str
    created: float
    name: str
    account_id: str
    data: str
    request_id: str | None
    idempotency_key: str | None


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """What a key was used for; `body` is None where the request failed."""

    id: str
    fingerprint: str
    status: int
    body: str | None
