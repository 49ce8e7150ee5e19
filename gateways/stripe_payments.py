"""Payments by Stripe: hosted checkout sessions and refunds, one call per method, no retries."""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote

from domain.payments import (
    Checkout,
    CheckoutRequest,
    CheckoutSnapshot,
    CheckoutState,
    ReceivedPayment,
    RefundOrder,
    RefundSnapshot,
)
from gateways.faults import RefusedByProvider
from gateways.stripe_amounts import to_stripe
from gateways.stripe_faults import translated
from gateways.stripe_snapshots import Page, Payment, Refund, Session, Thing

if TYPE_CHECKING:
    import stripe
    from stripe.params import PaymentIntentListParams, RefundCreateParams, RefundListParams
    from stripe.params.checkout import (
        SessionCreateParams,
        SessionCreateParamsLineItem,
        SessionListParams,
        SessionRetrieveParams,
    )

ANSWER_WITHIN = timedelta(seconds=20)
CONNECT_WITHIN = timedelta(seconds=5)
CLOCK_SKEW = timedelta(minutes=5)  # Stripe's clock against ours, when listing "since"
LONGEST_NAME = 250
LARGEST_PAGE = 100  # objects

SESSIONS = "/v1/checkout/sessions"
PAYMENTS = "/v1/payment_intents"
REFUNDS = "/v1/refunds"
WITH_PAYMENT: "SessionRetrieveParams" = {"expand": ["payment_intent"]}

T = TypeVar("T", bound=Thing)


class StripePayments:
    """One long-lived client: connections are kept. Call ``close`` when done."""

    def __init__(
        self,
        secret_key: str,
        api_base: str | None = None,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        import aiohttp
        import stripe

        # At INFO the SDK logs Stripe's messages, which may quote a customer's e-mail address.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        timeout = aiohttp.ClientTimeout(
            total=answer_within.total_seconds(), sock_connect=CONNECT_WITHIN.total_seconds()
        )
        self._http = stripe.AIOHTTPClient(timeout=timeout)
        self._client = stripe_client(secret_key, api_base, self._http)

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        params = _session_params(request)
        answer = await self._ask("post", SESSIONS, params, request.idempotency_key)
        return Session.of(answer).checkout

    async def find_checkout(self, purchase_id: str, since: datetime) -> Checkout | None:
        made_since = int((since - CLOCK_SKEW).timestamp())
        params: SessionListParams = {"created": {"gte": made_since}, "status": "open"}
        async for session in self._listed(Session, SESSIONS, params):
            if session.noted("purchase_id") == purchase_id:
                return session.checkout
        return None

    async def fetch_checkout(self, session_id: str) -> CheckoutSnapshot:
        answer = await self._ask("get", _path(SESSIONS, session_id), WITH_PAYMENT)
        return Session.of(answer).snapshot

    async def expire_checkout(self, session_id: str, idempotency_key: str) -> CheckoutSnapshot:
        path = _path(SESSIONS, session_id) + "/expire"
        try:
            answer = await self._ask("post", path, WITH_PAYMENT, idempotency_key)
        except RefusedByProvider:  # it is no longer open, most likely: see how it ended
            snapshot = await self.fetch_checkout(session_id)
            if snapshot.state is CheckoutState.OPEN:
                raise
            return snapshot
        return Session.of(answer).snapshot

    async def probe(self) -> None:
        """Read the balance: it proves that Stripe answers and takes the key. Moves nothing."""
        await self._ask("get", "/v1/balance")

    async def received_payments(self, since: datetime) -> AsyncIterator[ReceivedPayment]:
        params: PaymentIntentListParams = {
            "created": {"gte": int(since.timestamp())},
            "expand": ["data.latest_charge"],
        }
        async for payment in self._listed(Payment, PAYMENTS, params):
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
        answer = await self._ask("post", REFUNDS, params, order.idempotency_key)
        return Refund.of(answer).snapshot

    async def find_refund(self, refund_id: str, payment_id: str) -> RefundSnapshot | None:
        params: RefundListParams = {"payment_intent": payment_id}
        async for refund in self._listed(Refund, REFUNDS, params):
            if refund.noted("refund_id") == refund_id:
                return refund.snapshot
        return None

    async def fetch_refund(self, provider_refund_id: str) -> RefundSnapshot:
        answer = await self._ask("get", _path(REFUNDS, provider_refund_id))
        return Refund.of(answer).snapshot

    async def _ask(
        self,
        method: Literal["get", "post"],
        path: str,
        params: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> object:
        """Stripe's answer as JSON: the SDK's own objects cost more to build than all the rest."""
        with translated():
            answer = await self._client.raw_request_async(
                method, path, **(params or {}), idempotency_key=idempotency_key
            )
        return answer.data

    async def _listed(
        self, kind: type[T], path: str, params: Mapping[str, object]
    ) -> AsyncIterator[T]:
        """All of a list, page after page."""
        asked, more = {**params, "limit": LARGEST_PAGE}, True
        while more:
            page = Page.of(await self._ask("get", path, asked))
            for listed in page.data:
                thing = kind.of(listed)
                yield thing
                asked["starting_after"] = thing.id
            more = page.has_more and bool(page.data)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the SDK has no types here


def stripe_client(
    secret_key: str, api_base: str | None, http: "stripe.AIOHTTPClient"
) -> "stripe.StripeClient":
    import stripe

    base = api_base.rstrip("/") if api_base else None
    return stripe.StripeClient(
        secret_key,
        # All four: whatever is left out goes to the live hosts.
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base}
        if base
        else None,
        stripe_version=stripe.api_version,
        max_network_retries=0,
        http_client=http,
    )


def _path(collection: str, provider_id: str) -> str:
    return f"{collection}/{quote(provider_id, safe='')}"


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
