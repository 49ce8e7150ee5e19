"""The payouts, payout_alerts and balance_snapshots tables."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from domain.balances import BalanceSnapshot
from domain.money import Money
from domain.payouts import Payout, PayoutTotals
from persistence.columns import UtcDateTime

_SUMS = ("amount", "payments", "refunds", "fees", "other")
_BALANCES = (
    *("opening", "added", "paid_out", "returned", "closing", "available", "pending", "difference"),
)


class PayoutRow(SQLModel, table=True):
    __tablename__ = "payouts"
    __table_args__ = (
        Index("ix_payouts_newest", "tenant_id", "created_at", "payout_id"),
        Index("ix_payouts_of_account", "tenant_id", "account", "status", "created_at"),
    )

    payout_id: str = Field(primary_key=True)
    tenant_id: str
    provider: str
    integration_id: str | None = None  # without a foreign key: see purchases
    account: str  # the integration, or the provider where it is the environment's
    livemode: bool
    provider_payout_id: str = Field(index=True)
    provider_account_id: str | None = None
    status: str
    currency: str
    amount_minor: int = Field(sa_type=BigInteger)
    payments_minor: int = Field(sa_type=BigInteger)
    refunds_minor: int = Field(sa_type=BigInteger)
    fees_minor: int = Field(sa_type=BigInteger)
    other_minor: int = Field(sa_type=BigInteger)
    payments_count: int
    refunds_count: int
    payout_type: str | None = None
    settlement_priority: str | None = None
    delivery_method: str | None = None
    bank_account_last_four: str | None = None
    is_overdue: bool = False
    needs_review: bool = False
    deposits_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class PayoutAlertRow(SQLModel, table=True):
    """Its key is why finance hears of one thing once; ``told_at`` is set when it has."""

    __tablename__ = "payout_alerts"

    payout_id: str = Field(primary_key=True, foreign_key="payouts.payout_id")
    kind: str = Field(primary_key=True)
    alert_id: str
    tenant_id: str
    livemode: bool
    raised_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BalanceSnapshotRow(SQLModel, table=True):
    __tablename__ = "balance_snapshots"

    tenant_id: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    provider: str
    integration_id: str | None = None
    livemode: bool
    opening_minor: int = Field(sa_type=BigInteger)
    added_minor: int = Field(sa_type=BigInteger)
    paid_out_minor: int = Field(sa_type=BigInteger)
    returned_minor: int = Field(sa_type=BigInteger)
    closing_minor: int = Field(sa_type=BigInteger)
    available_minor: int = Field(sa_type=BigInteger)
    pending_minor: int = Field(sa_type=BigInteger)
    difference_minor: int = Field(sa_type=BigInteger)
    transactions: int
    unsettled_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_at: datetime = Field(sa_type=UtcDateTime)


def payout_row_of(payout: Payout) -> PayoutRow:
    return PayoutRow(
        **payout.model_dump(exclude={"amount", "totals"}),
        account=payout.account.name,
        currency=payout.amount.currency,
        amount_minor=payout.amount.minor,
        payments_minor=payout.totals.payments.minor,
        refunds_minor=payout.totals.refunds.minor,
        fees_minor=payout.totals.fees.minor,
        other_minor=payout.totals.other.minor,
    )


def payout_of(row: PayoutRow) -> Payout:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=row.currency)

    plain = row.model_dump(
        exclude={"account", "currency", *(f"{name}_minor" for name in _SUMS)},
    )
    return Payout(
        **plain,
        amount=money(row.amount_minor),
        totals=PayoutTotals(
            payments=money(row.payments_minor),
            refunds=money(row.refunds_minor),
            fees=money(row.fees_minor),
            other=money(row.other_minor),
        ),
    )


def snapshot_row_of(snapshot: BalanceSnapshot) -> BalanceSnapshotRow:
    return BalanceSnapshotRow(
        **snapshot.model_dump(exclude={*_BALANCES, "derived"}),
        account=snapshot.account.name,
        currency=snapshot.closing.currency,
        opening_minor=snapshot.opening.minor,
        added_minor=snapshot.added.minor,
        paid_out_minor=snapshot.paid_out.minor,
        returned_minor=snapshot.returned.minor,
        closing_minor=snapshot.closing.minor,
        available_minor=snapshot.available.minor,
        pending_minor=snapshot.pending.minor,
        difference_minor=snapshot.difference.minor,
    )


def snapshot_of(row: BalanceSnapshotRow) -> BalanceSnapshot:
    minor = {f"{name}_minor" for name in _BALANCES}
    amounts = {
        name: Money(minor=getattr(row, f"{name}_minor"), currency=row.currency)
        for name in _BALANCES
    }
    return BalanceSnapshot(**row.model_dump(exclude={"account", "currency", *minor}), **amounts)
