"""The balance of an account that pays out, derived from its balance transactions day by day.

No provider of ours tells it: what is not yet in a payout is what the account still holds. What a
failed payout gives back is a transaction of its own. A day is a day of UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain.model import Model
from domain.money import Money
from domain.payouts import PayoutAccount, PayoutSnapshot


class TransactionKind(StrEnum):
    """``payout`` is the other side of what a payout takes: no movement of its own.

    ``returned`` is the money of a payout that did not arrive, until and after a later one takes it.
    """

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    RETURNED = "returned"
    OTHER = "other"


class BalanceTransaction(Model):
    """As the provider keeps its books: ``net`` is the amount less its fee.

    ``txn_type`` is an open set of the provider's words.
    """

    transaction_id: str
    kind: TransactionKind
    txn_type: str
    amount: Money
    fee: Money
    net: Money
    available_on: datetime | None = None
    provider_payout_id: str | None = None
    source_id: str | None = None
    source_payment_id: str | None = None
    created_at: datetime

    @property
    def is_payment(self) -> bool:
        return self.kind is TransactionKind.PAYMENT

    @property
    def is_refund(self) -> bool:
        return self.kind is TransactionKind.REFUND

    @property
    def is_held(self) -> bool:
        """Whether its money is in the account: in no payout yet, nor the other side of one."""
        return self.provider_payout_id is None and self.kind is not TransactionKind.PAYOUT


class Balance:
    """What an account holds at a moment, added up one transaction after another."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.transactions = 0
        self._available, self._pending = Counter[str](), Counter[str]()

    def add(self, held: BalanceTransaction) -> None:
        """Of what tells no day nobody can say that it is available."""
        is_available = held.available_on is not None and held.available_on < self.at
        held_so = self._available if is_available else self._pending
        held_so[held.net.currency] += held.net.minor
        self.transactions += 1

    @property
    def currencies(self) -> tuple[str, ...]:
        return tuple(sorted({*self._available, *self._pending}))

    def available(self, currency: str) -> Money:
        return Money(minor=self._available[currency], currency=currency)

    def pending(self, currency: str) -> Money:
        return Money(minor=self._pending[currency], currency=currency)

    def total(self, currency: str) -> Money:
        return self.available(currency) + self.pending(currency)


class BalanceSnapshot(Model):
    """One account, one currency, one day: opening + added − paid_out + returned = closing.

    ``difference`` is what the closing balance has over that sum. ``unsettled_since`` is when the
    oldest transaction began that later days still need.
    """

    tenant_id: str
    provider: str
    integration_id: str | None = None
    livemode: bool
    day: date
    opening: Money
    added: Money
    paid_out: Money
    returned: Money
    closing: Money
    available: Money
    pending: Money
    difference: Money
    transactions: int
    unsettled_since: datetime | None = None
    taken_at: datetime
    derived: bool = True  # always: it is our own sum, not the provider's word

    @property
    def account(self) -> PayoutAccount:
        return PayoutAccount(
            tenant_id=self.tenant_id,
            provider=self.provider,
            integration_id=self.integration_id,
            livemode=self.livemode,
        )

    @property
    def reconciles(self) -> bool:
        return self.difference.minor == 0


class Book(Model):
    """What the snapshots of one account are taken from: its transactions, and its payouts."""

    account: PayoutAccount
    transactions: tuple[BalanceTransaction, ...]
    payouts: tuple[PayoutSnapshot, ...]
    taken_at: datetime

    @property
    def currencies(self) -> tuple[str, ...]:
        of_transactions = {each.net.currency for each in self.transactions}
        return tuple(sorted(of_transactions | {each.amount.currency for each in self.payouts}))


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def snapshots_of(
    book: Book, last: Mapping[str, BalanceSnapshot], days: Sequence[date]
) -> tuple[BalanceSnapshot, ...]:
    """One for each day and currency, in order; ``last`` holds the one before the first day."""
    taken: list[BalanceSnapshot] = []
    for currency in sorted({*book.currencies, *last}):
        before = last.get(currency)
        ledger = _Ledger(book, currency)
        for day in days:
            before = ledger.snapshot(day, before)
            taken.append(before)
    return tuple(taken)


class _Ledger:
    """The book in one currency."""

    def __init__(self, book: Book, currency: str) -> None:
        self.book, self.currency = book, currency
        self.transactions = [
            each
            for each in book.transactions
            if each.net.currency == currency and each.kind is not TransactionKind.PAYOUT
        ]
        self.payouts = [each for each in book.payouts if each.amount.currency == currency]
        self.by_id = {each.provider_payout_id: each for each in self.payouts}

    def snapshot(self, day: date, before: BalanceSnapshot | None) -> BalanceSnapshot:
        """The first of all opens with what its own movements leave: there is nothing to compare."""
        begin, end = end_of(day - timedelta(days=1)), end_of(day)
        balance = self._balance_at(end)
        today = [each for each in self.transactions if begin <= each.created_at < end]
        returned = [each.net for each in today if each.kind is TransactionKind.RETURNED]
        moved = {
            "added": self._sum(each.net for each in today) - self._sum(returned),
            "paid_out": self._sum(
                each.amount for each in self.payouts if begin <= each.created_at < end
            ),
            "returned": self._sum(returned),
        }
        closing = balance.total(self.currency)
        change = moved["added"] - moved["paid_out"] + moved["returned"]
        opening = before.closing if before is not None else closing - change
        account = self.book.account
        return BalanceSnapshot(
            **account.model_dump(),
            **moved,
            day=day,
            opening=opening,
            closing=closing,
            available=balance.available(self.currency),
            pending=balance.pending(self.currency),
            difference=closing - (opening + change),
            transactions=len(today),
            unsettled_since=self._unsettled_since(end),
            taken_at=self.book.taken_at,
        )

    def _balance_at(self, at: datetime) -> Balance:
        balance = Balance(at)
        for each in self.transactions:
            if self._is_held(each, at):
                balance.add(each)
        return balance

    def _is_held(self, transaction: BalanceTransaction, at: datetime) -> bool:
        """Whether its money is in the account then: in no payout yet."""
        if transaction.created_at >= at:
            return False
        payout = self._payout_of(transaction)
        if payout is None:
            return transaction.provider_payout_id is None
        return payout.created_at >= at

    def _unsettled_since(self, at: datetime) -> datetime | None:
        """Of what is held, or in a payout that may yet fail and set it free."""
        began = [
            each.created_at
            for each in self.transactions
            if each.created_at < at and (self._is_held(each, at) or self._may_come_back(each))
        ]
        return min(began, default=None)

    def _may_come_back(self, transaction: BalanceTransaction) -> bool:
        payout = self._payout_of(transaction)
        return payout is not None and payout.is_pending

    def _payout_of(self, transaction: BalanceTransaction) -> PayoutSnapshot | None:
        """None also for one made before the payouts that were read: it is long over."""
        return self.by_id.get(transaction.provider_payout_id or "")

    def _sum(self, amounts: Iterable[Money]) -> Money:
        minor = sum(amount.minor for amount in amounts)
        return Money(minor=minor, currency=self.currency)
