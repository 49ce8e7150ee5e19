"""Opening a quote's checkout, and what those are told who waited for it in vain."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import Code, Conflict, NotFound, StillAtWork, Unavailable
from domain.model import Model
from domain.money import Money
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, purchase_id_of
from domain.quotes import Quote
from domain.tenants import Caller
from gateways.integrations import GatewayProviders, takes_payments
from persistence.purchases import PurchaseRecords
from persistence.routes import DELETED, NOT_THERE, RouteRecords
from services.refusals import cancelled, payments_not_offered, require_same_integration
from services.workflows import Workflows

LOOK_IN = 30  # seconds, until what is at rest may have been resumed


class PurchaseRequest(Model):
    """``price`` must be the quote's own; the e-mail defaults to the quote's.

    ``joins_anyone``: who holds a payment link pays what is open, whoever began it.
    """

    quote_id: str
    user_id: str
    price: Money
    customer_email: str | None = None
    integration_id: str | None = None
    joins_anyone: bool = False


@dataclass(frozen=True)
class Openings:
    purchases: PurchaseRecords
    routes: RouteRecords
    workflows: Workflows
    livemode: bool
    providers: GatewayProviders

    async def open(
        self, caller: Caller, quote: Quote, request: PurchaseRequest, latest: Purchase | None
    ) -> tuple[Purchase, bool]:
        """By ``latest`` while that holds the quote, and whether it does; else by a new attempt."""
        now = datetime.now(UTC)
        asked = {"requested_by": caller.key_id, "address": caller.address}
        quote.require_open(now)
        if latest is not None and latest.holds_quote:
            require_same_integration(latest, request.integration_id)  # before it is waited for
            of_quote = {"payable_until": quote.payable_until, "product_id": quote.product_id}
            order = latest.order.model_copy(update={**of_quote, **asked})
            purchase = await self._awaited(order, latest.join_at(now))
            _require_not_cancelled(purchase, had_page=latest.checkout is not None)
            return purchase, True
        attempt = latest.order.attempt + 1 if latest else 1
        order = self._order(quote, request, attempt).model_copy(update=asked)
        await self._require_usable(order)
        purchase = await self._awaited(order)
        _require_not_cancelled(purchase, had_page=False)
        return purchase, False

    async def _awaited(self, order: PurchaseOrder, join: str | None = None) -> Purchase:
        try:
            return await self.workflows.open_checkout(order, join)
        except StillAtWork as slow:
            stored = await self.purchases.get(order.purchase_id)
            if stored is not None and stored.status is PaymentStatus.CANCELLED:
                return stored
            raise await self._told(order, slow) from None

    async def _told(self, order: PurchaseOrder, slow: StillAtWork) -> Unavailable:
        """By name where all that may take the purchase are at rest; else nobody knows why."""
        candidates = await self.routes.candidates(order)
        at_rest = await self.routes.at_rest(candidates)
        why = [each.hindrance or at_rest.get(each.integration_id) for each in candidates]
        if not all(why):
            return slow
        told = "; ".join(
            f"{each.name}: {reason}" for each, reason in zip(candidates, why, strict=True)
        )
        return Unavailable(
            f"{order.purchase_id} waits; nothing was charged. {told}",
            retry_after=LOOK_IN,
            code=Code.PURCHASE_WAITING,
        )

    async def _require_usable(self, order: PurchaseOrder) -> None:
        """The integration that the request names; others are judged as the checkout is opened."""
        if order.integration_id is None:
            return
        named = (await self.routes.candidates(order))[0]
        if named.hindrance in (NOT_THERE, DELETED):
            raise NotFound(Code.INTEGRATION_NOT_FOUND, f"no integration {order.integration_id}")
        provider = self.providers.get(named.connection_code)
        if provider is None:
            raise Conflict(
                Code.GATEWAY_NOT_INSTALLED,
                f"{named.name}: no gateway for {named.connection_code} is installed here",
            )
        if not takes_payments(provider):
            raise payments_not_offered(named.name, named.connection_code)
        if named.hindrance is not None:
            raise Conflict(Code.INTEGRATION_INACTIVE, f"{named.name}: {named.hindrance}")

    def _order(self, quote: Quote, request: PurchaseRequest, attempt: int) -> PurchaseOrder:
        return PurchaseOrder(
            purchase_id=purchase_id_of(quote.tenant_id, quote.quote_id, attempt),
            tenant_id=quote.tenant_id,
            quote_id=quote.quote_id,
            attempt=attempt,
            user_id=request.user_id,
            customer_email=request.customer_email or quote.customer_email,
            product_id=quote.product_id,
            product_name=quote.product_name,
            integration_id=request.integration_id,
            price=quote.price,
            payable_until=quote.payable_until,
            livemode=self.livemode,
        )


def _require_not_cancelled(purchase: Purchase, had_page: bool) -> None:
    """Cancelled while its page was waited for, it stays so: only a new call begins anew.

    Whose page was there before, and was closed the moment they asked, might as well ask just now.
    """
    if purchase.status is PaymentStatus.CANCELLED and not (had_page and purchase.checkout):
        raise cancelled(purchase.order.purchase_id)
