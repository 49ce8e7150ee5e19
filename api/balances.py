"""Balances of the accounts that pay out: the newest, and every day of a period, also as a file."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.amounts import Amount, amount_of
from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from domain.balances import BalanceSnapshot
from domain.model import Model
from services.balances import as_csv

router = APIRouter(prefix="/balances", tags=["payouts"], dependencies=KEY_REQUIRED)
CSV = "text/csv"
A_MONTH = timedelta(days=30)


def _usd(minor: int, formatted: str) -> dict[str, object]:
    return {"minor": minor, "currency": "USD", "formatted": f"USD {formatted}"}


BALANCE = {
    "provider": "justifi",
    "integration_id": None,
    "livemode": False,
    "day": "2026-11-23",
    "opening": _usd(22_015, "220.15"),
    "added": _usd(50_000, "500.00"),
    "paid_out": _usd(22_015, "220.15"),
    "returned": _usd(0, "0.00"),
    "closing": _usd(50_000, "500.00"),
    "available": _usd(0, "0.00"),
    "pending": _usd(50_000, "500.00"),
    "difference": _usd(0, "0.00"),
    "reconciles": True,
    "derived": True,
    "transactions": 12,
    "taken_at": "2026-11-24T01:05:02Z",
}


class Period(Model):
    """Days of UTC, both included, at most 366 apart; without them the 31 days up to today."""

    first: date | None = Field(None, alias="from", examples=["2026-11-01"])
    last: date | None = Field(None, alias="to", examples=["2026-11-30"])
    format: Literal["json", "csv"] = Field("json", description="`csv` is a download.")


class BalanceAnswer(Model):
    """opening + added − paid_out + returned = closing, unless `difference` says otherwise."""

    provider: str
    integration_id: str | None
    livemode: bool = Field(description="False means that no real money moves.")
    day: date = Field(description="Of UTC; the balance is that of its end.")
    opening: Amount = Field(description="What the day before closed with.")
    added: Amount = Field(description="Payments less refunds, fees and the like.")
    paid_out: Amount
    returned: Amount = Field(description="From payouts that did not arrive.")
    closing: Amount
    available: Amount = Field(description="Of the closing balance, what the next payout may take.")
    pending: Amount
    difference: Amount
    reconciles: bool
    derived: Literal[True] = Field(
        description="Summed up here from the balance transactions: no provider told it."
    )
    transactions: int
    taken_at: datetime


class BalanceList(Model):
    items: tuple[BalanceAnswer, ...]


@router.get(
    "",
    operation_id="listBalances",
    responses={200: {"content": {"application/json": {"example": {"items": [BALANCE]}}}}},
)
async def list_balances(caller: CallerDep, services: ServicesDep) -> BalanceList:
    """The newest balance of each account and currency: that of the end of its last day."""
    return _list(await services.balances.latest(caller))


@router.get(
    "/snapshots",
    operation_id="listBalanceSnapshots",
    response_model=BalanceList,
    responses={
        200: {
            "content": {
                "application/json": {"example": {"items": [BALANCE]}},
                CSV: {"schema": {"type": "string"}},
            }
        }
    },
)
async def list_balance_snapshots(
    period: Annotated[Period, Query()], caller: CallerDep, services: ServicesDep
) -> BalanceList | Response:
    """Every day of the period, account by account; as JSON, or as a file for a spreadsheet."""
    last = period.last or datetime.now(UTC).date()
    first = period.first or last - A_MONTH
    found = await services.balances.snapshots(caller, first, last)
    if period.format == "json":
        return _list(found)
    name = f"balances-{first}-{last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(found), media_type=CSV, headers=headers)


def _list(found: tuple[BalanceSnapshot, ...]) -> BalanceList:
    return BalanceList(items=tuple(_answer(each) for each in found))


def _answer(snapshot: BalanceSnapshot) -> BalanceAnswer:
    return BalanceAnswer(
        provider=snapshot.provider,
        integration_id=snapshot.integration_id,
        livemode=snapshot.livemode,
        day=snapshot.day,
        opening=amount_of(snapshot.opening),
        added=amount_of(snapshot.added),
        paid_out=amount_of(snapshot.paid_out),
        returned=amount_of(snapshot.returned),
        closing=amount_of(snapshot.closing),
        available=amount_of(snapshot.available),
        pending=amount_of(snapshot.pending),
        difference=amount_of(snapshot.difference),
        reconciles=snapshot.reconciles,
        derived=True,
        transactions=snapshot.transactions,
        taken_at=snapshot.taken_at,
    )
