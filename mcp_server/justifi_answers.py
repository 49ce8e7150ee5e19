"""What the tools of JustiFi answer: JustiFi's own fields, without a payer's name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import BadAnswer, Code
from mcp_server.answers import Answer
from mcp_server.plain_text import plain_json


class Shown(BaseModel):
    """A part of an object of JustiFi's; what else it has is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def of(cls, told: object) -> Self:
        try:
            return cls.model_validate(told)
        except ValidationError as error:
            raise BadAnswer(
                Code.PROVIDER_ANSWERED_NONSENSE, "JustiFi's answer lacks what it should have"
            ) from error

    @model_validator(mode="before")
    @classmethod
    def _in_plain_words(cls, told: object) -> object:
        if not isinstance(told, Mapping):
            return told
        return {name: plain_json(value) for name, value in told.items() if value is not None}


class Refund(Shown):
    id: str
    payment_id: str | None = None
    amount: int
    status: str
    reason: str | None = None
    created_at: datetime | None = None


class Payment(Shown):
    """Amounts are minor units of the currency."""

    id: str
    account_id: str | None = None
    status: str = Field(
        description="pending, authorized, canceled, succeeded, failed, partially_refunded, "
        "fully_refunded, disputed, or a newer word of JustiFi's."
    )
    amount: int
    currency: str
    captured: bool | None = None
    capture_strategy: str | None = None
    amount_refunded: int | None = None
    amount_refundable: int | None = None
    description: str | None = None
    error_code: str | None = Field(None, description="Why a bank debit failed.")
    payment_mode: str | None = None
    disputed: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class CardShown(Shown):
    brand: str | None = None
    acct_last_four: str | None = None
    month: str | None = None
    year: str | None = None


class BankAccountShown(Shown):
    bank_name: str | None = None
    account_type: str | None = None
    acct_last_four: str | None = Field(
        None, validation_alias=AliasChoices("acct_last_four", "account_number_last4")
    )


class PaymentMethod(Shown):
    id: str
    account_id: str | None = None
    customer_id: str | None = Field(None, description="Deprecated by JustiFi; seldom there.")
    status: str | None = None
    invalid_reason: str | None = None
    card: CardShown | None = None
    bank_account: BankAccountShown | None = None
    created_at: datetime | None = None


class Payout(Shown):
    """amount = payments_total + refunds_total - fees_total + other_total; refunds are negative."""

    id: str
    account_id: str | None = None
    status: str = Field(
        description="scheduled, in_transit, paid, failed, canceled or forwarded: pending payouts "
        "are those scheduled and in_transit."
    )
    amount: int
    currency: str
    payout_type: str | None = None
    settlement_priority: str | None = None
    deposits_at: datetime | None = Field(None, description="When it arrives.")
    payments_count: int | None = None
    payments_total: int | None = None
    refunds_count: int | None = None
    refunds_total: int | None = None
    fees_total: int | None = None
    other_total: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class BalanceTransaction(Shown):
    id: str
    account_id: str | None = None
    txn_type: str
    amount: int
    fee: int
    net: int
    currency: str
    available_on: datetime | None = None
    payout_id: str | None = Field(None, description="None: it is in no payout yet.")
    source_id: str | None = None
    source_type: str | None = None
    source_payment_id: str | None = None
    created_at: datetime | None = None


class PageInfo(Shown):
    has_next: bool | None = None
    has_previous: bool | None = None
    start_cursor: str | None = None
    end_cursor: str | None = Field(None, description="Give it as after_cursor for the next page.")


class Decline(Shown):
    code: str | None = None
    decline_code: str | None = None
    network_error_category: str | None = None
    network_error_code: str | None = None


class JustifiAnswer(Answer):
    livemode: bool = Field(description="False means that no real money moves.")


class PaymentAnswer(JustifiAnswer):
    payment: Payment


class PaymentMethodAnswer(JustifiAnswer):
    payment_method: PaymentMethod


class PayoutAnswer(JustifiAnswer):
    payout: Payout


class Page(JustifiAnswer):
    page_info: PageInfo


class PaymentPage(Page):
    payments: tuple[Payment, ...]


class PaymentMethodPage(Page):
    payment_methods: tuple[PaymentMethod, ...]


class RefundPage(Page):
    refunds: tuple[Refund, ...]


class PayoutPage(Page):
    payouts: tuple[Payout, ...]


class BalanceTransactionPage(Page):
    balance_transactions: tuple[BalanceTransaction, ...]


class PaymentRefunds(JustifiAnswer):
    payment_id: str
    currency: str
    amount: int
    amount_refunded: int | None
    amount_refundable: int | None
    refunds: tuple[Refund, ...]


class Balance(Shown):
    """Minor units."""

    currency: str
    available: int
    pending: int


class BalanceAnswer(JustifiAnswer):
    derived: Literal[True] = Field(
        True, description="JustiFi tells no balance: this is our sum over its transactions."
    )
    method: str = Field(description="How the sum was made.")
    as_of: datetime
    transactions: int = Field(description="How many it was made of.")
    balances: tuple[Balance, ...]


class PayoutReportAnswer(JustifiAnswer):
    payout_id: str
    csv_url: str | None = Field(description="The report; the address expires.")


class PayoutWatch(JustifiAnswer):
    integration_id: str | None = Field(description="None: the environment's own account.")
    workflow_id: str = Field(description="The watch in Temporal, where operators see it.")


class WebhookEndpoint(Shown):
    url: str
    integration_id: str | None = Field(None, description="None: the environment's own account.")
    listening: bool = Field(description="False: no signing secret is set, and it refuses events.")


class WebhookEndpoints(JustifiAnswer):
    source: Literal["configured_here"] = Field(
        "configured_here", description="JustiFi's API has no list of them: it is kept here."
    )
    endpoints: tuple[WebhookEndpoint, ...]
    verify_signature: str = Field(description="How a receiver proves an event to be JustiFi's.")
    where_to_register: str


class MethodChange(JustifiAnswer):
    """Declined: the card or account was refused; nothing was kept."""

    status: Literal["done", "declined"]
    payment_method: PaymentMethod | None = None
    decline: Decline | None = None


class PaymentChange(JustifiAnswer):
    """Declined: JustiFi refused the card. Not agreed: a person said no; nothing was asked of it."""

    status: Literal["done", "declined", "not_agreed"]
    payment: Payment | None = None
    decline: Decline | None = None
