"""Checkouts: create, get, list, change, complete, refund; one that nobody pays ends in a week."""

from dataclasses import replace
from typing import Literal

from pydantic import StrictInt

from simulators.identifiers import new_id
from simulators.justifi import attempts, checkout_objects, records, refunds
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
from simulators.justifi.errors import JustifiError, Wire, invalid
from simulators.justifi.lists import ListQuery, envelope, page
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.payments import fee_wishes, usable_method
from simulators.justifi.platform import JustifiPlatform, Origin

OPEN = ("created", "attempted")
LIFETIME = 7 * 24 * 3600
# Where a sub account is at home: the body of a checkout names no currency.
CANADIAN = "acc_ca"
Mode = Literal["bnpl", "ecom", "card_present", "apple_pay"]


class FeeAmount(Nested):
    amount: StrictInt


class ApplicationFees(Nested):
    card: FeeAmount | None = None
    bank_account: FeeAmount | None = None


class CheckoutPayment(Nested):
    description: str | None = None
    metadata: Metadata | None = None
    expedited: bool | None = None
    fees: tuple[FeeParams, ...] | None = None


class CreateCheckout(Params):
    amount: Amount
    description: Text
    origin_url: str | None = None
    payment_method_group_id: str | None = None
    statement_descriptor: Descriptor | None = None
    metadata: Metadata | None = None
    application_fees: ApplicationFees | None = None
    payment: CheckoutPayment | None = None


class ChangeCheckout(Params):
    amount: Amount | None = None
    description: Text | None = None
    statement_descriptor: Descriptor | None = None
    metadata: Metadata | None = None
    application_fees: ApplicationFees | None = None


class CompleteCheckout(Params):
    payment_token: Text
    payment_mode: Mode = "ecom"


class RefundCheckout(Params):
    amount: StrictInt | None = None
    fees: tuple[FeeParams, ...] = ()


class ListCheckouts(ListQuery):
    payment_mode: Mode | None = None
    status: records.CheckoutStatus | None = None
    payment_status: Literal["succeeded", "failed", "canceled", "skipped", "pending"] | None = None


def create_checkout(platform: JustifiPlatform, call: Call[CreateCheckout]) -> Wire:
    asked = call.params
    check_amount(asked.amount)
    if asked.payment and asked.payment.fees:
        check_fees(asked.payment.fees, asked.amount)
    now = platform.now()
    checkout = platform.checkouts.put(
        records.Checkout(
            id=new_id("cho_", 22),
            account_id=call.sub_account,
            created=now,
            updated=now,
            expires_at=now + LIFETIME,
            amount=asked.amount,
            currency="cad" if call.sub_account.startswith(CANADIAN) else "usd",
            description=asked.description,
            group_id=asked.payment_method_group_id,
            origin_url=asked.origin_url,
            statement_descriptor=asked.statement_descriptor,
            metadata=asked.metadata,
            payment=_payment_wish(asked.payment),
            application_fees=_application_fees(asked.application_fees),
        )
    )
    platform.due.enter(checkout.expires_at, checkout.id)
    _emit(platform, checkout, "checkout.created", call.origin)
    return _wire(platform, checkout)


