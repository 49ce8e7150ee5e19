"""An account's payouts followed to their end: by polls, by events, and told of once."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import WorkflowRunner

from domain.errors import Unavailable
from domain.payouts import payout_id_of, workflow_id_of
from gateways.faults import Unreachable
from persistence.balances import BalanceRecords
from services.payout_runs import PayoutRuns
from tests.fake_payouts import ACCOUNT, payout, transaction
from tests.workflows.bank import DAY, HOUR, Bank, opened_bank
from tests.workflows.stories import SOON
from workflows import options
from workflows.balance import BalanceWorkflow
from workflows.payout_reconciliation import PayoutReconciliationWorkflow
from workflows.payout_round import PayoutRoundWorkflow
from workflows.payout_watch import STEPS_IN_A_RUN


@pytest.mark.parametrize("end", ["paid", "failed", "canceled", "forwarded"])
async def test_a_payout_is_followed_to_its_end_by_polls_alone(bank: Bank, end: str) -> None:
    await bank.made()
    await bank.watch()
    await bank.passes(HOUR)
    assert await bank.shown() == ("scheduled", False)

    bank.gateway.move("po_1", "in_transit")
    await bank.passes(7 * HOUR)
    assert (await bank.standing()).status == "in_transit"
    assert await bank.shown() == ("in_transit", False)

    bank.gateway.move("po_1", end)
    await bank.passes(2 * DAY)
    assert (await bank.standing()).status == end
    has_failed = end == "failed"
    assert await bank.shown() == ("failed" if has_failed else "paid", has_failed)
    assert bank.letters == (["payout_failed"] if has_failed else [])


async def test_a_failed_payout_is_seen_by_its_event_alone_and_told_of_once(bank: Bank) -> None:
    await bank.watch()
    await bank.passes(HOUR)
    looks = bank.gateway.calls.count("page")
    await bank.made(status="failed")

    event_ids = [await bank.tell("po_1"), await bank.tell("po_1")]
    await bank.passes(timedelta(minutes=2))

    assert bank.gateway.calls.count("page") == looks
    assert bank.gateway.calls.count("payout") == 1
    assert bank.letters == ["payout_failed"]
    assert await bank.shown() == ("failed", True)
    assert set(event_ids) == set(bank.world.rows.handled)

    await bank.tell("po_1")
    await bank.passes(3 * DAY)
    assert bank.letters == ["payout_failed"]


async def test_an_event_starts_the_watch_of_an_account_that_has_none(bank: Bank) -> None:
    await bank.made(status="failed")
    await bank.tell("po_1")
    await bank.passes(HOUR)
    assert (await bank.standing()).status == "failed"
    assert bank.letters == ["payout_failed"]


async def test_an_event_about_what_the_account_does_not_show_changes_nothing(bank: Bank) -> None:
    event_id = await bank.tell("po_of_another")
    await bank.passes(HOUR)
    assert await bank.shown() == ("paid", False)
    assert event_id in bank.world.rows.handled


@pytest.mark.slow
async def test_an_overdue_payout_is_told_of_once_and_followed_on(bank: Bank) -> None:
    await bank.made(status="in_transit")
    await bank.watch()
    await bank.passes(12 * DAY)
    assert bank.letters == ["payout_overdue"]
    assert await bank.shown() == ("overdue", True)

    await bank.passes(10 * DAY)  # longer than looks list: it is read by itself
    assert "payout" in bank.gateway.calls
    bank.gateway.move("po_1", "paid", 22 * DAY)
    await bank.passes(DAY)
    assert (await bank.standing()).status == "paid"
    assert await bank.shown() == ("paid", False)
    assert bank.letters == ["payout_overdue"]


async def test_a_review_that_is_resolved_is_shown_no_more(bank: Bank) -> None:
    await bank.made(status="failed")
    await bank.watch()
    await bank.passes(HOUR)
    assert await bank.shown() == ("failed", True)
    await bank.resolve("po_1")
    await bank.passes(timedelta(minutes=1))
    assert await bank.shown() == ("paid", False)


async def test_an_overdue_payout_whose_review_is_resolved_is_followed_on(bank: Bank) -> None:
    long_ago = await bank.now() - 20 * DAY  # longer than looks list, from the second on
    bank.gateway.put(payout("po_1", "in_transit", long_ago))
    await bank.watch()
    await bank.passes(HOUR)
    assert await bank.shown() == ("overdue", True)
    await bank.resolve("po_1")
    await bank.passes(timedelta(minutes=1))
    assert await bank.shown() == ("overdue", False)

    bank.gateway.move("po_1", "paid", 20 * DAY)
    await bank.passes(DAY)
    assert await bank.shown() == ("paid", False)
    assert bank.letters == ["payout_overdue"]


async def test_a_look_costs_a_call_for_each_page_however_many_payouts_there_are(
    bank: Bank,
) -> None:
    at = await bank.now()
    bank.gateway.put(*(payout(f"po_{n}", at=at - n * timedelta(seconds=1)) for n in range(250)))
    await bank.watch()
    await bank.passes(HOUR)
    assert bank.gateway.calls == ["page"] * 3
    await bank.runs.watch(ACCOUNT)
    await bank.passes(HOUR)
    assert bank.gateway.calls == ["page"] * 6


async def test_without_an_address_of_finance_the_review_is_open_all_the_same(
    tmp_path: Path, rows: bytes, runner: WorkflowRunner
) -> None:
    async with opened_bank(tmp_path, rows, runner, finance=None) as bank:
        await bank.made(status="failed")
        await bank.watch()
        await bank.passes(DAY)
        assert bank.letters == []
        assert await bank.shown() == ("failed", True)
        assert await bank.records.raise_alerts(ACCOUNT, await bank.now()) == ()


async def test_an_outage_of_the_mail_delays_the_one_letter_and_makes_no_second(bank: Bank) -> None:
    bank.world.mail.fault = Unreachable("no route to host")
    await bank.made(status="failed")
    await bank.watch()
    await bank.passes(HOUR)
    await bank.tell("po_1")
    await bank.passes(HOUR)
    assert bank.letters == []
    bank.world.mail.fault = None
    await bank.passes(HOUR)
    assert bank.letters == ["payout_failed"]


async def test_the_watch_ends_when_its_account_is_gone(bank: Bank) -> None:
    await bank.watch()
    await bank.passes(HOUR)
    bank.accounts.accounts.clear()
    await bank.passes(2 * DAY)
    run = await bank.env.client.get_workflow_handle(workflow_id_of(ACCOUNT)).describe()
    assert run.status is WorkflowExecutionStatus.COMPLETED
    await bank.runs.tell_resolved(ACCOUNT)


@pytest.mark.slow
async def test_a_long_watch_goes_on_in_a_new_run_and_neither_loses_nor_repeats_anything(
    bank: Bank,
) -> None:
    bank.gateway.page_size = 1
    at = await bank.now()
    made = (payout(f"po_{n}", at=at - n * timedelta(seconds=1)) for n in range(STEPS_IN_A_RUN))
    bank.gateway.put(*made, payout("po_x", "failed", at))
    bank.world.mail.fault = Unreachable("no route to host")  # which nothing waits for
    await bank.runs.watch(ACCOUNT)
    run = bank.env.client.get_workflow_handle(workflow_id_of(ACCOUNT))
    first = (await run.describe()).run_id
    async with asyncio.timeout(60):
        while (await run.describe()).run_id == first:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.1)
    begun = await bank.env.client.get_workflow_handle(run.id, run_id=first).fetch_history()
    assert len(begun.events) < 2_000
    assert len(bank.gateway.calls) == STEPS_IN_A_RUN + 1

    assert bank.letters == []
    bank.world.mail.fault = None
    bank.gateway.page_size = 1_000
    await bank.made("po_y", status="failed")
    await bank.tell("po_y")
    await bank.passes(HOUR)
    assert bank.gateway.calls[STEPS_IN_A_RUN + 1 :] == ["payout"]
    await bank.passes(DAY)
    assert bank.gateway.calls.count("page") > STEPS_IN_A_RUN + 1
    assert bank.letters == ["payout_failed", "payout_failed"]


async def test_the_daily_round_watches_every_account_once_and_takes_its_balance(
    bank: Bank,
) -> None:
    other = ACCOUNT.model_copy(update={"integration_id": "int-1"})
    bank.accounts.accounts.append(other)
    yesterday = (await bank.now()) - DAY
    bank.gateway.transactions.append(transaction("bt_1", 500, yesterday))

    for _ in range(2):
        rounds = await bank.client.execute_workflow(
            PayoutRoundWorkflow.run,
            id="payout-round",
            task_queue=options.PURCHASES,
            start_signal="strange",
        )
        assert rounds == 2
    records = BalanceRecords(bank.database)
    async with asyncio.timeout(SOON):
        while len(await records.latest(ACCOUNT.tenant_id)) < 2:
            continue

    client = bank.client
    watched = [client.get_workflow_handle(workflow_id_of(each)) for each in (ACCOUNT, other)]
    assert {(await each.describe()).status for each in watched} == {WorkflowExecutionStatus.RUNNING}
    balances = await records.latest(ACCOUNT.tenant_id)
    assert [(each.account.name, str(each.closing)) for each in balances] == [
        ("int-1", "USD 5.00"),
        ("justifi", "USD 5.00"),
    ]
    assert {each.day for each in balances} == {yesterday.astimezone(UTC).date()}


async def test_a_payout_is_compared_with_its_transactions_for_whoever_waits(bank: Bank) -> None:
    await bank.made(status="paid")
    await bank.watch()
    await bank.passes(HOUR)
    found = await bank.runs.reconcile(await bank.standing())
    assert [each.kind.value for each in found.differences] == [
        *("transactions", "payments", "refunds", "fees"),
    ]


async def test_a_word_that_a_short_run_does_not_know_is_counted_and_harms_nothing(
    bank: Bank,
) -> None:
    await bank.made(status="paid")
    await bank.watch()
    await bank.passes(HOUR)
    payout_id = payout_id_of(ACCOUNT, "po_1")
    compared = await bank.client.execute_workflow(
        PayoutReconciliationWorkflow.run,
        payout_id,
        id="compared",
        task_queue=options.PURCHASES,
        start_signal="strange",
    )
    assert compared.payout_id == payout_id
    taken = await bank.client.execute_workflow(
        BalanceWorkflow.run,
        ACCOUNT,
        id="taken",
        task_queue=options.PURCHASES,
        start_signal="strange",
    )
    assert taken == 1


async def test_what_the_watch_does_not_listen_to_is_counted(bank: Bank) -> None:
    await bank.watch()
    run = bank.env.client.get_workflow_handle(workflow_id_of(ACCOUNT))
    await run.signal("strange", "word")
    await bank.passes(HOUR)
    assert (await bank.current()).pending == 0


async def test_a_comparison_that_finds_no_provider_may_be_asked_for_again(bank: Bank) -> None:
    await bank.made(status="paid")
    await bank.watch()
    await bank.passes(HOUR)
    bank.gateway.fault = Unreachable("no route to host")
    asked = await bank.standing()
    hurried = replace(bank.runs, answer_within=timedelta(milliseconds=500))
    with pytest.raises(Unavailable, match="it is being worked on"):
        await hurried.reconcile(asked)
    with pytest.raises(Unavailable, match="the provider gave no answer"):
        await PayoutRuns(bank.env.client).reconcile(asked)
