"""Purchases and refunds by the provider's ids, for the comparison with a payout."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from domain.money import Money
from domain.payout_reconciliation import OurRecord, OurRecords
from domain.payouts import PayoutAccount
from persistence.database import Database
from persistence.rows.purchases import PurchaseRow, paid_of, price_of
from persistence.rows.refunds import RefundRow

AT_ONCE = 500  # ids in one statement: databases take a limited number of parameters


@dataclass(frozen=True)
class PaidRecords:
    database: Database

    async def of(
        self, account: PayoutAccount, payment_ids: Iterable[str], refund_ids: Iterable[str]
    ) -> OurRecords:
        payments: dict[str, OurRecord] = {}
        refunds: dict[str, OurRecord] = {}
        for some in _in_batches(payment_ids):
            payments |= await self._payments(account, some)
        for some in _in_batches(refund_ids):
            refunds |= await self._refunds(account, some)
        return OurRecords(payments=payments, refunds=refunds)

    async def _payments(self, account: PayoutAccount, ids: list[str]) -> dict[str, OurRecord]:
        """Also money that came too late: it is refunded, but it came."""
        paid = select(PurchaseRow).where(
            PurchaseRow.provider == account.provider,
            _is_of(PurchaseRow.integration_id, account),
            or_(col(PurchaseRow.payment_id).in_(ids), col(PurchaseRow.late_payment_id).in_(ids)),
        )
        async with self.database.reading() as session:
            rows = (await session.exec(paid)).all()
        return {
            payment_id: OurRecord(purchase_id=row.purchase_id, amount=paid_of(row) or price_of(row))
            for row in rows
            for payment_id in (row.payment_id, row.late_payment_id)
            if payment_id in ids
        }

    async def _refunds(self, account: PayoutAccount, ids: list[str]) -> dict[str, OurRecord]:
        given = select(RefundRow).where(
            _is_of(RefundRow.integration_id, account),
            col(RefundRow.provider_refund_id).in_(ids),
        )
        async with self.database.reading() as session:
            rows = (await session.exec(given)).all()
        return {
            row.provider_refund_id: OurRecord(
                purchase_id=row.purchase_id,
                refund_id=row.refund_id,
                amount=Money(minor=row.amount_minor, currency=row.currency),
            )
            for row in rows
            if row.provider_refund_id is not None
        }


def _is_of(integration_id: str | None, account: PayoutAccount) -> ColumnElement[bool]:
    """By the environment's account every tenant without one of its own is paid."""
    return col(integration_id) == account.integration_id


def _in_batches(ids: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(ids)
    return (wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE))