def retrieve_checkout(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    return _wire(platform, found(platform, platform.checkouts, call))


def list_checkouts(platform: JustifiPlatform, call: Call[ListCheckouts]) -> Wire:
    wanted = call.params
    fitting = (
        checkout
        for checkout in seen(platform, platform.checkouts.newest_first(), call)
        if wanted.status in (None, checkout.status) and _was_tried(checkout, wanted)
    )
    return page(wanted, fitting, lambda one: checkout_objects.checkout(platform, one))


def change_checkout(platform: JustifiPlatform, call: Call[ChangeCheckout]) -> Wire:
    checkout = found(platform, platform.checkouts, call)
    _check_open(checkout)
    asked = call.params
    given = asked.model_dump(exclude_unset=True, exclude={"application_fees"})
    if asked.amount is not None:
        check_amount(asked.amount)
    if asked.application_fees is not None:
        given["application_fees"] = _application_fees(asked.application_fees)
    return _wire(
        platform, platform.checkouts.put(replace(checkout, updated=platform.now(), **given))
    )


def complete_checkout(platform: JustifiPlatform, call: Call[CompleteCheckout]) -> Wire:
    """A declined payment is a completion that failed, not a refusal; it can be tried again."""
    checkout = found(platform, platform.checkouts, call)
    _check_open(checkout)
    method = usable_method(platform, call.params.payment_token, checkout.account_id)
    checkout, completion = complete(
        platform, checkout, method, call.params.payment_mode, call.origin
    )
    data = checkout_objects.completion(platform, checkout, completion)
    data["checkout"] = checkout_objects.checkout(platform, checkout)
    return envelope(completion.id, "checkout_completion", data, None)


def complete(
    platform: JustifiPlatform,
    checkout: records.Checkout,
    method: records.PaymentMethod,
    mode: str,
    origin: Origin,
) -> tuple[records.Checkout, records.Completion]:
    payment = attempts.attempt(platform, _wish(checkout, method), origin)
    completion = _completion(platform, payment, mode)
    is_paid = completion.status == "succeeded"
    checkout = platform.checkouts.put(
        replace(
            checkout,
            updated=platform.now(),
            status="completed" if is_paid else "attempted",
            successful_payment_id=payment.id if is_paid else None,
            completions=[*checkout.completions, completion],
        )
    )
    wire = checkout_objects.completion(platform, checkout, completion)
    name = f"checkout.completion.{completion.status}"
    platform.emit(name, checkout.account_id, wire, origin)
    if is_paid:
        _emit(platform, checkout, "checkout.completed", origin)
    return checkout, completion


def refund_checkout(platform: JustifiPlatform, call: Call[RefundCheckout]) -> Wire:
    checkout = found(platform, platform.checkouts, call)
    payment = platform.payments.get(checkout.successful_payment_id or "")
    if payment is None:
        raise invalid("refund_error", "The checkout was not paid")
    asked = refunds.CreateRefund(amount=call.params.amount, fees=call.params.fees)
    refund = refunds.refund_payment(platform, payment, asked, call.origin)
    data = checkout_objects.checkout_refund(checkout, refund)
    return envelope(str(data["id"]), "checkout_refund", data, None)


def expire(platform: JustifiPlatform, checkout: records.Checkout) -> records.Checkout:
    """JustiFi tells nobody of it."""
    return platform.checkouts.put(replace(checkout, status="expired", updated=platform.now()))


def is_open(checkout: records.Checkout) -> bool:
    return checkout.status in OPEN


def _check_open(checkout: records.Checkout) -> None:
    if not is_open(checkout):
        raise JustifiError(422, f"checkout_{checkout.status}", f"Checkout is {checkout.status}")


def _was_tried(checkout: records.Checkout, wanted: ListCheckouts) -> bool:
    if wanted.payment_mode is None and wanted.payment_status is None:
        return True
    return any(
        wanted.payment_mode in (None, tried.mode)
        and wanted.payment_status in (None, tried.payment_status)
        for tried in checkout.completions
    )


def _payment_wish(asked: CheckoutPayment | None) -> records.PaymentWish | None:
    if asked is None:
        return None
    return records.PaymentWish(
        description=asked.description,
        metadata=asked.metadata,
        expedited=asked.expedited,
        fees=fee_wishes(asked.fees),
    )


def _application_fees(asked: ApplicationFees | None) -> dict[str, int]:
    given = asked.model_dump(exclude_none=True) if asked else {}
    return {kind: fee["amount"] for kind, fee in given.items()}


def _wish(checkout: records.Checkout, method: records.PaymentMethod) -> attempts.Wish:
    """What the checkout says of its payment goes before what it says of itself."""
    own = checkout.payment or records.PaymentWish()
    return attempts.Wish(
        account_id=checkout.account_id,
        amount=checkout.amount,
        currency=checkout.currency,
        method=method,
        fees=own.fees,
        application_fee=checkout.application_fees.get(method.kind) if own.fees is None else None,
        description=own.description or checkout.description,
        statement_descriptor=checkout.statement_descriptor,
        metadata=checkout.metadata if own.metadata is None else own.metadata,
        expedited=own.expedited,
        checkout_id=checkout.id,
    )


def _completion(
    platform: JustifiPlatform, payment: records.Payment, mode: str
) -> records.Completion:
    """A debit under way counts as succeeded; whether it settles, the payment tells later."""
    failed = payment.status == "failed"
    return records.Completion(
        id=new_id("chc_", 22),
        created=platform.now(),
        token=payment.payment_method,
        mode=mode,
        status="failed" if failed else "succeeded",
        payment_status=(
            "failed" if failed else "pending" if payment.status == "pending" else "succeeded"
        ),
        payment_id=payment.id,
        error_code=payment.error_code,
        error_description=payment.error_description,
    )


def _emit(platform: JustifiPlatform, checkout: records.Checkout, name: str, origin: Origin) -> None:
    wire = checkout_objects.checkout(platform, checkout)
    platform.emit(name, checkout.account_id, wire, origin)


def _wire(platform: JustifiPlatform, checkout: records.Checkout) -> Wire:
    wire = checkout_objects.checkout(platform, checkout)
    return envelope(checkout.id, "checkout", wire, None)
