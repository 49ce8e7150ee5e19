"""Balances for finance: the newest of each account, and every day of a period."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.balances import BalanceSnapshot
from domain.errors import Code, Invalid
from domain.tenants import Caller, Scope
from persistence.balances import BalanceRecords

LONGEST_PERIOD = timedelta(days=366)
_AMOUNTS = (
    *("opening", "added", "paid_out", "returned", "closing", "available", "pending", "difference"),
)
_COLUMNS = ("day", "provider", "integration_id", "livemode", "currency", *_AMOUNTS, "reconciles")


@dataclass(frozen=True)
class BalanceService:
    balances: BalanceRecords

    async def latest(self, caller: Caller) -> tuple[BalanceSnapshot, ...]:
        caller.require(Scope.READ)
        return await self.balances.latest(caller.tenant_id)

    async def snapshots(
        self, caller: Caller, first: date, last: date
    ) -> tuple[BalanceSnapshot, ...]:
        """Both days included."""
        caller.require(Scope.READ)
        if not timedelta() <= last - first <= LONGEST_PERIOD:
            most = LONGEST_PERIOD.days
            raise Invalid(Code.INVALID_REQUEST, f"`to` is `from` or at most {most} days later")
        return await self.balances.between(caller.tenant_id, first, last)


def as_csv(snapshots: Iterable[BalanceSnapshot]) -> str:
    """RFC 4180; amounts as decimals of the currency, which a spreadsheet adds up."""
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(_COLUMNS)
    for each in snapshots:
        lines.writerow(
            (
                *(each.day.isoformat(), each.provider, each.integration_id or ""),
                *(str(each.livemode).lower(), each.closing.currency),
                *(f"{getattr(each, name).decimal:f}" for name in _AMOUNTS),
                str(each.reconciles).lower(),
            )
        )
    return written.getvalue()
