"""Refunds: claimed against what is left, decided by a human where one is needed, then settled."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditEvent
from domain.errors import Code, NotFound
from domain.identifiers import derived_id
from domain.payments import ProviderRefundState, RefundSnapshot
from domain.purchases import Refusal
from domain.refunds import (
    Asker,
    Decision,
    Refund,
    RefundReason,
    RefundRequest,
    RefundStatus,
)
from domain.views import Page
from persistence.audit import write_down
from persistence.database import Database
from persistence.events import mark_events_handled
from persistence.pages import after, page_of
from persistence.refund_claims import Claim, claim_for
from persistence.refund_sums import write_refunded
from persistence.rows.purchases import PurchaseRow
from persistence.rows.refunds import RefundRow, refund_of
from persistence.statements import locked, locked_purchase


@dataclass(frozen=True)
class RefundRecords:
    database: Database

    async def request(self, request: RefundRequest, at: datetime) -> Refund | Refusal:
        """Claim the money. The same request again gives the refund that stands.

        Another request under the same id is refused, so that nobody takes one for the other.
        """
        async with self.database.transaction() as session:
            purchase = await locked(session, PurchaseRow, request.purchase_id)
            if purchase is None or purchase.tenant_id != request.tenant_id:
                return Refusal(
                    code=Code.PURCHASE_NOT_FOUND, message=f"no purchase {request.purchase_id}"
                )
            stored = await session.get(RefundRow, request.refund_id)
            if stored is not None:
                return _repeated(refund_of(stored), request)
            claim = await claim_for(session, purchase, request)
            if isinstance(claim, Refusal):
                return claim
            row = _row_of(request, claim, purchase, at)
            session.add(row)
            await session.flush()
            await _tell_of_use(session, row, request.requested_by, request.address, at)
            return refund_of(row)

    async def decide(self, refund_id: str, decision: Decision, at: datetime) -> Refund:
        """The first decision stands."""
        async with self.database.transaction() as session:
            row = _required(await locked(session, RefundRow, refund_id), refund_id)
            if row.status == RefundStatus.AWAITING_APPROVAL:
                row.status = RefundStatus.PENDING if decision.approved else RefundStatus.DECLINED
                row.decided_by = decision.by
                row.updated_at = at
                await _tell_of_use(session, row, decision.by, decision.address, at)
            return refund_of(row)

    async def record_outcome(
        self, refund_id: str, snapshot: RefundSnapshot, event_ids: tuple[str, ...], at: datetime
    ) -> Refund:
        async with self.database.transaction() as session:
            purchase, row = await _locked_with_purchase(session, refund_id)
            _write_outcome(row, snapshot, at)
            await write_refunded(session, purchase, at)
            await mark_events_handled(session, event_ids, at)
            return refund_of(row)

    async def fail(self, refund_id: str, reason: str, at: datetime) -> Refund:
        """It never reached the provider, for certain: its claim on the money ends."""
        async with self.database.transaction() as session:
            row = _required(await locked(session, RefundRow, refund_id), refund_id)
            if row.status in (RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING):
                row.status = RefundStatus.FAILED
                row.failure_reason = reason
                row.updated_at = at
            return refund_of(row)

    async def adopt(
        self,
        purchase_id: str,
        snapshot: RefundSnapshot,
        event_ids: tuple[str, ...],
        at: datetime,
        integration_id: str | None = None,
    ) -> Refund:
        """A refund the provider tells of: ours if we know it, else found and kept as its own.

        ``integration_id``: whose account told of it.
        """
        async with self.database.transaction() as session:
            purchase = await locked_purchase(session, purchase_id)
            row = await _row_of_provider(session, snapshot.provider_refund_id)
            if row is None:
                row = _found_row(purchase, snapshot, integration_id, at)
                session.add(row)
            _write_outcome(row, snapshot, at)
            await write_refunded(session, purchase, at)
            await mark_events_handled(session, event_ids, at)
            return refund_of(row)

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        refund = await self.find(refund_id)
        return refund if refund is not None and refund.tenant_id == tenant_id else None

    async def find(self, refund_id: str) -> Refund | None:
        """Of any tenant: for workflows and webhooks."""
        async with self.database.reading() as session:
            row = await session.get(RefundRow, refund_id)
        return refund_of(row) if row else None

    async def of_provider(self, provider_refund_id: str) -> Refund | None:
        async with self.database.reading() as session:
            row = await _row_of_provider(session, provider_refund_id)
        return refund_of(row) if row else None

    async def page(
        self,
        tenant_id: str,
        status: RefundStatus | None = None,
        purchase_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Refund]:
        newest = (
            select(RefundRow)
            .where(
                RefundRow.tenant_id == tenant_id,
                *_narrowed(status, purchase_id),
                *after(cursor, col(RefundRow.created_at), col(RefundRow.refund_id)),
            )
            .order_by(col(RefundRow.created_at).desc(), col(RefundRow.refund_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            refunds = [refund_of(row) for row in await session.exec(newest)]
        return page_of(refunds, limit, lambda refund: (refund.created_at, refund.refund_id))


def _narrowed(status: RefundStatus | None, purchase_id: str | None) -> list[ColumnElement[bool]]:
    given = ((RefundRow.status, status), (RefundRow.purchase_id, purchase_id))
    return [col(column) == value for column, value in given if value is not None]


def _repeated(stored: Refund, request: RefundRequest) -> Refund | Refusal:
    is_same = request.amount in (None, stored.amount) and request.reason is stored.reason
    if is_same and request.purchase_id == stored.purchase_id:
        return stored
    return Refusal(
        code=Code.IDEMPOTENCY_KEY_REUSED, message=f"{stored.refund_id} is another refund"
    )


def _row_of(request: RefundRequest, claim: Claim, purchase: PurchaseRow, at: datetime) -> RefundRow:
    needs_approval = request.needs_approval(claim.total)
    return RefundRow(
        refund_id=request.refund_id,
        purchase_id=request.purchase_id,
        tenant_id=request.tenant_id,
        payment_id=claim.payment_id,
        amount_minor=claim.amount.minor,
        currency=claim.amount.currency,
        livemode=purchase.livemode,
        integration_id=claim.integration_id,
        reason=request.reason,
        status=RefundStatus.AWAITING_APPROVAL if needs_approval else RefundStatus.PENDING,
        asker=request.asker,
        requested_by=request.requested_by,
        decided_by=None if needs_approval else request.approved_by,
        created_at=at,
        updated_at=at,
    )


async def _tell_of_use(
    session: AsyncSession, row: RefundRow, actor: str, address: str | None, at: datetime
) -> None:
    """In the audit log: who has an integration give money back."""
    if row.integration_id is None or row.status != RefundStatus.PENDING:
        return
    used = AuditEvent(
        tenant_id=row.tenant_id,
        actor=actor,
        address=address,
        action="integration.used",
        subject=row.integration_id,
        after={"refund_id": row.refund_id, "purchase_id": row.purchase_id},
    )
    await write_down(session, used, at)


def _found_row(
    purchase: PurchaseRow, snapshot: RefundSnapshot, integration_id: str | None, at: datetime
) -> RefundRow:
    return RefundRow(
        refund_id=derived_id("ref", snapshot.provider_refund_id),
        purchase_id=purchase.purchase_id,
        tenant_id=purchase.tenant_id,
        payment_id=snapshot.payment_id,
        amount_minor=snapshot.amount.minor,
        currency=snapshot.amount.currency,
        livemode=purchase.livemode,
        integration_id=integration_id,
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        status=RefundStatus.PENDING,
        asker=Asker.PROVIDER,
        requested_by="provider",
        provider_refund_id=snapshot.provider_refund_id,
        created_at=at,
        updated_at=at,
    )


def _write_outcome(row: RefundRow, snapshot: RefundSnapshot, at: datetime) -> None:
    if not _moves(row, snapshot):
        return
    row.status = RefundStatus(snapshot.state.value)
    row.provider_refund_id = snapshot.provider_refund_id
    row.failure_reason = snapshot.failure_reason
    row.updated_at = at


def _moves(row: RefundRow, snapshot: RefundSnapshot) -> bool:
    """A success may still fail at the bank; a failure the provider told of is the end.

    Where we alone gave it up, only money that did go is news.
    """
    if row.status == RefundStatus.FAILED:
        is_given_up = row.provider_refund_id is None
        return is_given_up and snapshot.state is ProviderRefundState.SUCCEEDED
    if row.status == RefundStatus.SUCCEEDED:
        return snapshot.state is ProviderRefundState.FAILED
    is_known = row.provider_refund_id == snapshot.provider_refund_id
    return row.status != snapshot.state or not is_known


async def _locked_with_purchase(
    session: AsyncSession, refund_id: str
) -> tuple[PurchaseRow, RefundRow]:
    owner = select(RefundRow.purchase_id).where(RefundRow.refund_id == refund_id)
    purchase_id = (await session.exec(owner)).first()
    if purchase_id is None:
        raise NotFound(Code.REFUND_NOT_FOUND, f"no refund {refund_id}")
    purchase = await locked_purchase(session, purchase_id)
    return purchase, _required(await locked(session, RefundRow, refund_id), refund_id)


async def _row_of_provider(session: AsyncSession, provider_refund_id: str) -> RefundRow | None:
    known = select(RefundRow).where(RefundRow.provider_refund_id == provider_refund_id)
    return (await session.exec(known)).first()


def _required(row: RefundRow | None, refund_id: str) -> RefundRow:
    if row is None:
        raise NotFound(Code.REFUND_NOT_FOUND, f"no refund {refund_id}")
    return row
