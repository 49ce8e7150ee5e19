"""The rows, in memory: one store, one repository per noun, the promises of the real ones."""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.audit import Asked
from domain.emails import Email, EmailStatus
from domain.errors import Code, Conflict, Unavailable
from domain.identifiers import derived_id
from domain.links import LinkStatus, PaymentLink
from domain.money import Money
from domain.policies import Policy, PolicyDocument, PolicyStatus, policy_number_of
from domain.purchases import (
    Opened,
    PaymentStatus,
    Purchase,
    PurchaseOrder,
    RefundProgress,
    ReviewReason,
    Settled,
    Settlement,
)
from domain.quotes import Quote
from domain.refunds import (
    Refund,
    RefundStatus,
)
from domain.routing import Candidate, Route
from domain.views import PurchaseView, Review, SentEmail


@dataclass
class Rows:
    """``is_down`` is a database that cannot be reached."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    outcomes_unknown: set[str] = field(default_factory=set)
    candidates: tuple[Candidate, ...] = (Candidate(),)
    at_rest: set[str] = field(default_factory=set)  # integrations
    policies: dict[str, Policy] = field(default_factory=dict)  # by purchase
    refunds: dict[str, Refund] = field(default_factory=dict)
    emails: dict[str, Email] = field(default_factory=dict)
    links: dict[str, PaymentLink] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)  # by link
    reviews: dict[str, list[Review]] = field(default_factory=dict)  # by purchase
    handled: dict[str, datetime] = field(default_factory=dict)  # by event
    settlements: list[Settlement] = field(default_factory=list)
    is_down: bool = False

    def reach(self) -> None:
        if self.is_down:
            raise Unavailable("the database is away")

    def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None:
        for event_id in event_ids:
            self.handled.setdefault(event_id, at)

    def refunds_of(self, purchase_id: str) -> tuple[Refund, ...]:
        return tuple(r for r in self.refunds.values() if r.purchase_id == purchase_id)

    def refunded(self, purchase_id: str) -> int:
        """Minor units of its own payment that are back with the customer."""
        purchase = self.purchases[purchase_id]
        own = purchase.late_payment_id or purchase.payment_id
        return sum(
            refund.amount.minor
            for refund in self.refunds_of(purchase_id)
            if refund.status is RefundStatus.SUCCEEDED and refund.payment_id == own
        )

    def open_reviews(self, purchase_id: str) -> list[ReviewReason]:
        return [r.reason for r in self.reviews.get(purchase_id, []) if r.resolved_at is None]


@dataclass(frozen=True)
class FakeRouteRecords:
    rows: Rows

    async def candidates(self, order: PurchaseOrder) -> tuple[Candidate, ...]:
        self.rows.reach()
        return self.rows.candidates

    async def at_rest(self, candidates: Sequence[Candidate]) -> frozenset[str | None]:
        return frozenset(self.rows.at_rest)


@dataclass(frozen=True)
class FakePurchaseRecords:
    rows: Rows

    async def open(self, order: PurchaseOrder, route: Route | None, at: datetime) -> Opened:
        self.rows.reach()
        stored = self.rows.purchases.get(order.purchase_id)
        if stored is not None:
            may_exist = order.purchase_id in self.rows.outcomes_unknown
            return Opened(purchase=stored, may_exist=may_exist)
        for other in self.rows.purchases.values():
            if other.order.quote_id == order.quote_id and other.holds_quote:
                raise Conflict(Code.QUOTE_ALREADY_PAID, f"{order.quote_id} is taken")
        if route is None:
            raise Conflict(Code.INTEGRATION_INACTIVE, "no integration for payments can be used")
        purchase = Purchase(order=order, route=route)
        self.rows.purchases[order.purchase_id] = purchase
        self.rows.outcomes_unknown.add(order.purchase_id)
        return Opened(purchase=purchase, is_new=True)

    async def get(self, purchase_id: str) -> Purchase | None:
        self.rows.reach()
        return self.rows.purchases.get(purchase_id)

    async def route(self, purchase_id: str, route: Route, at: datetime) -> None:
        self.rows.reach()
        stored = self.rows.purchases[purchase_id]
        self.rows.purchases[purchase_id] = stored.model_copy(update={"route": route})
        self.rows.outcomes_unknown.add(purchase_id)

    async def did_not_act(self, purchase_id: str, at: datetime) -> None:
        self.rows.reach()
        self.rows.outcomes_unknown.discard(purchase_id)

    async def leave(self, purchase: Purchase, at: datetime) -> None:
        self.rows.reach()
        stored = self.rows.purchases[purchase.order.purchase_id]
        left = purchase.left[-1].session_id
        if stored.checkout is not None and stored.checkout.session_id == left:
            self.rows.purchases[purchase.order.purchase_id] = purchase

    async def record(self, settlement: Settlement, at: datetime) -> Settled:
        self.rows.reach()
        purchase = settlement.purchase
        purchase_id = purchase.order.purchase_id
        assert purchase_id in self.rows.purchases, "the row exists before the provider is asked"
        self.rows.settlements.append(settlement)
        stored = self.rows.purchases[purchase_id]
        if not (stored.is_paid and not purchase.is_paid):
            self.rows.purchases[purchase_id] = purchase
        self.rows.mark_handled(settlement.event_ids, at)
        if purchase.paid_exactly and purchase_id not in self.rows.policies:
            self._draw(purchase, at)
        policy = self.rows.policies.get(purchase_id)
        return Settled(
            policy_id=policy.policy_id if policy else None,
            policy_number=policy.number if policy else None,
            link_id=self._link_of(purchase),
        )

    async def flag_review(
        self, purchase_id: str, reason: ReviewReason, detail: str | None, at: datetime
    ) -> None:
        self.rows.reach()
        assert purchase_id in self.rows.purchases
        if reason not in self.rows.open_reviews(purchase_id):
            review = Review(reason=reason, detail=detail, opened_at=at)
            self.rows.reviews.setdefault(purchase_id, []).append(review)

    async def resolve_review(self, purchase_id: str, reason: ReviewReason, at: datetime) -> bool:
        self.rows.reach()
        was_open = reason in self.rows.open_reviews(purchase_id)
        self.rows.reviews[purchase_id] = [
            each.model_copy(update={"resolved_at": each.resolved_at or at})
            if each.reason is reason
            else each
            for each in self.rows.reviews.get(purchase_id, [])
        ]
        return was_open

    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None:
        self.rows.reach()
        purchase = self.rows.purchases.get(purchase_id)
        if purchase is None or purchase.order.tenant_id != tenant_id:
            return None
        return _view(self.rows, purchase)

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> Purchase | None:
        self.rows.reach()
        of_quote = [
            purchase
            for purchase in self.rows.purchases.values()
            if (purchase.order.tenant_id, purchase.order.quote_id) == (tenant_id, quote_id)
        ]
        return max(of_quote, key=lambda each: each.order.attempt, default=None)

    def _draw(self, purchase: Purchase, at: datetime) -> None:
        order = purchase.order
        number = policy_number_of(at.year, len(self.rows.policies) + 1)
        self.rows.policies[order.purchase_id] = Policy(
            policy_id=derived_id("pol", order.purchase_id),
            number=number,
            tenant_id=order.tenant_id,
            purchase_id=order.purchase_id,
            quote_id=order.quote_id,
            livemode=order.livemode,
            status=PolicyStatus.NONE,
            drawn_at=at,
        )

    def _link_of(self, purchase: Purchase) -> str | None:
        for link in self.rows.links.values():
            is_alive = link.status in (LinkStatus.ACTIVE, LinkStatus.PAID)
            if link.quote_id == purchase.order.quote_id and is_alive:
                if purchase.is_paid:
                    paid = link.model_copy(update={"status": LinkStatus.PAID})
                    self.rows.links[link.link_id] = paid
                return link.link_id
        return None


@dataclass(frozen=True)
class FakeEventRecords:
    rows: Rows

    async def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None:
        self.rows.reach()
        self.rows.mark_handled(event_ids, at)


@dataclass(frozen=True)
class FakePolicyRecords:
    rows: Rows

    async def of_purchase(self, purchase_id: str) -> Policy | None:
        self.rows.reach()
        return self.rows.policies.get(purchase_id)

    async def mark_issued(self, purchase_id: str, document: PolicyDocument, at: datetime) -> Policy:
        policy = self.rows.policies[purchase_id]
        if policy.status is PolicyStatus.NONE:
            issued = {"status": PolicyStatus.ISSUED, "document": document, "issued_at": at}
            policy = self.rows.policies[purchase_id] = policy.model_copy(update=issued)
        return policy

    async def mark_delivered(self, purchase_id: str, email_id: str, at: datetime) -> None:
        policy = self.rows.policies[purchase_id]
        bounced = self.rows.emails[email_id].status is EmailStatus.BOUNCED
        if policy.status is PolicyStatus.ISSUED and not bounced:
            delivered = {"status": PolicyStatus.DELIVERED, "delivered_at": at}
            self.rows.policies[purchase_id] = policy.model_copy(update=delivered)

    def mark_not_delivered(self, purchase_id: str) -> None:
        """What the webhook door does before it tells the workflow of a bounce."""
        issued = {"status": PolicyStatus.ISSUED, "delivered_at": None}
        self.rows.policies[purchase_id] = self.rows.policies[purchase_id].model_copy(update=issued)


@dataclass(frozen=True)
class FakeQuoteRecords:
    rows: Rows

    async def get(self, tenant_id: str, quote_id: str) -> Quote | None:
        quote = self.rows.quotes.get(quote_id)
        return quote if quote is not None and quote.tenant_id == tenant_id else None


@dataclass(frozen=True)
class FakeLinkRecords:
    rows: Rows

    async def get(self, tenant_id: str, link_id: str) -> PaymentLink | None:
        link = self.rows.links.get(link_id)
        return link if link is not None and link.tenant_id == tenant_id else None

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> PaymentLink | None:
        of_quote = [
            link
            for link in self.rows.links.values()
            if (link.tenant_id, link.quote_id) == (tenant_id, quote_id)
        ]
        return max(of_quote, key=lambda each: each.number, default=None)

    async def contact_of(self, link_id: str) -> tuple[str, str | None]:
        return self.rows.contacts[link_id], None

    async def end(self, link_id: str, status: LinkStatus, at: datetime) -> LinkStatus:
        self.rows.reach()
        link = self.rows.links[link_id]
        if link.status is LinkStatus.ACTIVE:
            link = self.rows.links[link_id] = link.model_copy(update={"status": status})
        return link.status


def _view(rows: Rows, purchase: Purchase) -> PurchaseView:
    order, policy = purchase.order, rows.policies.get(purchase.order.purchase_id)
    refunded = rows.refunded(order.purchase_id)
    is_full = purchase.paid is not None and refunded >= purchase.paid.minor
    progress = RefundProgress.FULL if is_full else RefundProgress.PARTIAL
    at = datetime.now().astimezone()
    return PurchaseView(
        **order.model_dump(
            exclude={"payable_until", "product_id", "integration_id", *Asked.model_fields}
        ),
        route=purchase.route,
        payment_status=PaymentStatus(purchase.status),
        can_retry=purchase.can_retry,
        processing=purchase.processing,
        failure_code=purchase.failure.code if purchase.failure else None,
        failure_reason=purchase.failure.reason if purchase.failure else None,
        session_id=purchase.checkout.session_id if purchase.checkout else None,
        checkout_url=purchase.checkout.url if purchase.checkout else None,
        expires_at=purchase.checkout.expires_at if purchase.checkout else None,
        provider_payment_id=purchase.payment_id,
        paid_at=purchase.paid_at,
        cancel_reason=purchase.cancel_reason,
        amount_refunded=Money(minor=refunded, currency=order.price.currency),
        refund_status=progress if refunded else RefundProgress.NONE,
        policy_status=_status_of(policy),
        policy=policy,
        needs_review=bool(rows.open_reviews(order.purchase_id)),
        reviews=tuple(rows.reviews.get(order.purchase_id, [])),
        refunds=rows.refunds_of(order.purchase_id),
        emails=tuple(_shown(e) for e in rows.emails.values() if e.purchase_id == order.purchase_id),
        created_at=at,
        updated_at=at,
    )


def _status_of(policy: Policy | None) -> PolicyStatus:
    if policy is None:
        return PolicyStatus.NONE
    return PolicyStatus.CANCELLED if policy.cancelled_at else policy.status


def _shown(email: Email) -> SentEmail:
    hidden = {"tenant_id", "recipient", "recipient_name", "purchase_id", "link_id", "refund_id"}
    hidden |= {"payout_id", "sending_since", "provider_message_id", "livemode"}
    return SentEmail(**email.model_dump(exclude=hidden))
