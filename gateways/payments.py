"""The port to a payment provider. Every method is one call, or one look, and never retries."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.payments import (
    Checkout,
    CheckoutRequest,
    CheckoutSnapshot,
    ReceivedPayment,
    RefundOrder,
    RefundSnapshot,
)


class PaymentGateways(Protocol):
    def of(self, integration_id: str | None) -> AbstractAsyncContextManager["PaymentGateway"]:
        """The gateway of an integration, for one step; None is the environment's own account.

        Raises ``Parked`` while it is paused or its circuit is open, and ``Misconfigured`` where it
        cannot be opened. What is raised inside counts for its health.
        """
        ...


class PaymentGateway(Protocol):
    """Raises only what ``gateways/faults.py`` draws."""

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        """Create the hosted page. Repeating it under the same key gives the same checkout."""
        ...

    async def find_checkout(self, purchase_id: str, since: datetime) -> Checkout | None:
        """Look for an open checkout of this purchase, by its metadata. Moves nothing."""
        ...

    async def fetch_checkout(self, session_id: str) -> CheckoutSnapshot:
        """Read where a checkout stands now. Moves nothing."""
        ...

    async def expire_checkout(self, session_id: str, idempotency_key: str) -> CheckoutSnapshot:
        """Make the checkout unpayable; where it is no longer open, say how it really ended.

        Where a provider cannot, it counts as expired: money that comes all the same goes back.
        """
        ...

    def received_payments(self, since: datetime) -> AsyncIterator[ReceivedPayment]:
        """The payments begun since then whose money was received, page by page. Moves nothing."""
        ...

    async def create_refund(self, order: RefundOrder) -> RefundSnapshot:
        """Give money back. Repeating it under the same key gives the same refund."""
        ...

    async def find_refund(self, refund_id: str, payment_id: str) -> RefundSnapshot | None:
        """Look for a refund by our id in its metadata. Moves nothing."""
        ...

    async def fetch_refund(self, provider_refund_id: str) -> RefundSnapshot:
        """Read where a refund stands now. Moves nothing."""
        ...

    async def found_refunds(self, payment_id: str) -> tuple[RefundSnapshot, ...]:
        """A payment's refunds that nobody asked for here, made in a dashboard. Moves nothing."""
        ...
