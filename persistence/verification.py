"""What `paybind verify` reads: it changes nothing, and looks at every tenant."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.emails import CAME_BACK, EmailStatus, EmailTemplate
from domain.events import EventOutcome
from domain.executions import UNFINISHED, Execution
from domain.money import Money
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus
from domain.refunds import MOVES_MONEY, UNDER_WAY, Asker, Refund, RefundStatus
from domain.verification import Finding, Irregularity, PaidPurchase, RefundTally
from persistence.database import Database
from persistence.rows.emails import EmailRow
from persistence.rows.events import EventRow
from persistence.rows.executions import ExecutionRow, execution_of
from persistence.rows.integrations import IntegrationRow
from persistence.rows.policies import PolicyRow
from persistence.rows.purchases import PurchaseRow, paid_of, price_of, purchase_of
from persistence.rows.refunds import RefundRow, refund_of

_ARRIVING = (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)


@dataclass
class _Books:
    """What belongs to purchases, by purchase id; refunds are those of its own payment."""

    policies: Counter[str] = field(default_factory=Counter)
    emails: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refunds: dict[str, list[RefundTally]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class VerificationRecords:
    database: Database

    async def paid_purchases(self) -> tuple[PaidPurchase, ...]:
        """Oldest first."""
        paid = select(PurchaseRow).where(
            or_(
                col(PurchaseRow.status) == PaymentStatus.COMPLETED,
                col(PurchaseRow.late_payment_id).is_not(None),
            )
        )
        async with self.database.reading() as session:
            rows = (await session.exec(paid.order_by(col(PurchaseRow.created_at)))).all()
            books = await _read_books(session)
        return tuple(_paid_purchase_of(row, books) for row in rows)

    async def accounts(self) -> tuple[str, ...]:
        """The integrations at which purchases had a checkout, but for those that were deleted."""
        used = select(PurchaseRow.integration_id).distinct()
        left = select(PurchaseRow).where(col(PurchaseRow.failovers) > 0)
        there = select(IntegrationRow.integration_id).where(
            col(IntegrationRow.deleted_at).is_(None)
        )
        async with self.database.reading() as session:
            ids = set(await session.exec(used))
            for purchase in await session.exec(left):
                ids |= {each.integration_id for each in purchase_of(purchase).left}
            return tuple(each for each in await session.exec(there) if each in ids)

    async def returned(self) -> Mapping[str, int]:
        """Minor units of each payment that goes back by itself, since it came too late."""
        summed = func.sum(RefundRow.amount_minor)
        returned = (
            select(RefundRow.payment_id, summed)
            .where(RefundRow.asker == Asker.PAYBIND, col(RefundRow.status).in_(MOVES_MONEY))
            .group_by(col(RefundRow.payment_id))
        )
        async with self.database.reading() as session:
            return {payment_id: int(minor) for payment_id, minor in await session.exec(returned)}

    async def unfinished_executions(self) -> tuple[Execution, ...]:
        """Those that have no end that stands, oldest first."""
        unfinished = (
            select(ExecutionRow)
            .where(col(ExecutionRow.status).in_(UNFINISHED))
            .order_by(col(ExecutionRow.created_at), col(ExecutionRow.execution_id))
        )
        async with self.database.reading() as session:
            return tuple(execution_of(row) for row in await session.exec(unfinished))

    async def open_refunds(self, due: datetime) -> tuple[Refund, ...]:
        """Those asked for here that have no end, and did not move since ``due``; oldest first."""
        still = (
            select(RefundRow)
            .where(
                col(RefundRow.status).in_(UNDER_WAY),
                col(RefundRow.asker) != Asker.PROVIDER,
                col(RefundRow.updated_at) <= due,
            )
            .order_by(col(RefundRow.created_at), col(RefundRow.refund_id))
        )
        async with self.database.reading() as session:
            return tuple(refund_of(row) for row in await session.exec(still))

    async def findings(self) -> tuple[Finding, ...]:
        """Empty for a sound database."""
        purchases = await self.paid_purchases()
        on_time = [purchase for purchase in purchases if not purchase.is_late]
        return (
            *_shared(
                Irregularity.QUOTE_PAID_TWICE,
                on_time,
                lambda purchase: f"{purchase.tenant_id}/{purchase.quote_id}",
            ),
            *_shared(
                Irregularity.PAYMENT_USED_TWICE, purchases, lambda purchase: purchase.payment_id
            ),
            *_refunded_above_paid(purchases),
            *await self._policies_without_payment(),
            *await self._refunds_not_payable(),
        )

    async def events_not_handed_over(self, since: datetime) -> tuple[Finding, ...]:
        """What was received before that moment and then left; oldest first."""
        left = (
            select(EventRow.event_id, EventRow.purchase_id)
            .where(EventRow.outcome == EventOutcome.RECEIVED, EventRow.received_at < since)
            .order_by(col(EventRow.received_at))
        )
        async with self.database.reading() as session:
            return tuple(
                _finding(Irregularity.EVENT_NOT_HANDED_OVER, event_id, *filter(None, [purchase_id]))
                for event_id, purchase_id in await session.exec(left)
            )

    async def _policies_without_payment(self) -> list[Finding]:
        strays = (
            select(PolicyRow.number, PolicyRow.purchase_id)
            .join(PurchaseRow, col(PurchaseRow.purchase_id) == col(PolicyRow.purchase_id))
            .where(col(PurchaseRow.status) != PaymentStatus.COMPLETED)
            .order_by(col(PolicyRow.number))
        )
        async with self.database.reading() as session:
            return [
                _finding(Irregularity.POLICY_WITHOUT_PAYMENT, number, purchase_id)
                for number, purchase_id in await session.exec(strays)
            ]

    async def _refunds_not_payable(self) -> list[Finding]:
        """Under way at an account whose credentials were destroyed."""
        stuck = (
            select(RefundRow.refund_id, RefundRow.purchase_id, RefundRow.integration_id)
            .join(
                IntegrationRow,
                col(IntegrationRow.integration_id) == col(RefundRow.integration_id),
            )
            .where(
                col(RefundRow.status).in_(UNDER_WAY), col(IntegrationRow.deleted_at).is_not(None)
            )
            .order_by(col(RefundRow.created_at), col(RefundRow.refund_id))
        )
        async with self.database.reading() as session:
            return [
                Finding(
                    irregularity=Irregularity.REFUND_NOT_PAYABLE,
                    subject=refund_id,
                    purchase_ids=(purchase_id,),
                    detail=f"integration {integration_id} was deleted",
                )
                for refund_id, purchase_id, integration_id in await session.exec(stuck)
            ]


async def _read_books(session: AsyncSession) -> _Books:
    books = _Books()
    books.policies.update((await session.exec(select(PolicyRow.purchase_id))).all())
    sent = (
        select(EmailRow.purchase_id, EmailRow.status, func.count())
        .where(EmailRow.template == EmailTemplate.PAYMENT_CONFIRMATION)
        .group_by(col(EmailRow.purchase_id), col(EmailRow.status))
    )
    for purchase_id, email_status, emails in await session.exec(sent):
        books.emails[purchase_id or ""][email_status] = emails
    own = func.coalesce(PurchaseRow.late_payment_id, PurchaseRow.payment_id)
    refunds = (
        select(
            RefundRow.purchase_id, RefundRow.status, func.count(), func.sum(RefundRow.amount_minor)
        )
        .join(PurchaseRow, col(PurchaseRow.purchase_id) == col(RefundRow.purchase_id))
        .where(col(RefundRow.payment_id) == own)
        .group_by(col(RefundRow.purchase_id), col(RefundRow.status))
    )
    for purchase_id, status, count, minor in await session.exec(refunds):
        tally = RefundTally(status=RefundStatus(status), count=count, minor=int(minor))
        books.refunds[purchase_id].append(tally)
    return books


def _paid_purchase_of(row: PurchaseRow, books: _Books) -> PaidPurchase:
    emails = books.emails[row.purchase_id]
    return PaidPurchase(
        purchase_id=row.purchase_id,
        tenant_id=row.tenant_id,
        quote_id=row.quote_id,
        livemode=row.livemode,
        provider=row.provider,
        integration_id=row.integration_id,
        session_id=row.session_id,
        payment_id=row.late_payment_id or row.payment_id,
        failovers=row.failovers,
        is_late=row.status != PaymentStatus.COMPLETED,
        price=price_of(row),
        paid=paid_of(row),
        paid_at=row.paid_at,
        moved_at=row.updated_at,
        amount_refunded=Money(
            minor=row.amount_refunded_minor, currency=row.paid_currency or row.currency
        ),
        policy_status=PolicyStatus(row.policy_status),
        needs_review=row.needs_review,
        policies=books.policies[row.purchase_id],
        confirmations=sum(emails[status] for status in _ARRIVING),
        confirmations_delivered=emails[EmailStatus.DELIVERED],
        confirmations_failed=sum(emails[status] for status in CAME_BACK),
        refunds=tuple(books.refunds[row.purchase_id]),
    )


def _shared(
    irregularity: Irregularity,
    purchases: Sequence[PaidPurchase],
    subject_of: Callable[[PaidPurchase], str | None],
) -> Iterator[Finding]:
    """What only one purchase may have, and several do."""
    owners = defaultdict[str, list[str]](list)
    for purchase in purchases:
        subject = subject_of(purchase)
        if subject is not None:
            owners[subject].append(purchase.purchase_id)
    for subject, purchase_ids in owners.items():
        if len(purchase_ids) > 1:
            yield _finding(irregularity, subject, *purchase_ids)


def _refunded_above_paid(purchases: Sequence[PaidPurchase]) -> Iterator[Finding]:
    for purchase in purchases:
        going = sum(t.minor for t in purchase.refunds if t.status in MOVES_MONEY)
        if purchase.paid is None or going > purchase.paid.minor:
            yield _finding(
                Irregularity.REFUNDED_ABOVE_PAID, purchase.purchase_id, purchase.purchase_id
            )


def _finding(irregularity: Irregularity, subject: str, *purchase_ids: str) -> Finding:
    return Finding(irregularity=irregularity, subject=subject, purchase_ids=purchase_ids)
