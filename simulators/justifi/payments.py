"""Payments: create, get, list, change, capture, void, and what each did to the balance."""

from dataclasses import replace
from typing import Literal

from pydantic import Field, StrictInt

from simulators.identifiers import new_id
from simulators.justifi import attempts, cards, ledger, objects, records
from simulators.justifi.bodies import (
    Amount,
    Descriptor,
    FeeParams,
    Metadata,
    Nested,
    Params,
    Text,
    check_amount,
    check_fees,
)
from simulators.justifi.errors import UnfitRequestError, Wire, invalid
from simulators.justifi.lists import ListQuery, envelope, page
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.platform import JustifiPlatform

VOID_WINDOW = 25 * 60
Filter = Literal["succeeded", "failed", "pending", "authorized", "refunded", "disputed"]


class MethodToken(Nested):
    token: Text


class CreatePayment(Params):
    amount: Amount
    currency: Literal["usd", "cad"]
    capture_strategy: records.CaptureStrategy
    payment_method: MethodToken
    email: str | None = None
    description: str | None = None
    statement_descriptor: Descriptor | None = None
    metadata: Metadata | None = None
    expedited: bool | None = None
    application_fee_amount: StrictInt | None = Field(default=None, ge=0)
    fees: tuple[FeeParams, ...] | None = None


class ChangePayment(Params):
    description: str | None = None
    metadata: Metadata | None = None


class ListPayments(ListQuery):
    payment_method_id: str | None = None
    void_id: str | None = None
    payment_status: Filter | None = None


def create_payment(platform: JustifiPlatform, call: Call[CreatePayment]) -> Wire:
    asked = call.params
    check_amount(asked.amount)
    _check_fees(asked)
    method = usable_method(platform, asked.payment_method.token, call.sub_account)
    if method.kind == "bank_account" and asked.capture_strategy == "manual":
        raise invalid("capture_strategy_invalid", "A debit is captured automatically")
    wish = attempts.Wish(
        account_id=call.sub_account,
        amount=asked.amount,
        currency=asked.currency,
        method=method,
        capture_strategy=asked.capture_strategy,
        fees=fee_wishes(asked.fees),
        application_fee=asked.application_fee_amount,
        description=asked.description,
        statement_descriptor=asked.statement_descriptor,
        email=asked.email,
        metadata=asked.metadata,
        expedited=asked.expedited,
    )
    payment = attempts.attempt(platform, wish, call.origin)
    if payment.status == "failed" and payment.scenario:
        raise cards.declined(payment.scenario)
    data = objects.payment(platform, payment, creating=True)
    return envelope(payment.id, "payment", data, None)


def usable_method(platform: JustifiPlatform, token: str, account_id: str) -> records.PaymentMethod:
    method = platform.methods.get(token)
    if method is None or method.account_id != account_id:
        raise UnfitRequestError(
            422, "payment_method_not_found", "Payment method not found", "payment_method.token"
        )
    return method


def fee_wishes(fees: tuple[FeeParams, ...] | None) -> list[records.FeeWish] | None:
    if fees is None:
        return None
    return [records.FeeWish(type=fee.type, amount=fee.amount) for fee in fees]


def retrieve_payment(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    return _wire(platform, found(platform, platform.payments, call))


def list_payments(platform: JustifiPlatform, call: Call[ListPayments]) -> Wire:
    wanted = call.params
    fitting = (
        payment
        for payment in seen(platform, platform.payments.newest_first(), call)
        if wanted.payment_method_id in (None, payment.payment_method)
        and wanted.void_id in (None, payment.void_id)
        and _is_of(payment, wanted.payment_status)
    )
    return page(wanted, fitting, lambda payment: objects.payment(platform, payment))


def change_payment(platform: JustifiPlatform, call: Call[ChangePayment]) -> Wire:
    """Metadata is replaced as a whole."""
    payment = found(platform, platform.payments, call)
    given = call.params.model_dump(exclude_unset=True)
    return _wire(platform, platform.payments.put(replace(payment, updated=platform.now(), **given)))


def capture_payment(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    payment = found(platform, platform.payments, call)
    if payment.captured:
        raise invalid("payment_already_captured", "The payment was captured already")
    if payment.status == "canceled":
        raise invalid("charge_expired_for_capture", "The payment can no longer be captured")
    if payment.status != "authorized":
        raise invalid("payment_not_capturable", "The payment cannot be captured")
    return _wire(platform, attempts.capture(platform, payment, call.origin))


def void_payment(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    payment = found(platform, platform.payments, call)
    if payment.status not in ("authorized", "succeeded", "pending"):
        raise invalid("payment_not_voidable", "The payment cannot be voided")
    if platform.now() > payment.created + VOID_WINDOW:
        raise invalid("payment_outside_void_window", "The payment is too old to be voided")
    if payment.captured:
        ledger.book_void(platform, payment)
    fees = [replace(fee, remaining=0) for fee in payment.fees]
    voided = replace(payment, void_id=new_id("vo_", 22), fees=fees)
    return _wire(platform, attempts.cancel(platform, voided, call.origin))


def _check_fees(asked: CreatePayment) -> None:
    if asked.fees is not None and asked.application_fee_amount is not None:
        raise UnfitRequestError(
            422, "fee_and_application_fee_declared", "Give fees or application_fee_amount"
        )
    check_fees(asked.fees or (), asked.amount)
    if (asked.application_fee_amount or 0) > asked.amount:
        raise UnfitRequestError(
            422, "fee_amount_greater_than_payment_amount", "The fee exceeds the amount"
        )


def _is_of(payment: records.Payment, wanted: Filter | None) -> bool:
    """The filter's words are fewer than the statuses."""
    if wanted == "refunded":
        return payment.status in ("partially_refunded", "fully_refunded")
    return wanted in (None, payment.status)


def _wire(platform: JustifiPlatform, payment: records.Payment) -> Wire:
    return envelope(payment.id, "payment", objects.payment(platform, payment), None)
