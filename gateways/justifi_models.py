"""What JustiFi answers, as far as it is published: made by scripts/justifi_models.py.

Do not edit: mend the script, or the facts that it reads, and run it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from gateways.justifi_object import JustifiMoment, JustifiObject


class PaymentApplicationFee(JustifiObject):
    amount: int | None = None
    created_at: JustifiMoment | None = None
    currency: str | None = None
    id: str | None = None
    updated_at: JustifiMoment | None = None


class PaymentFee(JustifiObject):
    amount: int | None = None
    currency: str | None = None
    id: str | None = None
    remaining_amount: int | None = None
    source_configuration_id: str | None = None
    source_fee_type: str | None = None
    type: str | None = None


class PaymentTransactionHold(JustifiObject):
    financial_transaction_id: str | None = None
    id: str | None = None


class PaymentMethodBankAccount(JustifiObject):
    account_number_last4: str | None = None
    account_owner_name: str | None = None
    account_type: str | None = None
    acct_last_four: str | None = None
    bank_name: str | None = None
    brand: str | None = None
    id: str | None = None
    metadata: Mapping[str, JsonValue] | None = None
    name: str | None = None
    token: str | None = None


class PaymentMethodCardBinDetails(JustifiObject):
    card_brand: str | None = None
    card_class: str | None = None
    country: str | None = None
    funding_source: str | None = None
    issuer: str | None = None
    type: str | None = None


class PaymentMethodCardPresent(JustifiObject):
    brand: str | None = None
    cardholder_name: str | None = None
    expiry: str | None = None
    id: str | None = None
    last4: str | None = None
    type: str | None = None


class RefundReturnedFee(JustifiObject):
    currency: str | None = None
    id: str | None = None
    original_amount: int | None = None
    payment_fee_id: str | None = None
    remaining_amount: int | None = None
    returned_amount: int | None = None
    type: str | None = None


class PayoutBankAccount(JustifiObject):
    account_number_last4: str | None = None
    account_type: str | None = None
    bank_name: str | None = None
    country: str | None = None
    currency: str | None = None
    full_name: str | None = None
    id: str | None = None
    nickname: str | None = None
    routing_number: str | None = None


class BalanceTransaction(JustifiObject):
    account_id: str | None = None
    amount: int
    available_on: JustifiMoment | None = None
    created_at: JustifiMoment | None = None
    currency: str
    description: str | None = None
    fee: int
    financial_transaction_id: str | None = None
    id: str
    net: int
    payout_id: str | None = None
    source_id: str | None = None
    source_payment_id: str | None = None
    source_type: str | None = None
    txn_type: str
    updated_at: JustifiMoment | None = None


class CheckoutPayment(JustifiObject):
    description: str | None = None
    expedited: bool | None = None
    fees: Sequence[PaymentFee] | None = None
    metadata: Mapping[str, JsonValue] | None = None


class PageInfo(JustifiObject):
    end_cursor: str | None = None
    has_next: bool | None = None
    has_previous: bool | None = None
    start_cursor: str | None = None


class Envelope(JustifiObject):
    data: JsonValue | None = None
    id: str | None = None
    page_info: PageInfo | None = None
    type: str | None = None


class Decline(JustifiObject):
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None
    network: str | None = None
    network_error_category: str | None = None
    network_error_code: str | None = None
    param: str | None = None


class Event(JustifiObject):
    account_id: str | None = None
    account_type: str | None = None
    data: Mapping[str, JsonValue]
    event_name: str
    id: str
    idempotency_key: str | None = None
    platform_account_id: str | None = None
    request_id: str | None = None
    version: str | None = None


class PaymentMethodCard(JustifiObject):
    acct_last_four: str | None = None
    address_line1_check: str | None = None
    address_postal_code_check: str | None = None
    bin_details: PaymentMethodCardBinDetails | None = None
    brand: str | None = None
    digital_wallet: str | None = None
    id: str | None = None
    metadata: Mapping[str, JsonValue] | None = None
    month: str | None = None
    name: str | None = None
    token: str | None = None
    year: str | None = None


class Refund(JustifiObject):
    amount: int
    created_at: JustifiMoment | None = None
    description: str | None = None
    id: str
    metadata: Mapping[str, JsonValue] | None = None
    payment_id: str | None = None
    reason: str | None = None
    returned_fees: Sequence[RefundReturnedFee] | None = None
    status: str
    updated_at: JustifiMoment | None = None


class Payout(JustifiObject):
    account_id: str | None = None
    amount: int
    bank_account: PayoutBankAccount | None = None
    created_at: JustifiMoment | None = None
    currency: str
    delivery_method: str | None = None
    deposits_at: JustifiMoment | None = None
    description: str | None = None
    fees_total: int | None = None
    id: str
    metadata: Mapping[str, JsonValue] | None = None
    other_total: int | None = None
    payments_count: int | None = None
    payments_total: int | None = None
    payout_type: str | None = None
    refunds_count: int | None = None
    refunds_total: int | None = None
    settlement_priority: str | None = None
    status: str
    updated_at: JustifiMoment | None = None


class CheckoutCompletion(JustifiObject):
    additional_transactions: Sequence[JsonValue] | None = None
    checkout: Mapping[str, JsonValue] | None = None
    checkout_id: str | None = None
    created_at: JustifiMoment | None = None
    id: str
    payment_error_code: str | None = None
    payment_error_description: str | None = None
    payment_id: str | None = None
    payment_method_id: str | None = None
    payment_mode: str | None = None
    payment_response: Envelope | None = None
    payment_status: str | None = None
    payment_token: str | None = None
    status: str | None = None
    terminal_id: str | None = None
    updated_at: JustifiMoment | None = None


class PaymentMethod(JustifiObject):
    account_id: str | None = None
    bank_account: PaymentMethodBankAccount | None = None
    card: PaymentMethodCard | None = None
    card_present: PaymentMethodCardPresent | None = None
    created_at: JustifiMoment | None = None
    customer_id: str | None = None
    id: str | None = None
    invalid_reason: str | None = None
    signature: str | None = None
    status: str | None = None
    updated_at: JustifiMoment | None = None


class Checkout(JustifiObject):
    account_id: str | None = None
    application_fees: Mapping[str, JsonValue] | None = None
    completions: Sequence[CheckoutCompletion] | None = None
    created_at: JustifiMoment | None = None
    id: str
    metadata: Mapping[str, JsonValue] | None = None
    mode: str | None = None
    payment: CheckoutPayment | None = None
    payment_amount: int
    payment_currency: str | None = None
    payment_description: str | None = None
    payment_intent_id: str | None = None
    payment_method_group_id: str | None = None
    payment_methods: Sequence[JsonValue] | None = None
    payment_settings: Mapping[str, JsonValue] | None = None
    platform_account_id: str | None = None
    statement_descriptor: str | None = None
    status: str
    successful_payment_id: str | None = None
    updated_at: JustifiMoment | None = None


class Payment(JustifiObject):
    account_id: str | None = None
    amount: int
    amount_disputed: int | None = None
    amount_refundable: int | None = None
    amount_refunded: int | None = None
    amount_returned: int | None = None
    application_fee: PaymentApplicationFee | None = None
    application_fee_rate_id: str | None = None
    balance: int | None = None
    capture_strategy: str | None = None
    captured: bool | None = None
    checkout_id: str | None = None
    created_at: JustifiMoment | None = None
    currency: str
    description: str | None = None
    disputed: bool | None = None
    disputes: Sequence[JsonValue] | None = None
    error_code: str | None = None
    error_description: str | None = None
    expedited: bool | None = None
    fee_amount: int | None = None
    fees: Sequence[PaymentFee] | None = None
    financial_transaction_id: str | None = None
    id: str
    is_test: bool | None = None
    metadata: Mapping[str, JsonValue] | None = None
    payment_intent_id: str | None = None
    payment_method: PaymentMethod | None = None
    payment_mode: str | None = None
    refunded: bool | None = None
    refunds: Sequence[Refund] | None = None
    returned: bool | None = None
    statement_descriptor: str | None = None
    status: str
    terminal_id: str | None = None
    transaction_hold: PaymentTransactionHold | None = None
    updated_at: JustifiMoment | None = None
