"""The derived balance: what the account holds each day, and that the days follow on each other."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from domain.balances import (
    BalanceSnapshot,
    BalanceTransaction,
    Book,
    TransactionKind,
    end_of,
    snapshots_of,
)
from domain.money import Money
from domain.payouts import PayoutSnapshot
from tests.fake_payouts import ACCOUNT, payout, totals, transaction, usd

FIRST = date(2026, 1, 1)
ONE_DAY = timedelta(days=1)


def noon(number: int) -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC) + number * ONE_DAY


def taken(
    transactions: list[BalanceTransaction],
    payouts: list[PayoutSnapshot],
    days: int,
    last: BalanceSnapshot | None = None,
) -> tuple[BalanceSnapshot, ...]:
    book = Book(
        account=ACCOUNT,
        transactions=tuple(transactions),
        payouts=tuple(payouts),
        taken_at=noon(days),
    )
    first = last.day + ONE_DAY if last else FIRST
    by_currency = {"USD": last} if last else {}
    return snapshots_of(book, by_currency, [first + n * ONE_DAY for n in range(days)])


def out(
    name: str, minor: int, at: datetime, status: str = "paid", **more: object
) -> PayoutSnapshot:
    return payout(name, status, at, amount=usd(minor), totals=totals(minor), **more)


def test_a_year_of_days_each_opens_with_what_the_day_before_closed_with() -> None:
    """Two payments a day; each Friday's payout takes all that came before that day."""
    transactions, payouts = [], []
    for day in range(365):
        friday = day + (4 - noon(day).weekday()) % 7 + 7
        for each in range(2):
            transactions.append(
                transaction(
                    f"bt_{day}_{each}",
                    1_000 + day,
                    noon(day),
                    provider_payout_id=f"po_{friday}" if friday < 365 else None,
                    available_on=noon(day + 2),
                )
            )
    for name in sorted({each.provider_payout_id for each in transactions} - {None}, key=str):
        of_payout = sum(each.net.minor for each in transactions if each.provider_payout_id == name)
        assert name is not None
        payouts.append(out(name, of_payout, noon(int(name.removeprefix("po_")))))

    year = taken(transactions, payouts, 365)

    assert [each.day for each in year] == [FIRST + n * ONE_DAY for n in range(365)]
    assert all(each.reconciles for each in year)
    assert year[0].opening == usd(0)
    for before, after in pairwise(year):
        assert after.opening == before.closing
        assert after.closing == after.opening + after.added - after.paid_out
        assert after.closing == after.available + after.pending
    held = [each.net.minor for each in transactions if each.provider_payout_id is None]
    assert year[-1].closing == usd(sum(held))
    assert {each.pending.minor > 0 for each in year} == {True}


def test_the_first_snapshot_opens_with_what_was_there_before_its_day() -> None:
    [first] = taken([transaction("a", 500, noon(-3)), transaction("b", 70, noon(0))], [], 1)
    assert (first.opening, first.added, first.closing) == (usd(500), usd(70), usd(570))
    assert first.reconciles
    assert first.derived


def test_a_payout_that_fails_gives_its_money_back_to_the_balance() -> None:
    failed = out("po_1", 500, noon(1), "failed", updated_at=noon(3))
    books = [
        transaction("a", 500, noon(0), provider_payout_id="po_1"),
        transaction("b", 500, noon(3), TransactionKind.RETURNED),
    ]
    days = taken(books, [failed], 4)
    assert [each.added.minor for each in days] == [500, 0, 0, 0]
    assert [each.closing.minor for each in days] == [500, 0, 0, 500]
    assert [each.returned.minor for each in days] == [0, 0, 0, 500]
    assert all(each.reconciles for each in days)


def test_what_failed_and_is_paid_out_again_on_the_same_day_leaves_no_difference() -> None:
    failed = out("po_1", 500, noon(1), "failed", updated_at=noon(3))
    again = out("po_2", 500, noon(3) + timedelta(hours=5))
    books = [
        transaction("a", 500, noon(0), provider_payout_id="po_1"),
        transaction("b", 500, noon(3), TransactionKind.RETURNED, provider_payout_id="po_2"),
    ]
    days = taken(books, [failed, again], 4)
    assert [each.closing.minor for each in days] == [500, 0, 0, 0]
    assert (days[3].returned, days[3].paid_out) == (usd(500), usd(500))
    assert all(each.reconciles for each in days)


def test_what_is_paid_out_beyond_its_transactions_is_a_difference_with_a_figure() -> None:
    [_, second] = taken(
        [transaction("a", 500, noon(0), provider_payout_id="po_1")], [out("po_1", 450, noon(1))], 2
    )
    assert not second.reconciles
    assert second.difference == usd(-50)


def test_the_other_side_of_a_payout_is_no_movement() -> None:
    books = [
        transaction("a", 500, noon(0), provider_payout_id="po_1"),
        transaction("b", -500, noon(1), TransactionKind.PAYOUT, provider_payout_id="po_1"),
    ]
    [_, second] = taken(books, [out("po_1", 500, noon(1))], 2)
    assert (second.closing, second.reconciles) == (usd(0), True)


def test_a_later_snapshot_needs_nothing_from_before_what_was_unsettled() -> None:
    """What a payout under way is made of may come back: it is needed until that has ended."""
    books = [
        transaction("old", 100, noon(-9), provider_payout_id="po_gone"),
        transaction("a", 500, noon(-2), provider_payout_id="po_1"),
        transaction("b", 70, noon(0)),
    ]
    under_way = out("po_1", 500, noon(-1), "in_transit")
    [first] = taken(books, [under_way], 1)
    assert first.unsettled_since == noon(-2)

    failed = under_way.model_copy(update={"status": "failed", "updated_at": noon(1)})
    freed = books[1].model_copy(update={"provider_payout_id": None})
    [second] = taken([freed, books[2]], [failed], 1, first)
    assert (second.closing, second.difference) == (usd(570), usd(500))
    assert second.unsettled_since == noon(-2)

    paid = under_way.model_copy(update={"status": "paid", "updated_at": noon(1)})
    [other] = taken([], [paid], 1, first.model_copy(update={"closing": usd(0)}))
    assert other.unsettled_since is None


def test_each_currency_has_a_balance_of_its_own() -> None:
    cad = Money(minor=300, currency="CAD")
    canadian = transaction("c", 0, noon(0)).model_copy(update={"amount": cad, "net": cad})
    both = taken([transaction("a", 500, noon(0), available_on=None), canadian], [], 1)
    assert [str(each.closing) for each in both] == ["CAD 3.00", "USD 5.00"]
    assert (both[1].available, both[1].pending) == (usd(0), usd(500))


def test_a_day_ends_with_the_next_midnight_of_utc() -> None:
    assert end_of(FIRST) == datetime(2026, 1, 2, tzinfo=UTC)
    [first] = taken([transaction("a", 500, end_of(FIRST))], [], 1)
    assert (first.added, first.closing, first.transactions) == (usd(0), usd(0), 0)
