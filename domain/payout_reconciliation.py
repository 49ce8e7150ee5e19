"""A payout held against its balance transactions, our purchases and our refunds, to the cent."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from domain.balances import BalanceTransaction, TransactionKind
from domain.model import Model
from domain.money import Money
from domain.payouts import Payout

MOST_NAMED = 200  # differences


class PayoutDifferenceKind(StrEnum):
    TOTALS = "totals"  # the payout's own totals do not give its amount
    TRANSACTIONS = "transactions"  # nor does what its transactions net
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    FEES = "fees"
    OTHER = "other"
    CURRENCY = "currency"
    PAYMENT_AMOUNT = "payment_amount"
    PAYMENT_UNKNOWN = "payment_unknown"  # no purchase here was paid by it
    REFUND_AMOUNT = "refund_amount"
    PAYMENT_REPEATED = "payment_repeated"  # it is paid out more than once
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_REPEATED = "refund_repeated"


class PayoutDifference(Model):
    """``expected`` is what the payout, or our own row, says; ``found`` what the transactions do."""

    kind: PayoutDifferenceKind
    subject: str = Field(description="The payout, or the provider's id of the payment or refund.")
    expected: Money | None = None
    found: Money | None = None
    purchase_id: str | None = None
    refund_id: str | None = None


class OurRecord(Model):
    """A purchase that was paid, or a refund that was made, as our row has it."""

    purchase_id: str
    refund_id: str | None = None
    amount: Money


class OurRecords(Model):
    """By the provider's id of the payment, and of the refund."""

    payments: Mapping[str, OurRecord]
    refunds: Mapping[str, OurRecord]


class PayoutReconciliation(Model):
    """``differences`` names the first of them; ``difference_count`` counts all."""

    payout_id: str
    provider_payout_id: str
    livemode: bool
    amount: Money
    net_of_transactions: Money
    transactions: int
    purchases: int
    refunds: int
    reconciles: bool
    difference_count: int
    differences: tuple[PayoutDifference, ...]
    compared_at: datetime


def reconciled(
    payout: Payout, transactions: Sequence[BalanceTransaction], ours: OurRecords, at: datetime
) -> PayoutReconciliation:
    moved = [each for each in transactions if each.kind is not TransactionKind.PAYOUT]
    same = [each for each in moved if each.net.currency == payout.amount.currency]
    differences = [
        *_of_other_currency(moved, payout),
        *_of_sums(payout, same),
        *_of_records(same, ours),
    ]
    net = _sum((each.net for each in same), payout)
    return PayoutReconciliation(
        payout_id=payout.payout_id,
        provider_payout_id=payout.provider_payout_id,
        livemode=payout.livemode,
        amount=payout.amount,
        net_of_transactions=net,
        transactions=len(moved),
        purchases=len(ours.payments),
        refunds=len(ours.refunds),
        reconciles=not differences,
        difference_count=len(differences),
        differences=tuple(differences[:MOST_NAMED]),
        compared_at=at,
    )


def payment_of(transaction: BalanceTransaction) -> str | None:
    return transaction.source_payment_id or transaction.source_id


def _of_other_currency(
    moved: Iterable[BalanceTransaction], payout: Payout
) -> Iterator[PayoutDifference]:
    for each in moved:
        if each.net.currency != payout.amount.currency:
            yield PayoutDifference(
                kind=PayoutDifferenceKind.CURRENCY, subject=each.transaction_id, found=each.net
            )


def _of_sums(payout: Payout, moved: Sequence[BalanceTransaction]) -> Iterator[PayoutDifference]:
    """A fee may stand in its payment's own transaction or in one for itself: both are counted.

    What an earlier payout gave back is among the other money.
    """
    by_kind = {
        kind: _sum((each.amount for each in moved if each.kind is kind), payout)
        for kind in TransactionKind
    }
    within = _sum((each.fee for each in moved), payout)
    net = _sum((each.net for each in moved), payout)
    other = by_kind[TransactionKind.OTHER] + by_kind[TransactionKind.RETURNED]
    totals = payout.totals
    for kind, expected, found in (
        (PayoutDifferenceKind.TOTALS, payout.amount, totals.amount),
        (PayoutDifferenceKind.TRANSACTIONS, payout.amount, net),
        (PayoutDifferenceKind.PAYMENTS, totals.payments, by_kind[TransactionKind.PAYMENT]),
        (PayoutDifferenceKind.REFUNDS, totals.refunds, by_kind[TransactionKind.REFUND]),
        (PayoutDifferenceKind.FEES, totals.fees, within - by_kind[TransactionKind.FEE]),
        (PayoutDifferenceKind.OTHER, totals.other, other),
    ):
        if expected != found:
            yield PayoutDifference(
                kind=kind, subject=payout.provider_payout_id, expected=expected, found=found
            )


def _of_records(
    moved: Iterable[BalanceTransaction], ours: OurRecords
) -> Iterator[PayoutDifference]:
    """A refund takes money: its transaction is negative, our record of it is not."""
    payments, refunds = defaultdict[str, list[Money]](list), defaultdict[str, list[Money]](list)
    for each in moved:
        if each.is_payment:
            payments[payment_of(each) or each.transaction_id].append(each.amount)
        elif each.is_refund:
            given = Money(minor=-each.amount.minor, currency=each.amount.currency)
            refunds[each.source_id or each.transaction_id].append(given)
    for subject, amounts in payments.items():
        yield from _of_record(subject, ours.payments.get(subject), amounts, _OF_PAYMENT)
    for subject, amounts in refunds.items():
        yield from _of_record(subject, ours.refunds.get(subject), amounts, _OF_REFUND)


class _Kinds(NamedTuple):
    unknown: PayoutDifferenceKind
    repeated: PayoutDifferenceKind
    amount: PayoutDifferenceKind


_OF_PAYMENT = _Kinds(
    PayoutDifferenceKind.PAYMENT_UNKNOWN,
    PayoutDifferenceKind.PAYMENT_REPEATED,
    PayoutDifferenceKind.PAYMENT_AMOUNT,
)
_OF_REFUND = _Kinds(
    PayoutDifferenceKind.REFUND_UNKNOWN,
    PayoutDifferenceKind.REFUND_REPEATED,
    PayoutDifferenceKind.REFUND_AMOUNT,
)


def _of_record(
    subject: str, record: OurRecord | None, amounts: Sequence[Money], kinds: _Kinds
) -> Iterator[PayoutDifference]:
    """``amounts``: of each of its transactions in this payout, which are no more than one."""
    found = Money(minor=sum(each.minor for each in amounts), currency=amounts[0].currency)
    if record is None:
        yield PayoutDifference(kind=kinds.unknown, subject=subject, found=found)
    if len(amounts) > 1 or (record is not None and record.amount != found):
        yield PayoutDifference(
            kind=kinds.repeated if len(amounts) > 1 else kinds.amount,
            subject=subject,
            expected=record.amount if record else None,
            found=found,
            purchase_id=record.purchase_id if record else None,
            refund_id=record.refund_id if record else None,
        )


def _sum(amounts: Iterable[Money], payout: Payout) -> Money:
    minor = sum(amount.minor for amount in amounts)
    return Money(minor=minor, currency=payout.amount.currency)
