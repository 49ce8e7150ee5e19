"""Refunds: made of a payment, read by themselves; which fees go back is the merchant's to say."""

from dataclasses import replace
from typing import Literal

from pydantic import StrictInt

from simulators.identifiers import new_id
from simulators.justifi import ledger, objects, records
from simulators.justifi.bodies import FeeParams, Metadata, Params
from simulators.justifi.errors import Wire, invalid
from simulators.justifi.lists import ListQuery, envelope, page
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.platform import JustifiPlatform, Origin


class CreateRefund(Params):
    amount: StrictInt | None = None
    description: str | None = None
    reason: Literal["duplicate", "fraudulent", "customer_request"] | None = None
    fees: tuple[FeeParams, ...] = ()
    metadata: Metadata | None = None


class ChangeRefund(Params):
    metadata: Metadata | None = None


def create_refund(platform: JustifiPlatform, call: Call[CreateRefund]) -> Wire:
    payment = found(platform, platform.payments, call)
    return _wire(refund_payment(platform, payment, call.params, call.origin))


def refund_payment(
    platform: JustifiPlatform, payment: records.Payment, asked: CreateRefund, origin: Origin
) -> records.Refund:
    amount = _refundable(payment, asked.amount)
    fees, returned = _returned(payment, asked.fees)
    now = platform.now()
    refund = platform.refunds.put(
        records.Refund(
            id=new_id("re_", 22),
            account_id=payment.account_id,
            payment_id=payment.id,
            created=now,
            updated=now,
            amount=amount,
            currency=payment.currency,
            status="succeeded",
            description=asked.description,
            reason=asked.reason,
            metadata=asked.metadata,
            returned_fees=returned,
        )
    )
    ledger.book_refund(platform, payment, refund)
    left = payment.amount - payment.refunded - amount
    platform.payments.put(
        replace(
            payment,
            updated=now,
            refunded=payment.refunded + amount,
            refund_ids=[*payment.refund_ids, refund.id],
            fees=fees,
            status="partially_refunded" if left else "fully_refunded",
        )
    )
    platform.emit("payment.refunded", refund.account_id, objects.refund(refund), origin)
    return refund


def retrieve_refund(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    return _wire(found(platform, platform.refunds, call))


def list_refunds(platform: JustifiPlatform, call: Call[ListQuery]) -> Wire:
    fitting = seen(platform, platform.refunds.newest_first(), call)
    return page(call.params, fitting, objects.refund)


def change_refund(platform: JustifiPlatform, call: Call[ChangeRefund]) -> Wire:
    refund = found(platform, platform.refunds, call)
    metadata = call.params.metadata
    refund = platform.refunds.put(replace(refund, updated=platform.now(), metadata=metadata))
    wire = objects.refund(refund)
    platform.emit("payment.refund.updated", refund.account_id, wire, call.origin)
    return _wire(refund)


def _refundable(payment: records.Payment, asked: int | None) -> int:
    left = payment.amount - payment.refunded
    if not payment.captured or payment.status == "canceled":
        raise invalid("refund_error", "The payment cannot be refunded")
    if left == 0:
        raise invalid("payment_fully_refunded", "The payment was refunded already")
    amount = left if asked is None else asked
    if amount <= 0:
        raise invalid("amount_must_be_an_integer", "Amount must be a positive integer", "amount")
    if amount > payment.amount:
        raise invalid("refund_exceeds_payment_amount", "The refund exceeds the payment", "amount")
    if amount > left:
        raise invalid(
            "refund_exceeds_amount_available", "The refund exceeds what is left", "amount"
        )
    return amount


def _returned(
    payment: records.Payment, asked: tuple[FeeParams, ...]
) -> tuple[list[records.Fee], list[records.ReturnedFee]]:
    """The payment's fees after the refund, and what of them goes back."""
    fees, returned = {fee.type: fee for fee in payment.fees}, []
    for wanted in asked:
        fee = fees.get(wanted.type)
        if fee is None:
            raise invalid(
                "fee_type_must_exist_on_payment_fees", "The payment has no such fee", "fees"
            )
        if wanted.amount > fee.remaining:
            raise invalid(
                "returned_fee_exceeds_remaining_amount", "More than remains of the fee", "fees"
            )
        fees[wanted.type] = replace(fee, remaining=fee.remaining - wanted.amount)
        returned.append(_returned_fee(fees[wanted.type], wanted.amount))
    return list(fees.values()), returned


def _returned_fee(fee: records.Fee, amount: int) -> records.ReturnedFee:
    return records.ReturnedFee(
        id=new_id("rtfee_", 22),
        payment_fee_id=fee.id,
        type=fee.type,
        returned=amount,
        original=fee.amount,
        remaining=fee.remaining,
    )


def _wire(refund: records.Refund) -> Wire:
    return envelope(refund.id, "refund", objects.refund(refund), None)
