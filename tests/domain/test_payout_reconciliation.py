"""A payout against its transactions and our rows: equal to the cent, or the differences named."""

from domain.balances import BalanceTransaction, TransactionKind
from domain.money import Money
from domain.payout_reconciliation import (
    MOST_NAMED,
    OurRecord,
    OurRecords,
    PayoutReconciliation,
    reconciled,
)
from domain.payouts import Payout
from tests.fake_payouts import MONDAY, kept, payout, totals, transaction, usd

PAYMENT, REFUND = TransactionKind.PAYMENT, TransactionKind.REFUND
BOOKS = (
    transaction("bt_1", 20_000, source_id="py_1", source_payment_id="py_1"),
    transaction("bt_2", 4_500, source_id="py_2").model_copy(
        update={"fee": usd(85), "net": usd(4_415)}
    ),
    transaction("bt_3", -1_000, kind=REFUND, source_id="re_1", source_payment_id="py_1"),
    transaction("bt_4", -1_400, kind=TransactionKind.FEE),
    transaction("bt_5", -22_015, kind=TransactionKind.PAYOUT),
)
OURS = OurRecords(
    payments={
        "py_1": OurRecord(purchase_id="pur_1", amount=usd(20_000)),
        "py_2": OurRecord(purchase_id="pur_2", amount=usd(4_500)),
    },
    refunds={"re_1": OurRecord(purchase_id="pur_1", refund_id="ref_1", amount=usd(1_000))},
)


def compared(
    of: Payout | None = None,
    books: tuple[BalanceTransaction, ...] = BOOKS,
    ours: OurRecords = OURS,
) -> PayoutReconciliation:
    return reconciled(of or kept(payout(status="paid")), books, ours, MONDAY)


def named(found: PayoutReconciliation) -> list[tuple[str, str]]:
    return [(each.kind.value, each.subject) for each in found.differences]


def test_a_payout_that_agrees_with_everything_reconciles() -> None:
    found = compared()
    assert found.reconciles, found.differences
    assert found.net_of_transactions == found.amount == usd(22_015)
    assert (found.transactions, found.purchases, found.refunds) == (4, 2, 1)


def test_a_missing_transaction_shows_in_the_sums_it_is_missing_from() -> None:
    found = compared(books=BOOKS[1:])
    assert named(found) == [("transactions", "po_1"), ("payments", "po_1")]
    assert (found.differences[0].expected, found.differences[0].found) == (
        usd(22_015),
        usd(2_015),
    )


def test_totals_that_do_not_give_the_amount_are_named() -> None:
    wrong = kept(payout(amount=usd(22_014)))
    assert named(compared(wrong)) == [("totals", "po_1"), ("transactions", "po_1")]


def test_each_kind_of_sum_is_compared_by_itself() -> None:
    other = (*BOOKS[:3], BOOKS[3].model_copy(update={"kind": TransactionKind.OTHER}))
    assert named(compared(books=other)) == [("fees", "po_1"), ("other", "po_1")]
    fewer = (*BOOKS[:2], BOOKS[3])
    assert named(compared(books=fewer)) == [("transactions", "po_1"), ("refunds", "po_1")]


def test_what_an_earlier_payout_gave_back_is_among_the_other_money() -> None:
    back = transaction("bt_6", 700, kind=TransactionKind.RETURNED, source_id="po_0")
    later = kept(payout(amount=usd(22_715), totals=totals(24_500, -1_000, 1_485, 700)))
    assert compared(later, (*BOOKS, back)).reconciles
    assert named(compared(later)) == [("transactions", "po_1"), ("other", "po_1")]


def test_money_that_no_purchase_or_refund_of_ours_stands_for_is_named() -> None:
    found = compared(ours=OurRecords(payments={}, refunds={}))
    assert named(found) == [
        ("payment_unknown", "py_1"),
        ("payment_unknown", "py_2"),
        ("refund_unknown", "re_1"),
    ]


def test_another_amount_than_ours_is_named_with_both_and_with_whose_it_is() -> None:
    ours = OurRecords(
        payments=OURS.payments,
        refunds={"re_1": OurRecord(purchase_id="pur_1", refund_id="ref_1", amount=usd(999))},
    )
    [difference] = compared(ours=ours).differences
    assert difference.kind == "refund_amount"
    assert (difference.expected, difference.found) == (usd(999), usd(1_000))
    assert (difference.purchase_id, difference.refund_id) == ("pur_1", "ref_1")


def test_a_payment_or_refund_that_stands_in_a_payout_twice_is_named() -> None:
    """Though the payout's own totals have it twice, too."""
    again = tuple(
        each.model_copy(update={"transaction_id": f"{each.transaction_id}_again"})
        for each in (BOOKS[0], BOOKS[2])
    )
    twice = kept(payout(amount=usd(41_015), totals=totals(44_500, -2_000, 1_485)))
    found = compared(twice, (*BOOKS, *again))
    assert named(found) == [("payment_repeated", "py_1"), ("refund_repeated", "re_1")]
    payment, refund = found.differences
    assert (payment.expected, payment.found) == (usd(20_000), usd(40_000))
    assert (refund.expected, refund.found, refund.refund_id) == (usd(1_000), usd(2_000), "ref_1")


def test_a_payment_in_two_halves_is_named_as_well_and_a_strange_one_by_both_its_faults() -> None:
    half = BOOKS[0].model_copy(update={"amount": usd(10_000), "net": usd(10_000)})
    halves = (half, half.model_copy(update={"transaction_id": "bt_1b"}), *BOOKS[1:])
    assert named(compared(books=halves)) == [("payment_repeated", "py_1")]
    strange = OurRecords(payments={"py_2": OURS.payments["py_2"]}, refunds=OURS.refunds)
    assert named(compared(books=halves, ours=strange)) == [
        ("payment_unknown", "py_1"),
        ("payment_repeated", "py_1"),
    ]


def test_a_transaction_in_another_currency_is_named_and_added_to_nothing() -> None:
    cad = Money(minor=300, currency="CAD")
    strange = transaction("bt_9", 0).model_copy(update={"amount": cad, "net": cad})
    assert named(compared(books=(*BOOKS, strange))) == [("currency", "bt_9")]


def test_a_long_list_of_differences_is_cut_and_counted() -> None:
    many = tuple(transaction(f"bt_{n}", 0, source_id=f"py_x{n}") for n in range(MOST_NAMED + 5))
    found = compared(books=(*BOOKS, *many))
    assert (len(found.differences), found.difference_count) == (MOST_NAMED, MOST_NAMED + 5)
