"""Payouts: the provider's own record of money on its way to the bank, followed to its end.

A status that is not known here passes through as the provider wrote it, and counts as under way.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field

from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Money
from domain.payout_times import overdue_after


class PayoutStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    FORWARDED = "forwarded"


PENDING = frozenset({PayoutStatus.SCHEDULED, PayoutStatus.IN_TRANSIT})
ENDED = frozenset(
    {PayoutStatus.PAID, PayoutStatus.FAILED, PayoutStatus.CANCELED, PayoutStatus.FORWARDED}
)


class PayoutFilter(StrEnum):
    """``pending`` is scheduled and in_transit: the funds that are to settle."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    FORWARDED = "forwarded"

    @property
    def statuses(self) -> frozenset[str]:
        return frozenset(PENDING) if self is PayoutFilter.PENDING else frozenset({self.value})


class PayoutAccount(Model):
    """One account at a provider that pays out; without an integration, the environment's own."""

    tenant_id: str
    provider: str
    integration_id: str | None = None
    livemode: bool

    @property
    def name(self) -> str:
        """What tells it apart from the tenant's others."""
        return self.integration_id or self.provider


def workflow_id_of(account: PayoutAccount) -> str:
    return f"payouts-{account.tenant_id}-{account.name}"


def balance_id_of(account: PayoutAccount) -> str:
    return f"balance-{account.tenant_id}-{account.name}"


class PayoutTotals(Model):
    """What the payout is made of. Refunds are negative, fees are positive: they are taken off."""

    payments: Money
    refunds: Money
    fees: Money
    other: Money

    @property
    def amount(self) -> Money:
        return self.payments + self.refunds - self.fees + self.other


class PayoutSnapshot(Model):
    """A payout as its provider shows it now."""

    provider_payout_id: str
    provider_account_id: str | None = None
    status: str
    amount: Money
    totals: PayoutTotals
    payments_count: int = 0
    refunds_count: int = 0
    payout_type: str | None = None
    settlement_priority: str | None = None
    delivery_method: str | None = None
    bank_account_last_four: str | None = None
    deposits_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def is_pending(self) -> bool:
        """Of a status that is not known here nobody can say that it is the last."""
        return self.status not in ENDED

    @property
    def difference(self) -> Money:
        """What its own totals lack to its amount; nothing where they add up."""
        return self.amount - self.totals.amount

    def follows(self, known: Self) -> bool:
        """Whether it may take the place of what is known: polls and events come in any order.

        An end is left only by a bank that sends back what was paid.
        """
        if self.updated_at < known.updated_at:
            return False
        if known.is_pending:
            is_regression = _is_in_transit(known) and self.status == PayoutStatus.SCHEDULED
            return not is_regression
        was_returned = known.status == PayoutStatus.PAID and self.status == PayoutStatus.FAILED
        return self.status == known.status or was_returned


def _is_in_transit(payout: PayoutSnapshot) -> bool:
    return payout.status == PayoutStatus.IN_TRANSIT


class PayoutAlertKind(StrEnum):
    FAILED = "failed"
    OVERDUE = "overdue"


class Payout(PayoutSnapshot):
    """As it is kept here. ``payout_id`` is ours.

    ``is_overdue``: it was still under way well after its deposit was due.
    """

    payout_id: str
    tenant_id: str
    provider: str
    integration_id: str | None = None
    livemode: bool
    is_overdue: bool = False
    needs_review: bool = False
    first_seen_at: datetime
    seen_at: datetime = Field(description="when the provider was last heard of it")

    @property
    def account(self) -> PayoutAccount:
        return PayoutAccount(
            tenant_id=self.tenant_id,
            provider=self.provider,
            integration_id=self.integration_id,
            livemode=self.livemode,
        )

    @property
    def overdue_after(self) -> datetime:
        return overdue_after(self.deposits_at or self.created_at)

    def alerts_at(self, at: datetime) -> tuple[PayoutAlertKind, ...]:
        """What finance should hear of it by then. Which of them it has heard is not known here."""
        if self.status == PayoutStatus.FAILED:
            return (PayoutAlertKind.FAILED,)
        if self.is_pending and at > self.overdue_after:
            return (PayoutAlertKind.OVERDUE,)
        return ()


def payout_id_of(account: PayoutAccount, provider_payout_id: str) -> str:
    """Two integrations may be of one account at the provider: each has its own record."""
    return derived_id("pyo", account.tenant_id, account.name, provider_payout_id)


class PayoutReported(Model):
    """A fact from an event: a payout was made or moved. The workflow reads it anew."""

    kind: Literal["payout_reported"] = "payout_reported"
    event_id: str
    provider_payout_id: str


class PayoutAlert(Model):
    """``alert_id`` names the one message that finance gets of it."""

    alert_id: str
    payout_id: str
    kind: PayoutAlertKind


class PayoutGroup(Model):
    """Payouts that are alike, counted."""

    status: str
    is_overdue: bool
    needs_review: bool
    count: int

    @property
    def is_pending(self) -> bool:
        return self.status not in ENDED

    @property
    def word(self) -> str:
        return PayoutAlertKind.OVERDUE if self.is_overdue else self.status


# What an account is shown by: the worst that any of its payouts is.
_WORST_FIRST = (
    *(PayoutStatus.FAILED, PayoutAlertKind.OVERDUE),
    *(PayoutStatus.IN_TRANSIT, PayoutStatus.SCHEDULED),
)


def status_shown(groups: Iterable[PayoutGroup]) -> str:
    """``paid`` where nothing is under way and nothing in review."""
    words = {group.word for group in groups}
    known = (word for word in _WORST_FIRST if word in words)
    return next(known, min(words, default=PayoutStatus.PAID))


class LookTrouble(Model):
    """What keeps looks from showing everything: it ends with the first look that it is not in.

    ``failed_looks``: so many one after another, the last one ``because`` of that.
    """

    failed_looks: int = 0
    because: str | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def needs_review(self) -> bool:
        return self.failed_looks > 0 or bool(self.unreadable)


class PayoutStanding(Model):
    """How an account's payouts stand after a look.

    ``alerts`` are those that finance has not been told of.
    """

    status: str
    needs_review: bool = False
    pending: int = 0
    next_look_at: datetime
    alerts: tuple[PayoutAlert, ...] = ()
    trouble: LookTrouble = LookTrouble()
