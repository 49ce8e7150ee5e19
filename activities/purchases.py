"""A purchase at its provider and in its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.emails import CAME_BACK, EmailTemplate
from domain.errors import Conflict
from domain.model import Model
from domain.payments import Checkout, CheckoutRequest, CheckoutSnapshot
from domain.policies import PolicyStatus
from domain.purchases import (
    Purchase,
    PurchaseOrder,
    Refusal,
    ReviewReason,
    Settled,
    Settlement,
)
from domain.refunds import MOVES_MONEY, RefundStatus
from domain.views import PurchaseView
from gateways.payments import PaymentGateway


class PurchaseRecords(Protocol):
    async def open(self, order: PurchaseOrder, at: datetime) -> Purchase: ...
    async def record(self, settlement: Settlement, at: datetime) -> Settled: ...
    async def flag_review(
        self, purchase_id: str, reason: ReviewReason, detail: str | None, at: datetime
    ) -> None: ...
    async def resolve_review(
        self, purchase_id: str, reason: ReviewReason, at: datetime
    ) -> bool: ...
    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None: ...


class EventRecords(Protocol):
    async def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None: ...


class CheckoutPages(Protocol):
    """Where the provider sends the customer back to."""

    def success_url(self, purchase_id: str) -> str: ...
    def cancel_url(self, purchase_id: str) -> str: ...


class Opening(Model):
    """``group`` counts idempotency keys; a group after the first looks before it asks."""

    order: PurchaseOrder
    expires_at: datetime
    started_at: datetime
    group: int = 1


class Standing(Model):
    """Where a purchase stands when a run begins, the first one or one that resumes it.

    A policy is owed while the money is here and the customer has no policy in hand: not the mail,
    nor, where that came back, a person's word. ``goes_back``: refunds claim all of the money.
    """

    purchase: Purchase
    policy_status: PolicyStatus = PolicyStatus.NONE
    reviews: tuple[ReviewReason, ...] = ()
    owes_policy: bool = False
    goes_back: bool = False


class CheckoutRef(Model):
    provider: str
    session_id: str


class CheckoutExpiry(CheckoutRef):
    """A checkout to make unpayable. Runs of earlier versions ask without a key."""

    idempotency_key: str | None = None

    @property
    def key(self) -> str:
        return self.idempotency_key or f"{self.session_id}:expire"


class ReviewFlag(Model):
    purchase_id: str
    reason: ReviewReason
    detail: str | None = None
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PurchaseActivities:
    records: PurchaseRecords
    events: EventRecords
    gateways: Mapping[str, PaymentGateway]
    pages: CheckoutPages

    @activity.defn
    async def open_purchase(self, opening: Opening) -> Standing | Refusal:
        """Write the row first, then ask the provider for the checkout, then keep its answer.

        A purchase that is open already, or settled, is returned as it stands: a run that resumes
        one begins here too.
        """
        with told_to_temporal():
            try:
                purchase = await self.records.open(opening.order, now())
            except Conflict as taken:
                return Refusal(code=taken.code, message=taken.message)
            if purchase.checkout is not None or purchase.is_settled:
                return await self._standing(purchase)
            opened = purchase.opened(await self._checkout(opening))
            await self.records.record(Settlement(purchase=opened), now())
            return Standing(purchase=opened)

    @activity.defn
    async def read_standing(self, order: PurchaseOrder) -> Standing:
        with told_to_temporal():
            return await self._standing(await self.records.open(order, now()))

    @activity.defn
    async def fetch_checkout(self, checkout: CheckoutRef) -> CheckoutSnapshot:
        with told_to_temporal():
            return await self.gateways[checkout.provider].fetch_checkout(checkout.session_id)

    @activity.defn
    async def expire_checkout(self, expiry: CheckoutExpiry) -> CheckoutSnapshot:
        """Make a checkout unpayable. The answer may be that it was paid a moment before."""
        with told_to_temporal():
            gateway = self.gateways[expiry.provider]
            return await gateway.expire_checkout(expiry.session_id, expiry.key)

    @activity.defn
    async def record_settlement(self, settlement: Settlement) -> Settled:
        """Write what the provider said; for exact money, draw the policy number with it."""
        with told_to_temporal():
            return await self.records.record(settlement, now())

    @activity.defn
    async def flag_review(self, flag: ReviewFlag) -> None:
        with told_to_temporal():
            await self.records.flag_review(flag.purchase_id, flag.reason, flag.detail, now())
            await self.events.mark_handled(flag.event_ids, now())

    @activity.defn
    async def resolve_review(self, flag: ReviewFlag) -> None:
        with told_to_temporal():
            await self.records.resolve_review(flag.purchase_id, flag.reason, now())

    @activity.defn
    async def mark_events_handled(self, event_ids: tuple[str, ...]) -> None:
        """For events that changed nothing, so that seen and handled stay told apart."""
        with told_to_temporal():
            await self.events.mark_handled(event_ids, now())

    async def _standing(self, purchase: Purchase) -> Standing:
        order = purchase.order
        view = await self.records.view(order.tenant_id, order.purchase_id)
        assert view is not None  # it was read a moment ago, and no purchase is ever deleted
        paid = purchase.paid.minor if purchase.paid else 0
        is_in_hand = view.policy_status is PolicyStatus.DELIVERED or _was_handed_over(view)
        return Standing(
            purchase=purchase,
            policy_status=view.policy_status,
            reviews=tuple(each.reason for each in view.reviews if each.resolved_at is None),
            owes_policy=purchase.paid_exactly
            and not is_in_hand
            and _sum(view, frozenset({RefundStatus.SUCCEEDED})) < paid,
            goes_back=purchase.is_paid and _sum(view, MOVES_MONEY) >= paid,
        )

    async def _checkout(self, opening: Opening) -> Checkout:
        order = opening.order
        gateway = self.gateways[order.provider]
        if opening.group > 1:
            found = await gateway.find_checkout(order.purchase_id, opening.started_at)
            if found is not None:
                return found
        return await gateway.open_checkout(
            CheckoutRequest(
                purchase_id=order.purchase_id,
                tenant_id=order.tenant_id,
                quote_id=order.quote_id,
                product_name=order.product_name,
                price=order.price,
                customer_email=order.customer_email,
                expires_at=opening.expires_at,
                success_url=self.pages.success_url(order.purchase_id),
                cancel_url=self.pages.cancel_url(order.purchase_id),
                idempotency_key=order.key("checkout", opening.group),
            )
        )


def _was_handed_over(view: PurchaseView) -> bool:
    """Whether the mail with the policy came back, and a person has seen to the customer."""
    came_back = any(
        email.template is EmailTemplate.PAYMENT_CONFIRMATION and email.status in CAME_BACK
        for email in view.emails
    )
    is_open = any(
        review.reason is ReviewReason.EMAIL_NOT_DELIVERED and review.resolved_at is None
        for review in view.reviews
    )
    return came_back and not is_open


def _sum(view: PurchaseView, statuses: frozenset[RefundStatus]) -> int:
    """Minor units of the purchase's refunds that stand in one of these."""
    return sum(each.amount.minor for each in view.refunds if each.status in statuses)
