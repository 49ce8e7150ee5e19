"""A purchase at its provider and in its rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.checkouts import CheckoutDesk, Opening, first_route
from activities.faults import now, told_to_temporal
from domain.emails import CAME_BACK, EmailTemplate
from domain.errors import Code, Conflict
from domain.model import Model
from domain.payments import CheckoutSnapshot
from domain.policies import PolicyStatus
from domain.purchases import (
    Opened,
    Purchase,
    PurchaseOrder,
    Refusal,
    ReviewReason,
    Settled,
    Settlement,
)
from domain.refunds import MOVES_MONEY, RefundStatus
from domain.routing import Candidate, Route
from domain.views import PurchaseView
from gateways.payments import PaymentGateways


class PurchaseRecords(Protocol):
    async def open(self, order: PurchaseOrder, route: Route | None, at: datetime) -> Opened:
        """The purchase as stored, new or not. Without a route only one that is stored is opened."""
        ...

    async def get(self, purchase_id: str) -> Purchase | None: ...
    async def leave(self, purchase: Purchase, at: datetime) -> None:
        """Write that the checkout on record was left, and where the purchase goes."""
        ...

    async def record(self, settlement: Settlement, at: datetime) -> Settled: ...
    async def flag_review(
        self, purchase_id: str, reason: ReviewReason, detail: str | None, at: datetime
    ) -> None: ...
    async def resolve_review(
        self, purchase_id: str, reason: ReviewReason, at: datetime
    ) -> bool: ...
    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None: ...


class RouteRecords(Protocol):
    async def candidates(self, order: PurchaseOrder) -> tuple[Candidate, ...]: ...
    async def at_rest(self, candidates: Sequence[Candidate]) -> Collection[str | None]:
        """Those of them to which nothing is sent at present: paused, or failing."""
        ...


class EventRecords(Protocol):
    async def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None: ...


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


class Detour(Model):
    """A purchase that was declined where its route led it, and may be paid elsewhere."""

    order: PurchaseOrder
    route: Route


class CheckoutRef(Model):
    provider: str
    session_id: str
    integration_id: str | None = None


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
    routes: RouteRecords
    gateways: PaymentGateways
    desk: CheckoutDesk

    @activity.defn
    async def open_purchase(self, opening: Opening) -> Standing | Refusal:
        """Write the row first, then ask the provider for the checkout, then keep its answer.

        A purchase that is open already, or settled, is returned as it stands: a run that resumes
        one begins here too.
        """
        with told_to_temporal():
            candidates = await self.routes.candidates(opening.order)
            try:
                opened = await self.records.open(
                    opening.order, first_route(candidates, now()), now()
                )
            except Conflict as refused:
                return Refusal(code=refused.code, message=_told(refused, candidates))
            if opened.purchase.checkout is not None or opened.purchase.is_settled:
                return await self._standing(opened.purchase)
            purchase = await self.desk.open(opened, candidates, opening)
            asked = purchase.model_copy(update={"order": opening.order})  # whose use it is
            await self.records.record(Settlement(purchase=asked), now())
            return Standing(purchase=purchase)

    @activity.defn
    async def find_backup(self, asked: Detour) -> Candidate | None:
        """Where a declined purchase may go next. None: nowhere, so it had better stay."""
        with told_to_temporal():
            candidates = await self.routes.candidates(asked.order)
            return asked.route.next_of(candidates, await self.routes.at_rest(candidates))

    @activity.defn
    async def leave_checkout(self, purchase: Purchase) -> None:
        """Write that its checkout was closed and which backup is to open the next one."""
        with told_to_temporal():
            await self.records.leave(purchase, now())

    @activity.defn
    async def read_standing(self, order: PurchaseOrder) -> Standing:
        with told_to_temporal():
            purchase = await self.records.get(order.purchase_id)
            assert purchase is not None  # its run wrote it before anything could be asked of it
            return await self._standing(purchase)

    @activity.defn
    async def fetch_checkout(self, checkout: CheckoutRef) -> CheckoutSnapshot:
        with told_to_temporal():
            async with self.gateways.of(checkout.integration_id) as gateway:
                return await gateway.fetch_checkout(checkout.session_id)

    @activity.defn
    async def expire_checkout(self, expiry: CheckoutExpiry) -> CheckoutSnapshot:
        """Make a checkout unpayable. The answer may be that it was paid a moment before."""
        with told_to_temporal():
            async with self.gateways.of(expiry.integration_id) as gateway:
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
            and _sum(view, purchase, frozenset({RefundStatus.SUCCEEDED})) < paid,
            goes_back=purchase.is_paid and _sum(view, purchase, MOVES_MONEY) >= paid,
        )


def _told(refused: Conflict, candidates: Sequence[Candidate]) -> str:
    if refused.code is not Code.INTEGRATION_INACTIVE:
        return refused.message
    hindered = "; ".join(f"{each.name}: {each.hindrance}" for each in candidates)
    return f"{refused.message} ({hindered})"


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


def _sum(view: PurchaseView, purchase: Purchase, statuses: frozenset[RefundStatus]) -> int:
    """Minor units of the refunds of its own payment that stand in one of these."""
    return sum(
        each.amount.minor
        for each in view.refunds
        if each.status in statuses and each.payment_id == purchase.payment_id
    )
