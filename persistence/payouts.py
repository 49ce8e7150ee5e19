"""Payouts as rows: one method takes what a poll or an event showed, and raises what is owed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.audit import AuditEvent
from domain.errors import Code, NotFound
from domain.identifiers import derived_id
from domain.payouts import (
    ENDED,
    Payout,
    PayoutAccount,
    PayoutAlert,
    PayoutAlertKind,
    PayoutFilter,
    PayoutGroup,
    PayoutSnapshot,
    PayoutStatus,
    payout_id_of,
)
from domain.views import Page
from persistence.audit import write_down
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.payouts import PayoutAlertRow, PayoutRow, payout_of, payout_row_of
from persistence.statements import insert_if_absent, line_up, locked

Told = Callable[[Payout], AuditEvent]
_IS_PENDING = col(PayoutRow.status).not_in(ENDED)


@dataclass(frozen=True)
class PayoutRecords:
    database: Database

    async def apply(
        self, account: PayoutAccount, seen: Iterable[PayoutSnapshot], at: datetime
    ) -> None:
        """All in one transaction. What does not follow on what is known changes nothing."""
        async with self.database.transaction() as session:
            await line_up(session, f"payouts {account.tenant_id} {account.name}")
            ids = {payout_id_of(account, each.provider_payout_id): each for each in seen}
            known = await session.exec(
                select(PayoutRow).where(col(PayoutRow.payout_id).in_(list(ids)))
            )
            rows = {row.payout_id: row for row in known}
            for payout_id, snapshot in ids.items():
                row = rows.get(payout_id)
                if row is None:
                    session.add(payout_row_of(_new(account, payout_id, snapshot, at)))
                else:
                    _move(row, payout_of(row), snapshot, at)

    async def raise_alerts(self, account: PayoutAccount, at: datetime) -> tuple[PayoutAlert, ...]:
        """Write down what is owed now; those that finance has not been told of, old and new."""
        async with self.database.transaction() as session:
            await line_up(session, f"payouts {account.tenant_id} {account.name}")
            for row in await session.exec(_troubled(account)):
                for kind in payout_of(row).alerts_at(at):
                    await _raise(session, row, kind, at)
            owed = await session.exec(
                select(PayoutAlertRow)
                .join(PayoutRow, col(PayoutRow.payout_id) == col(PayoutAlertRow.payout_id))
                .where(*_of(account), col(PayoutAlertRow.told_at).is_(None))
                .order_by(col(PayoutAlertRow.raised_at), col(PayoutAlertRow.alert_id))
            )
            return tuple(_alert_of(row) for row in owed)

    async def mark_told(self, alert: PayoutAlert, at: datetime) -> None:
        async with self.database.transaction() as session:
            row = await locked(session, PayoutAlertRow, (alert.payout_id, alert.kind))
            if row is not None and row.told_at is None:
                row.told_at = at

    async def resolve_review(
        self, tenant_id: str, payout_id: str, told: Told, at: datetime
    ) -> Payout | None:
        """Somebody has seen to it; ``told`` of it as it stood. Without a review nothing is done."""
        async with self.database.transaction() as session:
            row = await locked(session, PayoutRow, payout_id)
            if row is None or row.tenant_id != tenant_id:
                return None
            if row.needs_review:
                before = payout_of(row)
                row.needs_review = False
                await write_down(session, told(before), at)
            return payout_of(row)

    async def groups(self, account: PayoutAccount) -> tuple[PayoutGroup, ...]:
        """Those under way or in review, counted."""
        alike = (col(PayoutRow.status), col(PayoutRow.is_overdue), col(PayoutRow.needs_review))
        counted = (
            select(*alike, func.count())
            .where(*_of(account), or_(_IS_PENDING, col(PayoutRow.needs_review)))
            .group_by(*alike)
        )
        async with self.database.reading() as session:
            found = (await session.exec(counted)).all()
        return tuple(
            PayoutGroup(status=status, is_overdue=overdue, needs_review=review, count=count)
            for status, overdue, review, count in found
        )

    async def oldest_pending(self, account: PayoutAccount) -> datetime | None:
        """When the first of those under way was made."""
        oldest = select(func.min(col(PayoutRow.created_at))).where(*_of(account), _IS_PENDING)
        async with self.database.reading() as session:
            return (await session.exec(oldest)).one()

    async def pending_before(
        self, account: PayoutAccount, at: datetime, limit: int
    ) -> tuple[str, ...]:
        """The provider's ids of the oldest that were begun before then and have not ended."""
        oldest = (
            select(PayoutRow.provider_payout_id)
            .where(*_of(account), _IS_PENDING, col(PayoutRow.created_at) < at)
            .order_by(col(PayoutRow.created_at), col(PayoutRow.payout_id))
            .limit(limit)
        )
        async with self.database.reading() as session:
            return tuple(await session.exec(oldest))

    async def known_since(
        self, account: PayoutAccount, provider_payout_ids: tuple[str, ...], since: datetime
    ) -> frozenset[str]:
        """Those of them that were begun since then and are kept here."""
        ids = [payout_id_of(account, each) for each in provider_payout_ids]
        known = select(PayoutRow.provider_payout_id).where(
            col(PayoutRow.payout_id).in_(ids), col(PayoutRow.created_at) >= since
        )
        async with self.database.reading() as session:
            return frozenset(await session.exec(known))

    async def get(self, tenant_id: str, any_id: str) -> Payout | None:
        """By our id, or by the provider's; where two integrations know that, the newest record."""
        named = or_(col(PayoutRow.payout_id) == any_id, col(PayoutRow.provider_payout_id) == any_id)
        found = (
            select(PayoutRow)
            .where(col(PayoutRow.tenant_id) == tenant_id, named)
            .order_by(col(PayoutRow.first_seen_at).desc(), col(PayoutRow.payout_id))
            .limit(1)
        )
        async with self.database.reading() as session:
            row = (await session.exec(found)).first()
        return payout_of(row) if row else None

    async def required(self, payout_id: str) -> Payout:
        """Of whatever tenant, for the steps that act for the one it is of."""
        async with self.database.reading() as session:
            row = await session.get(PayoutRow, payout_id)
        if row is None:
            raise NotFound(Code.PAYOUT_NOT_FOUND, f"no payout {payout_id}")
        return payout_of(row)

    async def page(
        self,
        tenant_id: str,
        wanted: PayoutFilter | None = None,
        integration_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Payout]:
        newest = (
            select(PayoutRow)
            .where(
                PayoutRow.tenant_id == tenant_id,
                *_narrowed(wanted, integration_id),
                *after(cursor, col(PayoutRow.created_at), col(PayoutRow.payout_id)),
            )
            .order_by(col(PayoutRow.created_at).desc(), col(PayoutRow.payout_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            payouts = [payout_of(row) for row in await session.exec(newest)]
        return page_of(payouts, limit, lambda payout: (payout.created_at, payout.payout_id))


def _of(account: PayoutAccount) -> tuple[ColumnElement[bool], ...]:
    return (
        col(PayoutRow.tenant_id) == account.tenant_id,
        col(PayoutRow.account) == account.name,
    )


def _troubled(account: PayoutAccount) -> SelectOfScalar[PayoutRow]:
    """Those whose trouble may be new: under way, or failed without finance's knowing of it."""
    known = (
        select(PayoutAlertRow.payout_id)
        .where(
            col(PayoutAlertRow.payout_id) == col(PayoutRow.payout_id),
            col(PayoutAlertRow.kind) == PayoutAlertKind.FAILED,
        )
        .exists()
    )
    has_failed = (col(PayoutRow.status) == PayoutStatus.FAILED) & ~known
    waits = _IS_PENDING & ~col(PayoutRow.is_overdue)
    return select(PayoutRow).where(*_of(account), or_(has_failed, waits)).with_for_update()


async def _raise(
    session: AsyncSession, row: PayoutRow, kind: PayoutAlertKind, at: datetime
) -> None:
    alert = PayoutAlertRow(
        payout_id=row.payout_id,
        kind=kind,
        alert_id=derived_id("eml", row.payout_id, kind),
        tenant_id=row.tenant_id,
        livemode=row.livemode,
        raised_at=at,
    )
    row.is_overdue = kind is PayoutAlertKind.OVERDUE
    if await insert_if_absent(session, alert):
        row.needs_review = True


def _new(account: PayoutAccount, payout_id: str, snapshot: PayoutSnapshot, at: datetime) -> Payout:
    return Payout(
        **dict(snapshot),
        **account.model_dump(),
        payout_id=payout_id,
        first_seen_at=at,
        seen_at=at,
    )


def _move(row: PayoutRow, known: Payout, seen: PayoutSnapshot, at: datetime) -> None:
    """What was overdue and is under way no more needs nobody's review; a failure does."""
    row.seen_at = at
    if not seen.follows(known):
        return
    is_over = not seen.is_pending
    payout = known.model_copy(update={**dict(seen), "seen_at": at})
    if is_over and known.is_overdue:
        payout = payout.model_copy(update={"is_overdue": False, "needs_review": False})
    row.sqlmodel_update(payout_row_of(payout).model_dump())


def _narrowed(wanted: PayoutFilter | None, integration_id: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted is not None:
        conditions.append(col(PayoutRow.status).in_(wanted.statuses))
    if integration_id is not None:
        conditions.append(col(PayoutRow.integration_id) == integration_id)
    return conditions


def _alert_of(row: PayoutAlertRow) -> PayoutAlert:
    return PayoutAlert(
        alert_id=row.alert_id, payout_id=row.payout_id, kind=PayoutAlertKind(row.kind)
    )
