"""JustiFi charging a tokenised payment method, giving such a payment back, and a page to pay on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.connections import JsonObject
from domain.payments import Failure
from gateways import justifi_models as justifi
from gateways.ability_parameters import CheckoutWish, MethodWish, RefundWish
from gateways.faults import RefusedByProvider
from gateways.integrations import Ask, Done
from gateways.justifi_page import origin_of
from gateways.justifi_payments import REASONS, JustifiPayments, description_of
from gateways.justifi_snapshots import (
    RECEIVED,
    RETURN_URL,
    UNDER_WAY,
    UNPAYABLE,
    failure_of,
    noted,
    refund_snapshot_of,
    to_justifi,
    unreadable,
)

KEPT_FOR = timedelta(hours=24)  # an execution is over before its key is forgotten
STATUSES = {
    **dict.fromkeys(RECEIVED, "succeeded"),
    **dict.fromkeys(UNDER_WAY, "processing"),
    **dict.fromkeys(UNPAYABLE, "declined"),
}


@dataclass(frozen=True)
class JustifiCharges:
    """``payments`` knows how JustiFi is asked; here is what an execution makes of its answers."""

    payments: JustifiPayments

    async def charge(self, ask: Ask, /) -> Done:
        """A declined payment is a result: nothing was charged, and asking again may be of use."""
        wish = MethodWish.of(ask)
        if ask.repeated and (done := await self.find_charge(ask)) is not None:
            return done
        client = self.payments.client
        body: dict[str, object] = {
            "amount": to_justifi(wish.money),
            "currency": wish.currency.lower(),
            "capture_strategy": "automatic",
            "payment_method": {"token": wish.payment_method_id},
            "metadata": {"execution_id": ask.execution_id},
        }
        if wish.description is not None:
            body["description"] = wish.description
        answer = await client.write(
            justifi.Payment,
            client.endpoints.create_payment,
            idempotency_key=ask.idempotency_key,
            body=body,
        )
        if isinstance(answer, justifi.Decline):
            return Done(result=_declined(wish, answer))
        return Done(result=_paid(wish, answer))

    async def find_charge(self, ask: Ask, /) -> Done | None:
        wish, client = MethodWish.of(ask), self.payments.client
        made_with = {"payment_method_id": wish.payment_method_id}
        payments = client.listed(justifi.Payment, client.endpoints.list_payments, params=made_with)
        async for payment in payments:
            if noted(payment.metadata, "execution_id") == ask.execution_id:
                return Done(result=_paid(wish, payment))
        return None

    async def refund(self, ask: Ask, /) -> Done:
        wish = RefundWish.of(ask)
        payment = await self.payments.read_payment(wish.payment_id)
        if ask.repeated and (done := await self._find_refund(ask, payment)) is not None:
            return done
        _require_fit(wish, payment)
        body: dict[str, object] = {"metadata": {"execution_id": ask.execution_id}}
        if wish.money is not None:
            body["amount"] = to_justifi(wish.money)
        if wish.reason is not None:
            body["reason"] = REASONS.get(wish.reason, wish.reason)
        refund = await self.payments.make_refund(payment.id, body, ask.idempotency_key)
        return Done(result=_refunded(refund, payment))

    async def find_refund(self, ask: Ask, /) -> Done | None:
        payment = await self.payments.read_payment(RefundWish.of(ask).payment_id)
        return await self._find_refund(ask, payment)

    async def _find_refund(self, ask: Ask, payment: justifi.Payment) -> Done | None:
        made = await self.payments.refund_noted(payment, "execution_id", ask.execution_id)
        return Done(result=_refunded(made, payment)) if made else None

    async def create_checkout(self, ask: Ask, /) -> Done:
        wish = CheckoutWish.of(ask)
        made = await self._find_checkout(ask) if ask.repeated else None
        if made is None:
            body = _checkout_body(ask, wish, origin_of(self.payments.checkout_page))
            made = await self.payments.make_checkout(body, ask.idempotency_key, wish.money)
        page = self.payments.page_of(made)
        return Done(
            result={
                "session_id": page.session_id,
                "url": page.url,
                "expires_at": page.expires_at.isoformat(),
            }
        )

    async def _find_checkout(self, ask: Ask) -> justifi.Checkout | None:
        async for checkout in self.payments.checkouts_since(datetime.now(UTC) - KEPT_FOR):
            if noted(checkout.metadata, "execution_id") == ask.execution_id:
                return checkout
        return None


def _checkout_body(ask: Ask, wish: CheckoutWish, origin: str) -> Mapping[str, object]:
    ours = {"execution_id": ask.execution_id}
    return {
        "amount": to_justifi(wish.money),
        "description": description_of(wish.description) or "Payment",
        "origin_url": origin,
        "metadata": {**ours, RETURN_URL: wish.success_url},
        "payment": {"metadata": ours},
    }


def _require_fit(wish: RefundWish, payment: justifi.Payment) -> None:
    """A purchase's payment goes back by the purchase's own refund: its policy hangs on it.

    JustiFi takes the bare number in the payment's currency, whichever was meant.
    """
    purchase_id = noted(payment.metadata, "purchase_id")
    if purchase_id is not None:
        message = f"this payment is of {purchase_id}: refund the purchase"
        raise RefusedByProvider(message, "payment_of_a_purchase")
    paid_in = payment.currency.upper()
    if wish.money is not None and paid_in != wish.currency:
        message = f"this payment was made in {paid_in}, not in {wish.currency}"
        raise RefusedByProvider(message, "currency_mismatch")


def _paid(wish: MethodWish, payment: justifi.Payment) -> JsonObject:
    status = STATUSES.get(payment.status)
    if status is None:
        raise unreadable(f"JustiFi's payment {payment.id} is in no state known here")
    failure = None
    if status == "declined":
        failure = failure_of(payment.error_code, payment.error_description)
    return _result(wish, payment.id, status, failure)


def _declined(wish: MethodWish, decline: justifi.Decline) -> JsonObject:
    failure = failure_of(decline.decline_code or decline.code, decline.message)
    return _result(wish, None, "declined", failure)


def _result(
    wish: MethodWish, payment_id: str | None, status: str, failure: Failure | None
) -> JsonObject:
    return {
        "payment_id": payment_id,
        "status": status,
        "amount": wish.amount,
        "currency": wish.currency,
        "failure_code": failure.code if failure else None,
        "failure_reason": failure.reason if failure else None,
    }


def _refunded(refund: justifi.Refund, payment: justifi.Payment) -> JsonObject:
    made = refund_snapshot_of(refund, payment.currency)
    return {
        "refund_id": made.provider_refund_id,
        "payment_id": made.payment_id,
        "status": made.state.value,
        "amount": made.amount.minor,
        "currency": made.amount.currency,
        "failure_reason": made.failure_reason,
    }
