"""Payments by JustiFi: checkouts on the seller's page, and refunds; one call per step, no retries.

JustiFi has no page of its own: its web components stand in the seller's, at ``checkout_page``.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from domain.identifiers import is_ours
from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutRequest,
    CheckoutSnapshot,
    CheckoutState,
    ReceivedPayment,
    RefundOrder,
    RefundSnapshot,
)
from gateways import justifi_models as justifi
from gateways.faults import Misconfigured, RefusedByProvider, of_payment
from gateways.justifi_client import JustifiClient
from gateways.justifi_faults import SERVICE
from gateways.justifi_page import origin_of, page_url
from gateways.justifi_snapshots import (
    CANCELLED,
    LONG_AGO,
    PAYABLE_UNTIL,
    RETURN_URL,
    from_justifi,
    is_payable,
    noted,
    payable_until,
    payment_id_of,
    received_from,
    refund_snapshot_of,
    snapshot_of,
    to_justifi,
    unreadable,
)

LIFETIME = timedelta(weeks=1)  # of a checkout at JustiFi
CLOCK_SKEW = timedelta(minutes=5)  # JustiFi's clock against ours, when listing "since"
LONGEST_DESCRIPTION = 250
MISSING = "resource_not_found"
REASONS = {"requested_by_customer": "customer_request"}  # the others are called the same


class JustifiPayments:
    """``checkout_page`` holds ``{checkout_id}``; without it nothing can be sold, only read."""

    def __init__(self, client: JustifiClient, checkout_page: str | None = None) -> None:
        self.client = client
        self._page = checkout_page

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        """JustiFi promises nothing of a key that opens a checkout: a repetition looks first."""
        if request.tried_since is not None:
            found = await self.find_checkout(request.purchase_id, request.tried_since)
            if found is not None:
                return found
        body = {
            "amount": to_justifi(request.price),
            "description": description_of(request.product_name) or request.quote_id,
            "origin_url": origin_of(self.checkout_page),
            "metadata": {
                **_ours(request),
                PAYABLE_UNTIL: request.expires_at.isoformat(),
                RETURN_URL: request.success_url,
            },
            "payment": {"metadata": _ours(request)},  # so that the payment's own events find us
        }
        made = await self.make_checkout(body, request.idempotency_key, request.price)
        return self.page_of(made)

    async def make_checkout(
        self, body: Mapping[str, object], key: str, price: Money
    ) -> justifi.Checkout:
        """JustiFi takes a bare number in the currency of the account, whichever was meant."""
        endpoint = self.client.endpoints.create_checkout
        made = await self.client.write(justifi.Checkout, endpoint, idempotency_key=key, body=body)
        if isinstance(made, justifi.Decline):
            raise RefusedByProvider("JustiFi declined to open a checkout", made.code)
        asked = from_justifi(made.payment_amount, made.payment_currency)
        if asked != price:
            message = f"JustiFi's account would take {asked}, not {price}"
            raise RefusedByProvider(message, "currency_mismatch")
        return made

    async def find_checkout(self, purchase_id: str, since: datetime) -> Checkout | None:
        now = datetime.now(UTC)
        async for checkout in self.checkouts_since(since):
            is_it = noted(checkout.metadata, "purchase_id") == purchase_id
            if is_it and is_payable(checkout, now):
                return self.page_of(checkout)
        return None

    async def fetch_checkout(self, session_id: str) -> CheckoutSnapshot:
        return await self._snapshot(await self._read(session_id))

    async def expire_checkout(self, session_id: str, idempotency_key: str) -> CheckoutSnapshot:
        """JustiFi has no call for it: it is marked, and counts as expired from then on.

        A payment that is still with the bank is voided, where JustiFi lets it be. Whoever pays all
        the same is refunded, as for any money that comes late.
        """
        checkout = await self._read(session_id)
        snapshot = await self._snapshot(checkout)
        if await self._voided(snapshot, idempotency_key):
            checkout = await self._read(session_id)
            snapshot = await self._snapshot(checkout)
        if snapshot.state is not CheckoutState.OPEN:
            return snapshot
        metadata: dict[str, JsonValue] = {**(checkout.metadata or {}), CANCELLED: "true"}
        try:
            await self.client.write(
                justifi.Checkout,
                self.client.endpoints.update_checkout,
                session_id,
                idempotency_key=idempotency_key,
                body={"metadata": metadata},
            )
        except RefusedByProvider:  # it is no longer open, most likely: see how it ended
            ended = await self.fetch_checkout(session_id)
            if ended.state is CheckoutState.OPEN:
                raise
            return ended
        return await self.fetch_checkout(session_id)  # it may have been paid meanwhile

    async def _voided(self, snapshot: CheckoutSnapshot, key: str) -> bool:
        """Whether there was a payment under way, and there is none any more."""
        is_decided = snapshot.paid is not None or snapshot.failure is not None
        if snapshot.state is not CheckoutState.COMPLETE or is_decided or not snapshot.payment_id:
            return False
        endpoint = self.client.endpoints.void_payment
        try:
            done = await self.client.write(
                justifi.Payment, endpoint, snapshot.payment_id, idempotency_key=f"{key}:void"
            )
        except RefusedByProvider:  # JustiFi voids for 25 minutes
            return False
        return not isinstance(done, justifi.Decline)

    async def received_payments(self, since: datetime) -> AsyncIterator[ReceivedPayment]:
        payments = self.client.listed(
            justifi.Payment,
            self.client.endpoints.list_payments,
            params={"created_after": since.isoformat()},
        )
        async for payment in payments:
            received = received_from(payment)
            if received is not None:
                yield received

    async def create_refund(self, order: RefundOrder) -> RefundSnapshot:
        body = {
            "amount": to_justifi(order.amount),
            "reason": REASONS.get(order.reason, order.reason),
            "metadata": {"refund_id": order.refund_id, "purchase_id": order.purchase_id},
        }
        with of_payment("JustiFi", order.payment_id, MISSING):
            refund = await self.make_refund(order.payment_id, body, order.idempotency_key)
        return refund_snapshot_of(refund, order.amount.currency)

    async def make_refund(
        self, payment_id: str, body: Mapping[str, object], key: str
    ) -> justifi.Refund:
        endpoint = self.client.endpoints.refund_payment
        made = await self.client.write(
            justifi.Refund, endpoint, payment_id, idempotency_key=key, body=body
        )
        if isinstance(made, justifi.Decline):
            raise RefusedByProvider("JustiFi declined the refund", made.decline_code or made.code)
        return made

    async def find_refund(self, refund_id: str, payment_id: str) -> RefundSnapshot | None:
        with of_payment("JustiFi", payment_id, MISSING):
            payment = await self.read_payment(payment_id)
        refund = await self.refund_noted(payment, "refund_id", refund_id)
        return refund_snapshot_of(refund, payment.currency) if refund else None

    async def refund_noted(
        self, payment: justifi.Payment, key: str, value: str
    ) -> justifi.Refund | None:
        """Which of a payment's refunds carries this in its metadata."""
        async for refund in self._read_refunds_of(payment):
            if noted(refund.metadata, key) == value:
                return refund
        return None

    async def found_refunds(self, payment_id: str) -> tuple[RefundSnapshot, ...]:
        payment = await self.read_payment(payment_id)
        made = [each async for each in self._read_refunds_of(payment)]
        theirs = [each for each in made if not is_ours(noted(each.metadata, "refund_id") or "")]
        return tuple(refund_snapshot_of(each, payment.currency) for each in theirs)

    async def fetch_refund(self, provider_refund_id: str) -> RefundSnapshot:
        refund = await self._read_refund(provider_refund_id)
        if refund.payment_id is None:
            raise unreadable(f"JustiFi's refund {refund.id} is of no payment")
        payment = await self.read_payment(refund.payment_id)
        return refund_snapshot_of(refund, payment.currency)

    async def read_payment(self, payment_id: str) -> justifi.Payment:
        endpoint = self.client.endpoints.retrieve_payment
        return await self.client.retrieve(justifi.Payment, endpoint, payment_id)

    async def checkouts_since(self, since: datetime) -> AsyncIterator[justifi.Checkout]:
        """Newest first: JustiFi cannot be asked for those since a moment."""
        endpoint = self.client.endpoints.list_checkouts
        async for checkout in self.client.listed(justifi.Checkout, endpoint):
            if checkout.created_at is not None and checkout.created_at < since - CLOCK_SKEW:
                return
            yield checkout

    @property
    def checkout_page(self) -> str:
        if self._page is None:
            missing = "this integration has no checkout_page, on which JustiFi's form would stand"
            raise Misconfigured(missing, SERVICE)
        return self._page

    async def probe(self) -> None:
        await self.client.probe()

    async def close(self) -> None:
        await self.client.close()

    async def _read(self, session_id: str) -> justifi.Checkout:
        endpoint = self.client.endpoints.retrieve_checkout
        return await self.client.retrieve(justifi.Checkout, endpoint, session_id)

    async def _snapshot(self, checkout: justifi.Checkout) -> CheckoutSnapshot:
        payment_id = payment_id_of(checkout)
        payment = await self.read_payment(payment_id) if payment_id else None
        return snapshot_of(checkout, payment, datetime.now(UTC))

    async def _read_refund(self, refund_id: str) -> justifi.Refund:
        endpoint = self.client.endpoints.retrieve_refund
        return await self.client.retrieve(justifi.Refund, endpoint, refund_id)

    async def _read_refunds_of(self, payment: justifi.Payment) -> AsyncIterator[justifi.Refund]:
        """With their metadata: where the payment does not tell it, each is read."""
        for refund in await self._refunds_of(payment):
            yield refund if refund.metadata else await self._read_refund(refund.id)

    async def _refunds_of(self, payment: justifi.Payment) -> list[justifi.Refund]:
        if payment.refunds is not None:
            return list(payment.refunds)
        made_since, refunds = payment.created_at or LONG_AGO, list[justifi.Refund]()
        async for refund in self.client.listed(justifi.Refund, self.client.endpoints.list_refunds):
            if (refund.created_at or made_since) < made_since:  # newest first: older than it
                break
            if refund.payment_id == payment.id:
                refunds.append(refund)
        return refunds

    def page_of(self, made: justifi.Checkout) -> Checkout:
        """Where it is paid, and until when: ours ends before JustiFi's own does."""
        return Checkout(
            session_id=made.id,
            url=page_url(self.checkout_page, made.id, noted(made.metadata, RETURN_URL)),
            expires_at=payable_until(made) or (made.created_at or datetime.now(UTC)) + LIFETIME,
        )


def description_of(name: str) -> str:
    """One printable line of at most 250 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= LONGEST_DESCRIPTION else line[: LONGEST_DESCRIPTION - 1] + "…"


def _ours(request: CheckoutRequest) -> dict[str, str]:
    return {
        "purchase_id": request.purchase_id,
        "tenant_id": request.tenant_id,
        "quote_id": request.quote_id,
    }
