"""Payouts: what follows on what, what is pending, when one is late, and what it is made of."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.payout_times import next_look_after, overdue_after
from domain.payouts import (
    PayoutAlertKind,
    PayoutFilter,
    PayoutGroup,
    PayoutStatus,
    payout_id_of,
    status_shown,
)
from tests.fake_payouts import ACCOUNT, MONDAY, kept, payout, totals, usd


@pytest.mark.parametrize(
    ("known", "seen", "later", "follows"),
    [
        ("scheduled", "in_transit", 1, True),
        ("in_transit", "scheduled", 1, False),
        ("in_transit", "paid", 1, True),
        ("scheduled", "paid", -1, False),
        ("scheduled", "scheduled", 0, True),
        ("paid", "in_transit", 1, False),
        ("paid", "paid", 1, True),
        ("paid", "failed", 1, True),
        ("paid", "canceled", 1, False),
        ("failed", "paid", 1, False),
        ("canceled", "failed", 1, False),
        ("forwarded", "paid", 1, False),
        ("held_by_bank", "scheduled", 1, True),
        ("in_transit", "held_by_bank", 1, True),
    ],
)
def test_a_payout_moves_forward_only(known: str, seen: str, later: int, follows: bool) -> None:
    before = payout(status=known)
    after = payout(status=seen, updated_at=before.updated_at + timedelta(hours=later))
    assert after.follows(before) is follows


@pytest.mark.parametrize("status", [*PayoutStatus, "held_by_bank"])
def test_what_has_no_end_that_we_know_of_is_under_way(status: str) -> None:
    ended = ("paid", "failed", "canceled", "forwarded")
    assert payout(status=status).is_pending is (status not in ended)


def test_pending_means_scheduled_and_in_transit() -> None:
    assert PayoutFilter.PENDING.statuses == {"scheduled", "in_transit"}
    assert PayoutFilter.FAILED.statuses == {"failed"}
    assert {each.value for each in PayoutFilter} == {"pending", *PayoutStatus}


def test_a_payout_is_its_payments_and_refunds_less_its_fees_and_what_else_there_is() -> None:
    assert payout().difference == usd(0)
    short = payout(totals=totals(24_500, -1_000, 1_485, 7))
    assert short.totals.amount == usd(22_022)
    assert short.difference == usd(-7)


def test_two_integrations_of_one_account_have_each_their_own_record() -> None:
    other = ACCOUNT.model_copy(update={"integration_id": "int-1"})
    assert payout_id_of(ACCOUNT, "po_1") != payout_id_of(other, "po_1")
    assert (ACCOUNT.name, other.name) == ("justifi", "int-1")


@pytest.mark.parametrize(
    ("deposit", "late_after"),
    [
        (datetime(2026, 11, 23, 18, tzinfo=UTC), datetime(2026, 11, 25, 17, 30, tzinfo=UTC)),
        (datetime(2026, 11, 20, 18, tzinfo=UTC), datetime(2026, 11, 24, 17, 30, tzinfo=UTC)),
        (datetime(2026, 11, 21, 18, tzinfo=UTC), datetime(2026, 11, 24, 17, 30, tzinfo=UTC)),
        # still the 6th in Chicago, and summer time there
        (datetime(2026, 7, 7, 3, tzinfo=UTC), datetime(2026, 7, 8, 16, 30, tzinfo=UTC)),
    ],
)
def test_a_payout_is_late_once_two_batches_of_business_days_have_run_since_its_deposit(
    deposit: datetime, late_after: datetime
) -> None:
    assert overdue_after(deposit) == late_after
    late = kept(payout(deposits_at=deposit))
    assert late.alerts_at(late_after) == ()
    assert late.alerts_at(late_after + timedelta(seconds=1)) == (PayoutAlertKind.OVERDUE,)


def test_one_without_a_deposit_date_is_late_as_from_its_making() -> None:
    assert kept(payout(deposits_at=None)).overdue_after == overdue_after(MONDAY)


def test_a_failure_is_told_of_at_any_time_and_what_has_arrived_never() -> None:
    assert kept(payout(status="failed")).alerts_at(MONDAY) == (PayoutAlertKind.FAILED,)
    assert kept(payout(status="paid")).alerts_at(MONDAY + timedelta(days=30)) == ()


def test_the_next_look_is_just_after_the_batch_and_sooner_while_something_is_under_way() -> None:
    morning = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert next_look_after(morning, True, False) == datetime(2026, 11, 23, 17, 45, tzinfo=UTC)
    assert next_look_after(morning, False, False) == datetime(2026, 11, 23, 20, 45, tzinfo=UTC)
    assert next_look_after(morning, True, True) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    after_batch = datetime(2026, 11, 23, 17, 45, tzinfo=UTC)
    assert next_look_after(after_batch, True, False) == after_batch + timedelta(days=1)


def group(status: str, *, overdue: bool = False, review: bool = False) -> PayoutGroup:
    return PayoutGroup(status=status, is_overdue=overdue, needs_review=review, count=1)


def test_an_account_is_shown_by_its_worst_payout() -> None:
    ordinary = [group("scheduled"), group("in_transit")]
    assert status_shown([]) == "paid"
    assert status_shown([group("held_by_bank")]) == "held_by_bank"
    assert status_shown(ordinary) == "in_transit"
    assert status_shown([*ordinary, group("in_transit", overdue=True)]) == "overdue"
    assert status_shown([group("scheduled", overdue=True), group("failed")]) == "failed"
