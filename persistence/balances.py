"""Balance snapshots: one row for each account, day and currency, written once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, func, select

from domain.balances import BalanceSnapshot
from domain.payouts import PayoutAccount
from persistence.database import Database
from persistence.rows.payouts import BalanceSnapshotRow, snapshot_of, snapshot_row_of
from persistence.statements import insert_if_absent


@dataclass(frozen=True)
class BalanceRecords:
    database: Database

    async def store(self, snapshots: Iterable[BalanceSnapshot]) -> int:
        """How many were new: the first of a day stands."""
        async with self.database.transaction() as session:
            return sum(
                [await insert_if_absent(session, snapshot_row_of(each)) for each in snapshots]
            )

    async def last_of(self, account: PayoutAccount) -> tuple[BalanceSnapshot, ...]:
        """Those of the last day that has any, one for each currency."""
        of_account = (
            col(BalanceSnapshotRow.tenant_id) == account.tenant_id,
            col(BalanceSnapshotRow.account) == account.name,
        )
        last_day = select(func.max(col(BalanceSnapshotRow.day))).where(*of_account)
        last = (
            select(BalanceSnapshotRow)
            .where(*of_account, col(BalanceSnapshotRow.day) == last_day.scalar_subquery())
            .order_by(col(BalanceSnapshotRow.currency))
        )
        async with self.database.reading() as session:
            return tuple(snapshot_of(row) for row in await session.exec(last))

    async def latest(self, tenant_id: str) -> tuple[BalanceSnapshot, ...]:
        """The newest of each of the tenant's accounts, in each of its currencies."""
        alike = (col(BalanceSnapshotRow.account), col(BalanceSnapshotRow.currency))
        newest = (
            select(*alike, func.max(col(BalanceSnapshotRow.day)).label("day"))
            .where(col(BalanceSnapshotRow.tenant_id) == tenant_id)
            .group_by(*alike)
            .subquery()
        )
        rows = (
            select(BalanceSnapshotRow)
            .join(
                newest,
                (col(BalanceSnapshotRow.account) == newest.c.account)
                & (col(BalanceSnapshotRow.currency) == newest.c.currency)
                & (col(BalanceSnapshotRow.day) == newest.c.day),
            )
            .where(col(BalanceSnapshotRow.tenant_id) == tenant_id)
            .order_by(*alike)
        )
        async with self.database.reading() as session:
            return tuple(snapshot_of(row) for row in await session.exec(rows))

    async def between(self, tenant_id: str, first: date, last: date) -> tuple[BalanceSnapshot, ...]:
        """Both days included, by day, account and currency."""
        within = (
            select(BalanceSnapshotRow)
            .where(
                col(BalanceSnapshotRow.tenant_id) == tenant_id,
                col(BalanceSnapshotRow.day) >= first,
                col(BalanceSnapshotRow.day) <= last,
            )
            .order_by(
                col(BalanceSnapshotRow.day),
                col(BalanceSnapshotRow.account),
                col(BalanceSnapshotRow.currency),
            )
        )
        async with self.database.reading() as session:
            return tuple(snapshot_of(row) for row in await session.exec(within))
