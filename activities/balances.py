"""Balances taken day by day, and payouts held against what they are made of."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.balances import BalanceSnapshot, BalanceTransaction, Book, end_of, snapshots_of
from domain.model import Model
from domain.payout_reconciliation import OurRecords, PayoutReconciliation, payment_of, reconciled
from domain.payouts import Payout, PayoutAccount, PayoutSnapshot
from gateways.faults import UNREADABLE, RefusedByProvider
from gateways.payouts import PayoutGateway, PayoutGateways

ONE_DAY = timedelta(days=1)
MOST_DAYS = 400  # that were missed and are made good at once


class BalanceRows(Protocol):
    async def store(self, snapshots: Iterable[BalanceSnapshot]) -> int: ...
    async def last_of(self, account: PayoutAccount) -> tuple[BalanceSnapshot, ...]: ...


class PayoutRows(Protocol):
    async def required(self, payout_id: str) -> Payout: ...


class PaidRows(Protocol):
    async def of(
        self, account: PayoutAccount, payment_ids: Iterable[str], refund_ids: Iterable[str]
    ) -> OurRecords:
        """Purchases and refunds of this account, by the provider's ids."""
        ...


class SnapshotOrder(Model):
    account: PayoutAccount
    at: datetime


@dataclass(frozen=True)
class BalanceActivities:
    balances: BalanceRows
    payouts: PayoutRows
    paid: PaidRows
    gateways: PayoutGateways
    clock: Callable[[], datetime] = now

    @activity.defn
    async def take_snapshots(self, order: SnapshotOrder) -> int:
        """Those of all days that are over and have none yet; how many were taken."""
        with told_to_temporal():
            account = order.account
            last = await self.balances.last_of(account)
            days = _days_after(last, order.at)
            if not days:
                return 0
            async with self.gateways.of(account) as gateway:
                book = await self._book(account, gateway, _needed_since(last, days[0]))
            by_currency = {each.closing.currency: each for each in last}
            return await self.balances.store(snapshots_of(book, by_currency, days))

    @activity.defn
    async def reconcile_payout(self, payout_id: str) -> PayoutReconciliation:
        with told_to_temporal():
            payout = await self.payouts.required(payout_id)
            async with self.gateways.of(payout.account) as gateway:
                of_payout = gateway.transactions_of_payout(payout.provider_payout_id)
                transactions = await _all(of_payout)
            payments = {payment_of(each) for each in transactions if each.is_payment}
            refunds = {each.source_id for each in transactions if each.is_refund}
            ours = await self.paid.of(payout.account, filter(None, payments), filter(None, refunds))
            return reconciled(payout, transactions, ours, self.clock())

    async def _book(
        self, account: PayoutAccount, gateway: PayoutGateway, since: datetime | None
    ) -> Book:
        """Transactions first: a payout made meanwhile may only be known too early, never missed."""
        transactions = await _all(gateway.transactions_since(since))
        payouts: list[PayoutSnapshot] = []
        cursor: str | None = None
        while True:
            page = await gateway.list_payouts(since, cursor)
            activity.heartbeat()
            if page.unreadable:  # no figures, which are never changed, are better than wrong ones
                odd = ", ".join(page.unreadable)
                raise RefusedByProvider(f"payouts {odd} make no sense here", UNREADABLE)
            payouts += page.payouts
            cursor = page.next_cursor
            if cursor is None:
                break
        return Book(
            account=account,
            transactions=transactions,
            payouts=tuple(payouts),
            taken_at=self.clock(),
        )


async def _all(listed: AsyncIterator[BalanceTransaction]) -> tuple[BalanceTransaction, ...]:
    found: list[BalanceTransaction] = []
    async for each in listed:
        activity.heartbeat()
        found.append(each)
    return tuple(found)


def _days_after(last: tuple[BalanceSnapshot, ...], at: datetime) -> list[date]:
    """Up to yesterday; where there is no snapshot yet, yesterday alone."""
    yesterday = (at.astimezone(UTC) - ONE_DAY).date()
    first = max((each.day for each in last), default=yesterday - ONE_DAY) + ONE_DAY
    number = min((yesterday - first).days + 1, MOST_DAYS)
    return [first + n * ONE_DAY for n in range(number)]


def _needed_since(last: tuple[BalanceSnapshot, ...], first: date) -> datetime | None:
    """All there is for the first snapshot; else from what the last one has not seen settled."""
    if not last:
        return None
    unsettled = [each.unsettled_since for each in last if each.unsettled_since is not None]
    return min([*unsettled, end_of(first - ONE_DAY)])
