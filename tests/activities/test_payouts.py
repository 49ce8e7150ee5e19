"""What a look lists, which days a snapshot takes, and what finance's letters say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.balances import MOST_DAYS, BalanceActivities, SnapshotOrder
from activities.finance_letters import FinanceLetters
from activities.opened_payouts import OpenedPayouts
from activities.payouts import (
    FIRST_LOOK_BACK,
    LISTED_BACK,
    OVERLAP,
    SENT_BACK_WITHIN,
    HintedPayouts,
    LookRequest,
    PageOrder,
    PayoutActivities,
)
from domain.emails import EmailOrder, EmailTemplate
from gateways.faults import Misconfigured
from gateways.internal_integration import InternalIntegration
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.migrate import migrate
from persistence.paid_records import PaidRecords
from persistence.payouts import PayoutRecords
from tests.fake_executions import FakeExecutions
from tests.fake_payouts import (
    ACCOUNT,
    MONDAY,
    FakeAccountRows,
    FakePayoutGateways,
    FakePayoutRows,
    FakePayouts,
    kept,
    payout,
    transaction,
)
from tests.fake_rows import FakeEventRecords, Rows

DAY = timedelta(days=1)
IN_HARBOUR = ACCOUNT.model_copy(update={"integration_id": "int-1"})


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    url = f"sqlite:///{tmp_path / 'paybind.db'}"
    await migrate(url)
    return Database(url)


def looking(
    database: Database, gateway: FakePayouts | None = None, rows: Rows | None = None
) -> PayoutActivities:
    gateways = FakePayoutGateways(gateway or FakePayouts())
    return PayoutActivities(
        PayoutRecords(database), FakeAccountRows(), FakeEventRecords(rows or Rows()), gateways
    )


async def test_a_look_lists_from_the_oldest_that_is_under_way(database: Database) -> None:
    looks = looking(database)

    async def since(at_day: int, looked_at_day: int | None) -> timedelta | None:
        looked_at = None if looked_at_day is None else MONDAY + looked_at_day * DAY
        asked = LookRequest(account=ACCOUNT, at=MONDAY + at_day * DAY, looked_at=looked_at)
        planned = await ActivityEnvironment().run(looks.plan_look, asked)
        return planned.since - MONDAY if planned.since else None

    assert await since(0, None) == -FIRST_LOOK_BACK
    assert await since(10, 9) == 10 * DAY - SENT_BACK_WITHIN - OVERLAP
    assert await since(10, 1) == DAY - OVERLAP
    await looks.rows.apply(ACCOUNT, [payout()], MONDAY)
    assert await since(5, 4) == 5 * DAY - SENT_BACK_WITHIN - OVERLAP
    assert await since(10, 9) == -OVERLAP
    assert await since(30, 29) == 30 * DAY - LISTED_BACK - OVERLAP
    assert await since(30, 2) == 2 * DAY - OVERLAP


async def test_what_pages_have_shown_is_not_read_once_more_for_its_event(
    database: Database,
) -> None:
    gateway, rows = FakePayouts(), Rows()
    gateway.put(payout("po_1"), payout("po_old", "failed", MONDAY - 30 * DAY))
    looks = looking(database, gateway, rows)
    event_ids = ("evt_1", "evt_2", "evt_3")

    async def told(*names: str) -> None:
        hinted = HintedPayouts(
            account=ACCOUNT, provider_payout_ids=names, event_ids=event_ids, listed_since=MONDAY
        )
        await ActivityEnvironment().run(looks.look_at_hinted, hinted)

    await ActivityEnvironment().run(looks.look_at_page, PageOrder(account=ACCOUNT, since=MONDAY))
    await told("po_1", "po_old", "po_of_another")
    assert gateway.calls == ["page", "payout", "payout"]
    assert set(event_ids) == set(rows.handled)
    await told("po_1")
    assert gateway.calls == ["page", "payout", "payout"]


async def test_one_that_gives_no_answer_keeps_no_other_from_being_read(database: Database) -> None:
    gateway, rows = FakePayouts(unanswered={"po_2"}), Rows()
    gateway.put(payout("po_1"), payout("po_2"))
    looks = looking(database, gateway, rows)
    hinted = HintedPayouts(
        account=ACCOUNT, provider_payout_ids=("po_2", "po_1"), event_ids=("evt_1",)
    )
    with pytest.raises(ApplicationError, match="no answer"):
        await ActivityEnvironment().run(looks.look_at_hinted, hinted)
    assert await looks.rows.oldest_pending(ACCOUNT) == MONDAY
    assert not rows.handled


def balances(database: Database, gateway: FakePayouts) -> BalanceActivities:
    return BalanceActivities(
        BalanceRecords(database),
        PayoutRecords(database),
        PaidRecords(database),
        FakePayoutGateways(gateway),
    )


async def test_days_that_were_missed_are_taken_with_the_next(database: Database) -> None:
    gateway = FakePayouts(page_size=1)
    gateway.transactions += [
        transaction("a", 500, MONDAY - DAY, provider_payout_id="po_1"),
        transaction("b", 70, MONDAY + DAY),
    ]
    gateway.put(
        payout("po_0", "paid", MONDAY - 9 * DAY),
        payout("po_1", "paid", MONDAY, amount=gateway.transactions[0].net),
    )
    steps = balances(database, gateway)

    async def taken(at_day: int) -> int:
        order = SnapshotOrder(account=ACCOUNT, at=MONDAY + at_day * DAY)
        return await ActivityEnvironment().run(steps.take_snapshots, order)

    assert await taken(0) == 1
    assert await taken(0) == 0
    assert gateway.calls == ["transactions", "page", "page"]
    assert await taken(4) == 4
    year = await steps.balances.last_of(ACCOUNT)
    assert [(str(each.closing), each.reconciles) for each in year] == [("USD 0.70", True)]
    assert await taken(MOST_DAYS + 90) == MOST_DAYS
    assert await taken(MOST_DAYS + 90) == 90 - 4


async def test_no_day_is_taken_while_a_payout_cannot_be_read(database: Database) -> None:
    gateway = FakePayouts(unreadable={"po_1"})
    gateway.put(payout("po_1", "paid", MONDAY))
    gateway.transactions.append(transaction("a", 500, MONDAY))
    steps = balances(database, gateway)
    order = SnapshotOrder(account=ACCOUNT, at=MONDAY + DAY)
    with pytest.raises(ApplicationError, match="po_1 make no sense") as refused:
        await ActivityEnvironment().run(steps.take_snapshots, order)
    assert refused.value.non_retryable
    gateway.unreadable.clear()
    assert await ActivityEnvironment().run(steps.take_snapshots, order) == 1


async def test_finance_hears_of_a_payout_what_it_needs_to_look_it_up() -> None:
    rows = FakePayoutRows({"pyo_1": kept(payout(status="failed")).model_copy()})
    told = FinanceLetters(rows, "finance@example.com")
    letter = await told.of_payout(order(EmailTemplate.PAYOUT_FAILED), "pyo_1")
    assert letter is not None
    assert (letter.to, letter.product_name, letter.account) == (
        *("finance@example.com", "po_1", "justifi justifi"),
    )
    assert str(letter.price) == "USD 220.15"
    assert letter.expires_at == MONDAY + DAY
    assert await told.of_payout(order(EmailTemplate.PAYOUT_OVERDUE), "pyo_1") is None
    nobody = FinanceLetters(rows, None)
    assert await nobody.of_payout(order(EmailTemplate.PAYOUT_FAILED), "pyo_1") is None


def order(template: EmailTemplate) -> EmailOrder:
    return EmailOrder(email_id="eml_1", template=template, tenant_id="t", payout_id="pyo_1")


async def test_the_environments_account_is_opened_by_its_provider() -> None:
    gateway = FakePayouts()
    opened = OpenedPayouts(FakeExecutions(), {"justifi": gateway})
    async with opened.of(ACCOUNT) as found:
        assert found is gateway
    with pytest.raises(Misconfigured, match="no keys of justifi are set"):
        async with OpenedPayouts(FakeExecutions(), {}).of(ACCOUNT):
            pass


async def test_an_integration_that_tells_of_no_payouts_is_named() -> None:
    with pytest.raises(Misconfigured, match="int-1 tells of no payouts"):
        async with OpenedPayouts(OpenedInternal(), {}).of(IN_HARBOUR):
            pass


class OpenedInternal:
    @asynccontextmanager
    async def using(self, integration_id: str) -> AsyncIterator[InternalIntegration]:
        assert integration_id == "int-1"
        yield InternalIntegration()


async def test_the_account_of_an_integration_is_opened_with_it() -> None:
    harbour = FakeExecutions()
    async with OpenedPayouts(harbour, {}).of(IN_HARBOUR) as found:
        assert found is harbour.account.payouts
