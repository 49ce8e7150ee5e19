"""Stripe charging a saved payment method, and giving such a payment back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.connections import JsonObject
from domain.payments import Failure
from gateways.ability_parameters import PaymentWish, RefundWish
from gateways.faults import RefusedByProvider
from gateways.integrations import Ask, Done, ProviderCustomer
from gateways.stripe_amounts import to_stripe
from gateways.stripe_api import StripeApi, path_of
from gateways.stripe_payments import PAYMENTS, REFUNDS
from gateways.stripe_snapshots import (
    Declined,
    PaymentIntent,
    PricedIntent,
    Refund,
    unreadable,
)

if TYPE_CHECKING:
    from stripe.params import (
        PaymentIntentCreateParams,
        PaymentIntentListParams,
        RefundCreateParams,
        RefundListParams,
    )

_GONE_THROUGH = ("succeeded", "processing")
_NEEDS_THE_CUSTOMER = Failure(
    code="authentication_required",
    reason="Your bank asks you to confirm this payment yourself. Nothing was charged.",
)


@dataclass(frozen=True)
class StripeCharges:
    api: StripeApi

    async def charge(self, ask: Ask, /) -> Done:
        """A declined payment is a result: nothing was charged, and asking again may be of use."""
        wish = PaymentWish.of(ask)
        customer, method = _payer(ask, wish)
        if ask.repeated and (done := await self.find_charge(ask)) is not None:
            return done
        params: PaymentIntentCreateParams = {
            "amount": to_stripe(wish.money),
            "currency": wish.currency.lower(),
            "customer": customer.provider_customer_id,
            "payment_method": method,
            "confirm": True,
            "off_session": True,
            "metadata": {"execution_id": ask.execution_id},
        }
        if wish.description is not None:
            params["description"] = wish.description
        try:
            answer = await self.api.ask("post", PAYMENTS, params, ask.idempotency_key)
        except RefusedByProvider as refused:
            return Done(result=_declined(wish, Declined.told_by(refused)))
        return Done(result=_paid(wish, PaymentIntent.of(answer)))

    async def find_charge(self, ask: Ask, /) -> Done | None:
        """One that came to an end, or is on its way to one: of others nothing will be charged."""
        wish = PaymentWish.of(ask)
        customer, _ = _payer(ask, wish)
        params: PaymentIntentListParams = {"customer": customer.provider_customer_id}
        async for payment in self.api.listed(PaymentIntent, PAYMENTS, params):
            if payment.noted("execution_id") == ask.execution_id and (
                payment.status in _GONE_THROUGH or payment.last_payment_error is not None
            ):
                return Done(result=_paid(wish, payment))
        return None

    async def refund(self, ask: Ask, /) -> Done:
        wish = RefundWish.of(ask)
        if ask.repeated and (done := await self.find_refund(ask)) is not None:
            return done
        params: RefundCreateParams = {
            "payment_intent": wish.payment_id,
            "metadata": {"execution_id": ask.execution_id},
        }
        await self._require_fit(wish)
        if wish.money is not None:
            params["amount"] = to_stripe(wish.money)
        if wish.reason is not None:
            params["reason"] = wish.reason
        answer = await self.api.ask("post", REFUNDS, params, ask.idempotency_key)
        return Done(result=_refunded(Refund.of(answer)))

    async def _require_fit(self, wish: RefundWish) -> None:
        """A purchase's payment goes back by the purchase's own refund: its policy hangs on it.

        Stripe takes the bare number in the payment's currency, whichever was meant.
        """
        payment = PricedIntent.of(await self.api.ask("get", path_of(PAYMENTS, wish.payment_id)))
        purchase_id = payment.noted("purchase_id")
        if purchase_id is not None:
            message = f"this payment is of {purchase_id}: refund the purchase"
            raise RefusedByProvider(message, "payment_of_a_purchase")
        paid_in = payment.currency.upper()
        if wish.money is not None and paid_in != wish.currency:
            message = f"this payment was made in {paid_in}, not in {wish.currency}"
            raise RefusedByProvider(message, "currency_mismatch")

    async def find_refund(self, ask: Ask, /) -> Done | None:
        params: RefundListParams = {"payment_intent": RefundWish.of(ask).payment_id}
        async for refund in self.api.listed(Refund, REFUNDS, params):
            if refund.noted("execution_id") == ask.execution_id:
                return Done(result=_refunded(refund))
        return None


def _payer(ask: Ask, wish: PaymentWish) -> tuple[ProviderCustomer, str]:
    """And the payment method: the one asked for, or the one that was saved."""
    if ask.customer is None:
        message = "this customer is not known to Stripe yet: run CREATE_CUSTOMER_PROFILE first"
        raise RefusedByProvider(message, "unknown_customer")
    method = wish.payment_method_id or ask.customer.payment_method_id
    if method is None:
        message = (
            "this customer has no saved payment method: give a payment_method_id, or run "
            "CREATE_CUSTOMER_PROFILE with one first"
        )
        raise RefusedByProvider(message, "no_payment_method")
    return ask.customer, method


def _paid(wish: PaymentWish, payment: PaymentIntent) -> JsonObject:
    if payment.status in _GONE_THROUGH:
        return _result(wish, payment.id, payment.status, None)
    if payment.last_payment_error is not None:
        return _result(wish, payment.id, "declined", payment.last_payment_error.failure)
    if payment.status == "requires_action":
        return _result(wish, payment.id, "declined", _NEEDS_THE_CUSTOMER)
    raise unreadable(f"Stripe's payment {payment.id} is in no state known here")


def _declined(wish: PaymentWish, declined: Declined) -> JsonObject:
    needs_the_customer = declined.code == _NEEDS_THE_CUSTOMER.code
    failure = _NEEDS_THE_CUSTOMER if needs_the_customer else declined.failure
    payment_id = declined.payment_intent.id if declined.payment_intent else None
    return _result(wish, payment_id, "declined", failure)


def _result(
    wish: PaymentWish, payment_id: str | None, status: str, failure: Failure | None
) -> JsonObject:
    return {
        "payment_id": payment_id,
        "status": status,
        "amount": wish.amount,
        "currency": wish.currency,
        "failure_code": failure.code if failure else None,
        "failure_reason": failure.reason if failure else None,
    }


def _refunded(refund: Refund) -> JsonObject:
    made = refund.snapshot
    return {
        "refund_id": made.provider_refund_id,
        "payment_id": made.payment_id,
        "status": made.state.value,
        "amount": made.amount.minor,
        "currency": made.amount.currency,
        "failure_reason": made.failure_reason,
    }
