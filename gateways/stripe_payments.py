"""Payments by Stripe: hosted checkout sessions and refunds, one call per method, no retries."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.identifiers import is_ours
from domain.payments import (
    Checkout,
    CheckoutRequest,
    CheckoutSnapshot,
    CheckoutState,
    ReceivedPayment,
    RefundOrder,
    RefundSnapshot,
)
from gateways.faults import RefusedByProvider, of_payment
from gateways.stripe_amounts import to_stripe
from gateways.stripe_api import ANSWER_WITHIN, CLOCK_SKEW, StripeApi, path_of
from gateways.stripe_snapshots import Payment, Refund, Session

if TYPE_CHECKING:
    from stripe.params import PaymentIntentListParams, RefundCreateParams, RefundListParams
    from stripe.params.checkout import (
        SessionCreateParams,
        SessionCreateParamsLineItem,
        SessionListParams,
        SessionRetrieveParams,
    )

LONGEST_NAME = 250
MISSING = "resource_missing"

SESSIONS = "/v1/checkout/sessions"
PAYMENTS = "/v1/payment_intents"
REFUNDS = "/v1/refunds"
WITH_PAYMENT: "SessionRetrieveParams" = {"expand": ["payment_intent"]}


class StripePayments:
    """Over one long-lived ``api``. Call ``close`` when done."""

    def __init__(
        self,
        secret_key: str,
        api_base: str | None = None,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        self.api = StripeApi(secret_key, api_base, answer_within)

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        params = _session_params(request)
        answer = await self.api.ask("post", SESSIONS, params, request.idempotency_key)
        return Session.of(answer).checkout

    async def find_checkout(self, purchase_id: str, since: datetime) -> Checkout | None:
        made_since = int((since - CLOCK_SKEW).timestamp())
        params: SessionListParams = {"created": {"gte": made_since}, "status": "open"}
        async for session in self.api.listed(Session, SESSIONS, params):
            if session.noted("purchase_id") == purchase_id:
                return session.checkout
        return None

    async def fetch_checkout(self, session_id: str) -> CheckoutSnapshot:
        answer = await self.api.ask("get", path_of(SESSIONS, session_id), WITH_PAYMENT)
        return Session.of(answer).snapshot

    async def expire_checkout(self, session_id: str, idempotency_key: str) -> CheckoutSnapshot:
        path = path_of(SESSIONS, session_id) + "/expire"
        try:
            answer = await self.api.ask("post", path, WITH_PAYMENT, idempotency_key)
        except RefusedByProvider:  # it is no longer open, most likely: see how it ended
            snapshot = await self.fetch_checkout(session_id)
            if snapshot.state is CheckoutState.OPEN:
                raise
            return snapshot
        return Session.of(answer).snapshot

    async def probe(self) -> None:
        """Read the balance: it proves that Stripe answers and takes the key. Moves nothing."""
        await self.api.ask("get", "/v1/balance")

    async def received_payments(self, since: datetime) -> AsyncIterator[ReceivedPayment]:
        params: PaymentIntentListParams = {
            "created": {"gte": int(since.timestamp())},
            "expand": ["data.latest_charge"],
        }
        async for payment in self.api.listed(Payment, PAYMENTS, params):
            received = payment.received
            if received is not None:
                yield received

    async def create_refund(self, order: RefundOrder) -> RefundSnapshot:
        params: RefundCreateParams = {
            "payment_intent": order.payment_id,
            "amount": to_stripe(order.amount),
            "reason": order.reason,
            "metadata": {"refund_id": order.refund_id, "purchase_id": order.purchase_id},
        }
        with of_payment("Stripe", order.payment_id, MISSING):
            answer = await self.api.ask("post", REFUNDS, params, order.idempotency_key)
        return Refund.of(answer).snapshot

    async def find_refund(self, refund_id: str, payment_id: str) -> RefundSnapshot | None:
        params: RefundListParams = {"payment_intent": payment_id}
        with of_payment("Stripe", payment_id, MISSING):
            async for refund in self.api.listed(Refund, REFUNDS, params):
                if refund.noted("refund_id") == refund_id:
                    return refund.snapshot
        return None

    async def found_refunds(self, payment_id: str) -> tuple[RefundSnapshot, ...]:
        params: RefundListParams = {"payment_intent": payment_id}
        made = [each async for each in self.api.listed(Refund, REFUNDS, params)]
        return tuple(each.snapshot for each in made if not is_ours(each.noted("refund_id") or ""))

    async def fetch_refund(self, provider_refund_id: str) -> RefundSnapshot:
        answer = await self.api.ask("get", path_of(REFUNDS, provider_refund_id))
        return Refund.of(answer).snapshot

    async def close(self) -> None:
        await self.api.close()


def _session_params(request: CheckoutRequest) -> "SessionCreateParams":
    ours = {
        "purchase_id": request.purchase_id,
        "tenant_id": request.tenant_id,
        "quote_id": request.quote_id,
    }
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [_line_item(request)],
        "client_reference_id": request.purchase_id,
        "metadata": ours,
        "payment_intent_data": {"metadata": ours},  # so that the payment's own events find us
        "expires_at": int(request.expires_at.timestamp()),
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
    }
    if request.customer_email is not None:
        params["customer_email"] = request.customer_email
    return params


def _line_item(request: CheckoutRequest) -> "SessionCreateParamsLineItem":
    return {
        "quantity": 1,
        "price_data": {
            "currency": request.price.currency.lower(),
            "unit_amount": to_stripe(request.price),
            "product_data": {"name": product_name(request.product_name) or request.quote_id},
        },
    }


def product_name(name: str) -> str:
    """One printable line of at most 250 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"
