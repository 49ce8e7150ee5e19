"""Refunds: capped by what the charge still holds; some cards let them fail or settle later."""

import time
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import payment_objects, records
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.attempts import charge_wire
from simulators.stripe.cards import BY_NUMBER
from simulators.stripe.currencies import readable
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import Integer, Metadata, Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class CreateRefund(Params):
    payment_intent: Text | None = None
    charge: Text | None = None
    amount: Annotated[Integer, Field(ge=1)] | None = None
    metadata: Metadata = Field(default_factory=dict)
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class ListRefunds(ListParams):
    payment_intent: Text | None = None
    charge: Text | None = None


def create_refund(account: StripeAccount, call: Call[CreateRefund]) -> Wire:
    charge = _charge_of(account, call.params)
    amount = _refundable(charge, call.params.amount)
    refund = _new_refund(account, charge, amount, call.params)
    before: Wire = {"amount_refunded": charge.amount_refunded}
    charge = account.charges.put(replace(charge, amount_refunded=charge.amount_refunded + amount))
    account.emit("refund.created", payment_objects.refund(refund), call.origin)
    account.emit("charge.refunded", charge_wire(account, charge), call.origin, before)
    if refund.status == "succeeded":
        wire = payment_objects.refund(refund)
        account.emit("refund.updated", wire, call.origin, {"status": "pending"})
    return payment_objects.refund(refund)


def retrieve_refund(account: StripeAccount, call: Call[Params]) -> Wire:
    return payment_objects.refund(account.find(account.refunds, call.subject, "refund"))


def list_refunds(account: StripeAccount, call: Call[ListRefunds]) -> Wire:
    wanted = call.params
    fitting = (
        refund
        for refund in account.refunds.newest_first()
        if wanted.payment_intent in (None, refund.payment_intent)
        and wanted.charge in (None, refund.charge)
    )
    return page("/v1/refunds", wanted, fitting, payment_objects.refund)


def settle(account: StripeAccount, refund: records.Refund) -> None:
    """The later end of a refund: paid out, or failed and the money back on the charge."""
    before: Wire = {"status": refund.status}
    if refund.becomes is None:
        return
    failed_at = account.now() if refund.becomes == "failed" else None
    settled = account.refunds.put(
        replace(refund, status=refund.becomes, becomes=None, settles_at=None, failed_at=failed_at)
    )
    wire = payment_objects.refund(settled)
    if settled.status == "failed":
        charge = account.find(account.charges, refund.charge, "charge")
        left = charge.amount_refunded - refund.amount
        account.charges.put(replace(charge, amount_refunded=left))
        account.emit("refund.failed", wire, BY_ITSELF)
    account.emit("refund.updated", wire, BY_ITSELF, before)


def _charge_of(account: StripeAccount, params: CreateRefund) -> records.Charge:
    if params.charge:
        return account.find(account.charges, params.charge, "charge", "charge")
    if not params.payment_intent:
        raise StripeError(
            "One of the following params should be provided for this request: "
            "payment_intent or charge.",
            code="parameter_missing",
        )
    intent = account.find(
        account.intents, params.payment_intent, "payment_intent", "payment_intent"
    )
    charge = account.charges.get(intent.latest_charge or "")
    if charge is None or charge.status != "succeeded":
        raise _uncharged(f"This PaymentIntent ({intent.id})")
    return charge


def _uncharged(subject: str) -> StripeError:
    message = f"{subject} does not have a successful charge to refund."
    return StripeError(message, code="charge_not_refundable", param="payment_intent")


def _refundable(charge: records.Charge, wanted: int | None) -> int:
    left = charge.amount - charge.amount_refunded
    if charge.status != "succeeded":
        raise _uncharged(f"Charge {charge.id}")
    if charge.disputed:
        raise StripeError(
            f"Charge {charge.id} has been charged back; cannot issue a refund.",
            code="refund_disputed_payment",
        )
    if not left:
        raise StripeError(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    if wanted is not None and wanted > left:
        raise StripeError(
            f"Refund amount ({readable(wanted, charge.currency)}) is greater than unrefunded "
            f"amount on charge ({readable(left, charge.currency)})",
            code="amount_too_large",
            param="amount",
        )
    return left if wanted is None else wanted


def _new_refund(
    account: StripeAccount, charge: records.Charge, amount: int, params: CreateRefund
) -> records.Refund:
    status, becomes = _fate(account, charge)
    identifier = new_id("re_3")
    settles_at = time.time() + account.options.settle_after if becomes else None
    if settles_at is not None:
        account.due.enter(settles_at, identifier)
    return account.refunds.put(
        records.Refund(
            id=identifier,
            created=account.now(),
            amount=amount,
            currency=charge.currency,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            metadata=params.metadata,
            reason=params.reason,
            status=status,
            becomes=becomes,
            settles_at=settles_at,
        )
    )


def _fate(
    account: StripeAccount, charge: records.Charge
) -> tuple[records.RefundStatus, records.RefundStatus | None]:
    method = account.find(account.methods, charge.payment_method, "payment_method")
    card = BY_NUMBER.get(method.number)
    if card is None:
        # A bank debit is given back the slow way it came.
        return "pending", "succeeded"
    match card.refund:
        case "settles_later":
            return "pending", "succeeded"
        case "fails_later":
            return "succeeded", "failed"
        case _:
            return "succeeded", None
