"""The rows, in memory: one store, one repository per noun, the promises of the real ones."""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

from dataclasses import dataclass, field
from datetime import datetime

from domain.emails import Email, EmailOrder, EmailStatus
from domain.errors import Code, Conflict, Unavailable
from domain.identifiers import derived_id
from domain.links import LinkStatus, PaymentLink
from domain.money import Money
from domain.payments import ProviderRefundState, RefundSnapshot
from domain.policies import Policy, PolicyDocument, PolicyStatus, policy_number_of
from domain.purchases import (
    PaymentStatus,
    Purchase,
    PurchaseOrder,
    RefundProgress,
    Refusal,
    ReviewReason,
    Settled,
    Settlement,
)
from domain.quotes import Quote
from domain.refunds import (
    CLAIMS_MONEY,
    Asker,
    Decision,
    Refund,
    RefundReason,
    RefundRequest,
    RefundStatus,
)
from domain.views import PurchaseView, Review, SentEmail

UNSENT = (EmailStatus.QUEUED, EmailStatus.SENDING)


@dataclass
class Rows:
    """``is_down`` is a database that cannot be reached."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
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

    def open_reviews(self, purchase_id: str) -> list[ReviewReason]:
        return [r.reason for r in self.reviews.get(purchase_id, []) if r.resolved_at is None]


@dataclass(frozen=True)
class FakePurchaseRecords:
    rows: Rows

    async def open(self, order: PurchaseOrder, at: datetime) -> Purchase:
        self.rows.reach()
        stored = self.rows.purchases.get(order.purchase_id)
        if stored is not None:
            return stored
        for other in self.rows.purchases.values():
            if other.order.quote_id == order.quote_id and other.holds_quote:
                raise Conflict(Code.QUOTE_ALREADY_PAID, f"{order.quote_id} is taken")
        purchase = Purchase(order=order)
        self.rows.purchases[order.purchase_id] = purchase
        return purchase

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

    def _draw(self, purchase: Purchase, at: datetime) -> None:
        order = purchase.order
        number = policy_number_of(at.year, len(self.rows.policies) + 1)
        self.rows.policies[order.purchase_id] = Policy(
            policy_id=derived_id("pol", order.purchase_id),
            number=number,
            tenant_id=order.tenant_id,
            purchase_id=order.purchase_id,
            quote_id=order.quote_id,
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

    async def mark_delivered(self, purchase_id: str, at: datetime) -> Policy:
        policy = self.rows.policies[purchase_id]
        if policy.status is PolicyStatus.ISSUED:
            delivered = {"status": PolicyStatus.DELIVERED, "delivered_at": at}
            policy = self.rows.policies[purchase_id] = policy.model_copy(update=delivered)
        return policy

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

    async def contact_of(self, link_id: str) -> tuple[str, str | None]:
        return self.rows.contacts[link_id], None

    async def end(self, link_id: str, status: LinkStatus, at: datetime) -> LinkStatus:
        self.rows.reach()
        link = self.rows.links[link_id]
        if link.status is LinkStatus.ACTIVE:
            link = self.rows.links[link_id] = link.model_copy(update={"status": status})
        return link.status


@dataclass(frozen=True)
class FakeRefundRecords:
    rows: Rows

    async def request(self, request: RefundRequest, at: datetime) -> Refund | Refusal:
        self.rows.reach()
        purchase = self.rows.purchases.get(request.purchase_id)
        if purchase is None:
            return Refusal(code=Code.PURCHASE_NOT_FOUND, message=request.purchase_id)
        if request.refund_id in self.rows.refunds:
            return self.rows.refunds[request.refund_id]
        is_late = request.asker is Asker.PAYBIND
        payment_id = purchase.late_payment_id if is_late else purchase.payment_id
        if purchase.paid is None or payment_id is None or not (is_late or purchase.is_paid):
            return Refusal(code=Code.NOT_PAID, message="not paid")
        left = purchase.paid - self._claimed(purchase)
        amount = request.amount or left
        if amount.currency != left.currency:
            return Refusal(code=Code.CURRENCY_MISMATCH, message="another currency")
        if request.amount is not None and amount.minor <= 0:
            return Refusal(code=Code.INVALID_AMOUNT, message="more than nothing")
        if left.minor <= 0 or amount > left:
            return Refusal(code=Code.REFUND_ABOVE_CAP, message=f"{left} is left")
        return self._insert(request, payment_id, amount, at)

    async def decide(self, refund_id: str, decision: Decision, at: datetime) -> Refund:
        refund = self.rows.refunds[refund_id]
        if refund.status is not RefundStatus.AWAITING_APPROVAL:
            return refund
        status = RefundStatus.PENDING if decision.approved else RefundStatus.DECLINED
        return self._write(refund, status=status, decided_by=decision.by, updated_at=at)

    async def record_outcome(
        self, refund_id: str, snapshot: RefundSnapshot, event_ids: tuple[str, ...], at: datetime
    ) -> Refund:
        self.rows.reach()
        self.rows.mark_handled(event_ids, at)
        refund = self.rows.refunds[refund_id]
        status = RefundStatus(snapshot.state.value)
        is_final = refund.status is RefundStatus.FAILED and refund.provider_refund_id is not None
        is_back = refund.status is RefundStatus.SUCCEEDED
        if is_final or (is_back and snapshot.state is not ProviderRefundState.FAILED):
            status = refund.status
        written = self._write(
            refund,
            status=status,
            provider_refund_id=snapshot.provider_refund_id,
            failure_reason=snapshot.failure_reason,
            updated_at=at,
        )
        self._cancel_policy(refund.purchase_id, at)
        return written

    async def fail(self, refund_id: str, reason: str, at: datetime) -> Refund:
        refund = self.rows.refunds[refund_id]
        return self._write(refund, status=RefundStatus.FAILED, failure_reason=reason, updated_at=at)

    async def adopt(
        self, purchase_id: str, snapshot: RefundSnapshot, event_ids: tuple[str, ...], at: datetime
    ) -> Refund:
        self.rows.reach()
        known = [
            refund.refund_id
            for refund in self.rows.refunds.values()
            if refund.provider_refund_id == snapshot.provider_refund_id
        ]
        refund_id = known[0] if known else derived_id("ref", snapshot.provider_refund_id)
        if not known:
            found = RefundRequest(
                refund_id=refund_id,
                purchase_id=purchase_id,
                tenant_id=self.rows.purchases[purchase_id].order.tenant_id,
                asker=Asker.PROVIDER,
                requested_by="provider",
                needs_approval_above=snapshot.amount.minor,
            )
            self._insert(found, snapshot.payment_id, snapshot.amount, at)
        return await self.record_outcome(refund_id, snapshot, event_ids, at)

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        return self.rows.refunds.get(refund_id)

    def _claimed(self, purchase: Purchase) -> Money:
        claims = self.rows.refunds_of(purchase.order.purchase_id)
        minor = sum(each.amount.minor for each in claims if each.status in CLAIMS_MONEY)
        return Money(minor=minor, currency=purchase.order.price.currency)

    def _cancel_policy(self, purchase_id: str, at: datetime) -> None:
        policy = self.rows.policies.get(purchase_id)
        paid = self.rows.purchases[purchase_id].paid
        if policy is not None and paid is not None:
            is_back = _refunded(self.rows, purchase_id) >= paid.minor
            cancelled = policy.model_copy(update={"cancelled_at": at if is_back else None})
            self.rows.policies[purchase_id] = cancelled

    def _insert(
        self, request: RefundRequest, payment_id: str, amount: Money, at: datetime
    ) -> Refund:
        needs_approval = request.needs_approval(amount)
        refund = Refund(
            refund_id=request.refund_id,
            purchase_id=request.purchase_id,
            tenant_id=request.tenant_id,
            payment_id=payment_id,
            amount=amount,
            reason=RefundReason.REQUESTED_BY_CUSTOMER,
            status=RefundStatus.AWAITING_APPROVAL if needs_approval else RefundStatus.PENDING,
            asker=request.asker,
            requested_by=request.requested_by,
            created_at=at,
            updated_at=at,
        )
        self.rows.refunds[request.refund_id] = refund
        return refund

    def _write(self, refund: Refund, **changes: object) -> Refund:
        written = refund.model_copy(update=changes)
        self.rows.refunds[refund.refund_id] = written
        return written


@dataclass(frozen=True)
class FakeEmailRecords:
    rows: Rows

    async def queue(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> Email:
        self.rows.reach()
        return self.rows.emails.setdefault(
            order.email_id,
            Email(
                **order.model_dump(),
                recipient=recipient,
                recipient_name=recipient_name,
                status=EmailStatus.QUEUED,
                created_at=at,
                updated_at=at,
            ),
        )

    async def get(self, email_id: str) -> Email | None:
        return self.rows.emails.get(email_id)

    async def begin_try(self, email_id: str, at: datetime) -> Email:
        email = self.rows.emails[email_id]
        if email.status is not EmailStatus.QUEUED:
            return email
        return self.write(
            email_id, status=EmailStatus.SENDING, tries=email.tries + 1, sending_since=at
        )

    async def put_back(self, email_id: str, error: str, at: datetime) -> Email:
        return self.write(email_id, status=EmailStatus.QUEUED, last_error=error, sending_since=None)

    async def mark_accepted(
        self, email_id: str, provider_message_id: str | None, at: datetime
    ) -> Email:
        self.rows.reach()
        email = self.rows.emails[email_id]
        status = EmailStatus.ACCEPTED if email.status in UNSENT else email.status
        return self.write(email_id, status=status, provider_message_id=provider_message_id)

    async def supersede(self, email_id: str, at: datetime) -> Email:
        if self.rows.emails[email_id].status not in UNSENT:
            return self.rows.emails[email_id]
        return self.write(email_id, status=EmailStatus.SUPERSEDED, updated_at=at)

    def write(self, email_id: str, **changes: object) -> Email:
        self.rows.emails[email_id] = self.rows.emails[email_id].model_copy(update=changes)
        return self.rows.emails[email_id]


def _refunded(rows: Rows, purchase_id: str) -> int:
    return sum(
        refund.amount.minor
        for refund in rows.refunds_of(purchase_id)
        if refund.status is RefundStatus.SUCCEEDED
    )


def _view(rows: Rows, purchase: Purchase) -> PurchaseView:
    order, policy = purchase.order, rows.policies.get(purchase.order.purchase_id)
    refunded = _refunded(rows, order.purchase_id)
    is_full = purchase.paid is not None and refunded >= purchase.paid.minor
    progress = RefundProgress.FULL if is_full else RefundProgress.PARTIAL
    at = datetime.now().astimezone()
    return PurchaseView(
        **order.model_dump(),
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
        policy_status=policy.status if policy else PolicyStatus.NONE,
        policy=policy,
        needs_review=bool(rows.open_reviews(order.purchase_id)),
        reviews=tuple(rows.reviews.get(order.purchase_id, [])),
        refunds=rows.refunds_of(order.purchase_id),
        emails=tuple(_shown(e) for e in rows.emails.values() if e.purchase_id == order.purchase_id),
        created_at=at,
        updated_at=at,
    )


def _shown(email: Email) -> SentEmail:
    hidden = {"tenant_id", "recipient", "recipient_name", "purchase_id", "link_id", "refund_id"}
    hidden |= {"sending_since", "provider_message_id"}
    return SentEmail(**email.model_dump(exclude=hidden))
