"""Payouts, their alerts and balance snapshots in rows, on both databases."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.audit import AuditEntry, AuditEvent
from domain.balances import BalanceSnapshot
from domain.errors import NotFound
from domain.payouts import Payout, PayoutAlertKind, PayoutFilter, payout_id_of
from persistence.audit import AuditRecords
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.payout_accounts import PayoutAccountRecords
from persistence.payouts import PayoutRecords
from tests.domain.test_balances import FIRST, ONE_DAY, noon, taken
from tests.fake_payouts import ACCOUNT, MONDAY, kept, payout, seen_to, transaction, usd
from tests.fake_sealed_rows import NEW, vault
from tests.persistence.integration_samples import integration, stored

HOUR = timedelta(hours=1)
OURS = ACCOUNT.model_copy(update={"integration_id": "int-1"})
ID = payout_id_of(ACCOUNT, "po_1")
LATE = MONDAY + timedelta(days=9)


@pytest.fixture
def records(database: Database) -> PayoutRecords:
    return PayoutRecords(database)


async def test_what_a_poll_and_an_event_show_is_one_payout(records: PayoutRecords) -> None:
    await records.apply(ACCOUNT, [payout()], MONDAY)
    moved = payout(status="paid", updated_at=MONDAY + HOUR)
    await records.apply(ACCOUNT, [moved], MONDAY + HOUR)
    await records.apply(ACCOUNT, [payout(status="in_transit")], MONDAY + 2 * HOUR)

    standing = await records.get("ten_harbour", ID)
    assert standing == await records.get("ten_harbour", "po_1") == await records.required(ID)
    assert standing == kept(moved).model_copy(update={"seen_at": MONDAY + 2 * HOUR})
    assert await records.get("ten_other", ID) is None
    with pytest.raises(NotFound):
        await records.required("pyo_unknown")


async def test_a_failure_is_told_of_once_however_often_it_is_seen(records: PayoutRecords) -> None:
    await records.apply(ACCOUNT, [payout(), payout("po_2")], MONDAY)
    assert await records.raise_alerts(ACCOUNT, MONDAY) == ()

    failed = payout(status="failed", updated_at=MONDAY + HOUR)
    await records.apply(ACCOUNT, [failed], MONDAY + HOUR)
    [alert] = await records.raise_alerts(ACCOUNT, MONDAY + HOUR)
    assert await records.raise_alerts(ACCOUNT, LATE - 8 * ONE_DAY) == (alert,)
    assert (alert.payout_id, alert.kind) == (ID, PayoutAlertKind.FAILED)

    await records.mark_told(alert, LATE)
    await records.mark_told(alert, LATE + HOUR)
    await records.apply(ACCOUNT, [failed], LATE)
    assert await records.raise_alerts(ACCOUNT, MONDAY + HOUR) == ()
    standing = await records.required(ID)
    assert standing.needs_review


async def test_an_overdue_payout_that_arrives_needs_nobodys_review_and_one_that_fails_does(
    records: PayoutRecords,
) -> None:
    await records.apply(ACCOUNT, [payout("po_1"), payout("po_2")], MONDAY)
    overdue = await records.raise_alerts(ACCOUNT, LATE)
    assert {each.kind for each in overdue} == {PayoutAlertKind.OVERDUE}
    assert [each.is_overdue for each in await page(records)] == [True, True]

    await records.apply(
        ACCOUNT,
        [payout("po_1", "paid", updated_at=LATE), payout("po_2", "failed", updated_at=LATE)],
        LATE,
    )
    alerts = await records.raise_alerts(ACCOUNT, LATE)
    assert sorted(each.kind for each in alerts) == ["failed", "overdue", "overdue"]
    standing = {each.provider_payout_id: each for each in await page(records)}
    assert not standing["po_1"].needs_review
    assert standing["po_2"].needs_review
    assert not any(each.is_overdue for each in standing.values())


async def test_a_review_is_resolved_by_its_own_tenant_alone(records: PayoutRecords) -> None:
    await records.apply(ACCOUNT, [payout(status="failed")], MONDAY)
    await records.raise_alerts(ACCOUNT, MONDAY)
    assert await records.resolve_review("ten_other", ID, seen_to, LATE) is None
    assert await records.resolve_review("ten_harbour", "pyo_unknown", seen_to, LATE) is None
    assert await entries(records) == []
    resolved = await records.resolve_review("ten_harbour", ID, seen_to, LATE)
    assert resolved is not None
    assert not resolved.needs_review
    assert await records.groups(ACCOUNT) == ()


async def test_who_resolved_a_review_is_written_down_once(records: PayoutRecords) -> None:
    await records.apply(ACCOUNT, [payout(status="failed")], MONDAY)
    await records.raise_alerts(ACCOUNT, MONDAY)
    for at in (LATE, LATE + HOUR):
        await records.resolve_review("ten_harbour", ID, seen_to, at)
    [entry] = await entries(records)
    assert (entry.actor, entry.subject, entry.at) == ("key_1", ID, LATE)
    assert entry.before == {"status": "failed", "needs_review": True}


async def test_a_review_that_cannot_be_written_down_is_not_resolved(
    records: PayoutRecords,
) -> None:
    await records.apply(ACCOUNT, [payout(status="failed")], MONDAY)
    await records.raise_alerts(ACCOUNT, MONDAY)

    def unwritable(before: Payout) -> AuditEvent:
        return seen_to(before).model_copy(update={"action": None})

    with pytest.raises(ValidationError):
        await records.resolve_review("ten_harbour", ID, unwritable, LATE)
    assert (await records.required(ID)).needs_review


async def test_accounts_are_told_apart(records: PayoutRecords) -> None:
    await records.apply(ACCOUNT, [payout(status="failed")], MONDAY)
    await records.apply(OURS, [payout(at=MONDAY + HOUR)], MONDAY + 2 * HOUR)
    assert len(await records.raise_alerts(ACCOUNT, MONDAY)) == 1
    assert await records.raise_alerts(OURS, MONDAY) == ()
    [group] = await records.groups(OURS)
    assert (group.status, group.count, group.is_pending) == ("scheduled", 1, True)
    assert await records.oldest_pending(OURS) == MONDAY + HOUR
    assert await records.oldest_pending(ACCOUNT) is None
    assert await records.pending_before(OURS, LATE, 5) == ("po_1",)
    assert await records.pending_before(OURS, MONDAY, 5) == ()
    assert await records.known_since(OURS, ("po_1", "po_2"), MONDAY) == {"po_1"}
    assert await records.known_since(OURS, ("po_1",), MONDAY + 2 * HOUR) == frozenset()
    newest = await records.get("ten_harbour", "po_1")
    assert newest is not None
    assert newest.integration_id == "int-1"


async def test_pages_are_newest_first_and_narrowed_by_status_and_integration(
    records: PayoutRecords,
) -> None:
    statuses = ("scheduled", "in_transit", "paid", "held_by_bank")
    made = [payout(f"po_{n}", each, MONDAY + n * HOUR) for n, each in enumerate(statuses)]
    await records.apply(ACCOUNT, made, LATE)
    await records.apply(OURS, [payout("po_9")], LATE)

    first = await records.page("ten_harbour", limit=2)
    rest = await records.page("ten_harbour", cursor=first.next_cursor)
    assert [each.status for each in first.items] == ["held_by_bank", "paid"]
    assert len(rest.items) == 3
    pending = await records.page("ten_harbour", PayoutFilter.PENDING)
    assert sorted(each.provider_payout_id for each in pending.items) == ["po_0", "po_1", "po_9"]
    of_integration = await records.page("ten_harbour", integration_id="int-1")
    assert [each.provider_payout_id for each in of_integration.items] == ["po_9"]
    assert (await records.page("ten_other")).items == ()


async def test_the_first_snapshot_of_a_day_stands(database: Database) -> None:
    records = BalanceRecords(database)
    year = taken([transaction("a", 500, noon(0))], [], 3)
    assert await records.store(year) == 3
    other = year[0].model_copy(update={"closing": usd(1)})
    assert await records.store([other]) == 0
    assert await records.between("ten_harbour", FIRST, FIRST + ONE_DAY) == year[:2]
    assert await records.last_of(ACCOUNT) == year[2:] == await records.latest("ten_harbour")
    assert await records.last_of(OURS) == () == await records.latest("ten_other")


async def test_the_latest_balances_are_of_each_account_and_currency(database: Database) -> None:
    records = BalanceRecords(database)
    first, second = taken([transaction("a", 500, noon(0))], [], 2)
    theirs = first.model_copy(update={"integration_id": "int-1"})
    await records.store([first, second, theirs])

    def place(each: BalanceSnapshot) -> tuple[str, int]:
        return each.account.name, (each.day - FIRST).days

    latest = await records.latest("ten_harbour")
    assert [place(each) for each in latest] == [("int-1", 0), ("justifi", 1)]


async def test_the_accounts_that_pay_out_are_our_own_and_the_integrations_in_use(
    database: Database,
) -> None:
    made = integration("int-1")
    await stored(database, made, vault(NEW))
    accounts = PayoutAccountRecords(database, frozenset({"stripe"}), (ACCOUNT,))
    own, theirs = await accounts.all()
    assert own == ACCOUNT
    assert (theirs.integration_id, theirs.tenant_id) == ("int-1", made.tenant_id)
    assert await accounts.is_known(own)
    assert await accounts.is_known(theirs)
    assert not await accounts.is_known(theirs.model_copy(update={"integration_id": "int-9"}))
    others = PayoutAccountRecords(database, frozenset({"justifi"}))
    assert await others.all() == ()
    assert not await others.is_known(ACCOUNT)


async def entries(records: PayoutRecords) -> list[AuditEntry]:
    return list((await AuditRecords(records.database).page("ten_harbour", ID)).items)


async def page(records: PayoutRecords) -> list[Payout]:
    return list((await records.page("ten_harbour")).items)
