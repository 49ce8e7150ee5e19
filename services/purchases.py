"""Starting, reading, cancelling and completing purchases."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.customers import Customer
from domain.errors import Code, Conflict, NotFound, Unavailable
from domain.money import Limit, require_chargeable
from domain.policies import Policy, PolicyStatus
from domain.purchases import (
    Cancellation,
    PaymentStatus,
    Purchase,
    PurchaseOrder,
    RefundProgress,
    ReviewReason,
    look_at,
)
from domain.quotes import Quote
from domain.tenants import Caller, Scope
from domain.views import Page, PurchaseFilter, PurchaseView
from gateways.integrations import GatewayProviders
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.routes import RouteRecords
from services.openings import Openings, PurchaseRequest
from services.refusals import (
    already_paid,
    policy_cancelled,
    require_paid,
    require_same_customer,
    require_same_integration,
)
from services.workflows import Workflows

POLICY_WITHIN = timedelta(seconds=20)
LOOK_EVERY = timedelta(milliseconds=150)
REFRESH_WITHIN = timedelta(seconds=3)


@dataclass(frozen=True)
class PurchaseService:
    purchases: PurchaseRecords
    quotes: QuoteRecords
    routes: RouteRecords
    workflows: Workflows
    max_amount: Limit
    livemode: bool
    providers: GatewayProviders
    policy_within: timedelta = POLICY_WITHIN

    async def start(self, caller: Caller, request: PurchaseRequest) -> Purchase:
        """Open the quote's checkout, or join the one that is open."""
        purchase, _ = await self.start_or_join(caller, request)
        return purchase

    async def start_or_join(
        self, caller: Caller, request: PurchaseRequest
    ) -> tuple[Purchase, bool]:
        """The purchase with its checkout, and whether it was there before."""
        caller.require(Scope.WRITE)
        quote = await self.quote(caller, request.quote_id)
        quote.require_price(request.price)
        require_chargeable(quote.price, self.max_amount.of(quote.price.currency))
        purchase, joined = await self._open(caller, quote, request)
        if not purchase.holds_quote:  # its page ended between our look and the answer
            purchase, joined = await self._open(caller, quote, request)
        if purchase.checkout is None:
            reason = purchase.failure.reason if purchase.failure else "no checkout could be opened"
            raise Conflict(Code.PROVIDER_REFUSED, reason, purchase_id=purchase.order.purchase_id)
        if not purchase.holds_quote:  # nobody is sent to a checkout that is over
            raise Unavailable(f"{purchase.order.purchase_id} is just ending", retry_after=1)
        if not request.joins_anyone:
            asked = Customer(user_id=request.user_id, email=request.customer_email)
            require_same_customer(purchase.order, asked)
        require_same_integration(purchase, request.integration_id)
        if purchase.processing:  # nor to one where everything is done
            raise Conflict(
                Code.PAYMENT_PROCESSING,
                f"{purchase.order.purchase_id} is paid for; the bank still decides on the payment",
                purchase_id=purchase.order.purchase_id,
            )
        return purchase, joined

    async def get(self, caller: Caller, any_id: str) -> PurchaseView:
        """By our id, or by the provider's session or payment id."""
        caller.require(Scope.READ)
        purchase_id = await self.purchases.find(caller.tenant_id, any_id)
        view = purchase_id and await self.purchases.view(caller.tenant_id, purchase_id)
        if not view:
            raise _not_found(any_id)
        return view

    async def refreshed(self, view: PurchaseView) -> PurchaseView:
        """While it may be paid: after a look at the provider, for a webhook can be lost.

        Looks in the same few seconds are one look. A provider that is slow is not waited for.
        """
        if not view.may_be_paid:
            return view
        look = look_at(datetime.now(UTC) - view.created_at)
        with suppress(Unavailable):
            order = await self.order(view.purchase_id)
            await self.workflows.refresh(order, look, REFRESH_WITHIN)
        return await self.purchases.view(view.tenant_id, view.purchase_id) or view

    async def look_at_quote(self, tenant_id: str, quote_id: str) -> None:
        """Read the provider now, for who must know whether it is paid. It is waited for."""
        latest = await self.purchases.latest_of_quote(tenant_id, quote_id)
        if latest is not None and not latest.is_settled:
            await self.workflows.read_anew(latest.order)

    async def page(
        self, caller: Caller, wanted: PurchaseFilter, cursor: str | None, limit: int
    ) -> Page[PurchaseView]:
        caller.require(Scope.READ)
        return await self.purchases.page(caller.tenant_id, wanted, cursor, limit)

    async def cancel(self, caller: Caller, any_id: str, reason: str | None) -> PurchaseView:
        """Make it unpayable. Cancelling twice is fine; cancelling what is paid is not."""
        caller.require(Scope.WRITE)
        view = await self.get(caller, any_id)
        if view.payment_status is PaymentStatus.CANCELLED:
            return view
        if view.payment_status is PaymentStatus.COMPLETED:
            raise already_paid(view.purchase_id)
        if await self.purchases.cancel_unopened(view.purchase_id, reason, datetime.now(UTC)):
            return await self.get(caller, view.purchase_id)
        order = await self.order(view.purchase_id)
        purchase = await self.workflows.cancel(order, Cancellation(reason=reason))
        if purchase.is_paid:
            raise already_paid(view.purchase_id)
        if purchase.status is not PaymentStatus.CANCELLED:
            raise Conflict(
                Code.PURCHASE_CLOSED,
                f"{view.purchase_id} is {purchase.status}",
                purchase_id=view.purchase_id,
            )
        return await self.get(caller, view.purchase_id)

    async def complete(self, caller: Caller, any_id: str) -> tuple[PurchaseView, Policy]:
        """The policy in force of a paid purchase, waited for as long as a caller may wait."""
        caller.require(Scope.READ)
        view = await self.refreshed(await self.get(caller, any_id))
        require_paid(view)
        view = await self._until(caller, view, lambda seen: bool(_issued(seen)) or _is_back(seen))
        if _is_back(view):
            raise policy_cancelled(view)
        policy = _issued(view)
        if policy is None:
            raise Conflict(
                Code.POLICY_PENDING,
                f"{view.purchase_id} is paid; its policy is not issued yet",
                purchase_id=view.purchase_id,
            )
        return view, policy

    async def retry_issue(self, caller: Caller, any_id: str) -> PurchaseView:
        """An operator's way out of review: print the policy again now."""
        caller.require(Scope.ADMIN)
        view = await self.get(caller, any_id)
        if not view.is_in_review_for(ReviewReason.POLICY_NOT_ISSUED):
            raise Conflict(
                Code.NOT_IN_REVIEW,
                f"the policy of {view.purchase_id} is not in review",
                purchase_id=view.purchase_id,
            )
        await self.workflows.retry_issue(await self.order(view.purchase_id))
        return await self.get(caller, view.purchase_id)

    async def resolve_review(
        self, caller: Caller, any_id: str, reason: ReviewReason
    ) -> PurchaseView:
        """An operator has looked and decided; what is open otherwise stays open."""
        caller.require(Scope.ADMIN)
        view = await self.get(caller, any_id)
        await self.purchases.resolve_review(view.purchase_id, reason, datetime.now(UTC))
        asked_by_refunds = reason is ReviewReason.REFUND_FAILED
        refund_ids = [refund.refund_id for refund in view.refunds] if asked_by_refunds else ()
        await self.workflows.tell_review_resolved(view.purchase_id, refund_ids, self.order)
        return await self.get(caller, view.purchase_id)

    async def require_unpaid(self, tenant_id: str, quote_id: str) -> Purchase | None:
        """The quote's latest purchase, which has not been paid."""
        latest = await self.require_not_refunded(tenant_id, quote_id)
        if latest is not None and latest.is_paid:
            raise Conflict(
                Code.QUOTE_ALREADY_PAID,
                f"quote {quote_id} is paid by {latest.order.purchase_id}",
                purchase_id=latest.order.purchase_id,
            )
        return latest

    async def require_not_refunded(self, tenant_id: str, quote_id: str) -> Purchase | None:
        """The latest purchase. Whose money is back is not told that all is paid and well."""
        latest = await self.purchases.latest_of_quote(tenant_id, quote_id)
        if latest is not None and latest.is_paid:
            view = await self.purchases.view(tenant_id, latest.order.purchase_id)
            if view is not None and view.refund_status is RefundProgress.FULL:
                raise policy_cancelled(view)
        return latest

    async def order(self, purchase_id: str) -> PurchaseOrder:
        order = await self.purchases.order_of(purchase_id)
        if order is None:
            raise _not_found(purchase_id)
        return order

    async def _open(
        self, caller: Caller, quote: Quote, request: PurchaseRequest
    ) -> tuple[Purchase, bool]:
        latest = await self.require_unpaid(quote.tenant_id, quote.quote_id)
        openings = Openings(
            self.purchases, self.routes, self.workflows, self.livemode, self.providers
        )
        return await openings.open(caller, quote, request, latest)

    async def quote(self, caller: Caller, quote_id: str) -> Quote:
        """A quote that can be bought here: one of the other mode is none."""
        quote = await self.quotes.get(caller.tenant_id, quote_id)
        if quote is None or quote.livemode is not self.livemode:
            raise NotFound(Code.UNKNOWN_QUOTE, f"no quote {quote_id} is registered")
        return quote

    async def _until(
        self, caller: Caller, view: PurchaseView, done: Callable[[PurchaseView], bool]
    ) -> PurchaseView:
        """The view once it is as hoped, or as it stands when the caller has waited enough."""
        deadline = asyncio.get_running_loop().time() + self.policy_within.total_seconds()
        while not done(view) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            view = await self.get(caller, view.purchase_id)
        return view


def _issued(view: PurchaseView) -> Policy | None:
    return view.policy if view.policy_status is not PolicyStatus.NONE else None


def _is_back(view: PurchaseView) -> bool:
    return view.refund_status is RefundProgress.FULL


def _not_found(any_id: str) -> NotFound:
    return NotFound(Code.PURCHASE_NOT_FOUND, f"no purchase {any_id}")
