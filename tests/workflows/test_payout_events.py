"""What events tell of payouts, and what a watch finds without them, however late."""

import pytest
from temporalio.client import WorkflowFailureError

from activities.payouts import READ_SINGLY
from domain.payouts import LookTrouble, PayoutReported, PayoutStanding, workflow_id_of
from gateways.faults import Unreachable
from tests.fake_payouts import ACCOUNT, payout, transaction
from tests.workflows.bank import DAY, HOUR, Bank
from workflows import options
from workflows.balance import BalanceWorkflow
from workflows.payout_watch import PayoutWatch, PayoutWatchWorkflow


async def test_what_a_bank_sends_back_days_after_it_was_paid_is_found_by_polls_alone(
    bank: Bank,
) -> None:
    await bank.made(status="paid")
    await bank.watch()
    await bank.passes(3 * DAY)
    assert await bank.shown() == ("paid", False)
    bank.gateway.move("po_1", "failed", 3 * DAY)
    await bank.passes(DAY)
    assert await bank.shown() == ("failed", True)
    assert bank.letters == ["payout_failed"]
    assert set(bank.gateway.calls) == {"page"}


@pytest.mark.slow
async def test_what_an_event_told_of_in_an_outage_is_read_afterwards_however_old_it_is(
    bank: Bank,
) -> None:
    await bank.watch()
    await bank.passes(HOUR)
    bank.gateway.put(payout("po_1", "failed", await bank.now() - 60 * DAY))
    bank.gateway.fault = Unreachable("no route to host")
    event_id = await bank.tell("po_1")
    await bank.passes(DAY)
    assert bank.letters == []
    bank.gateway.fault = None
    await bank.passes(DAY)
    assert bank.letters == ["payout_failed"]
    assert event_id in bank.world.rows.handled


@pytest.mark.slow
async def test_a_look_that_fails_is_made_good_by_the_next(bank: Bank) -> None:
    bank.gateway.fault = Unreachable("no route to host")
    await bank.made(status="paid")
    await bank.watch()
    event_id = await bank.tell("po_1")
    await bank.passes(2 * DAY)
    assert (await bank.records.page(ACCOUNT.tenant_id)).items == ()
    assert await bank.shown() == ("paid", True)
    trouble = (await bank.current()).trouble
    assert (trouble.failed_looks > 1, trouble.because) == (True, "no route to host")
    bank.gateway.fault = None
    await bank.passes(2 * DAY)
    assert (await bank.standing()).status == "paid"
    assert await bank.shown() == ("paid", False)
    assert (await bank.current()).trouble == LookTrouble()
    assert event_id in bank.world.rows.handled


async def test_a_flood_of_events_costs_pages_and_no_call_for_each(bank: Bank) -> None:
    await bank.watch()
    await bank.passes(HOUR)
    looks = len(bank.gateway.calls)
    at = await bank.now()
    names = [f"po_{n}" for n in range(2 * READ_SINGLY)]
    bank.gateway.page_size = READ_SINGLY
    bank.gateway.put(*(payout(each, "paid", at) for each in names))
    bank.gateway.put(payout("po_old", "failed", at - 60 * DAY))
    event_ids = {await bank.tell(each) for each in (*names, "po_old")}
    await bank.passes(HOUR)
    assert bank.gateway.calls[looks:] == ["page", "page", "payout"]
    assert event_ids <= set(bank.world.rows.handled)
    assert bank.letters == ["payout_failed"]


@pytest.mark.slow
async def test_one_payout_that_is_never_answered_keeps_no_other_from_being_read(
    bank: Bank,
) -> None:
    await bank.watch()
    await bank.passes(HOUR)
    long_ago = await bank.now() - 60 * DAY
    names = [f"po_{n}" for n in range(READ_SINGLY + 2)]
    bank.gateway.unanswered.add("po_0")
    bank.gateway.put(*(payout(each, "paid", long_ago) for each in names))
    event_ids = {await bank.tell(each) for each in names}
    await bank.passes(2 * DAY)
    known = await bank.records.known_since(ACCOUNT, tuple(names), long_ago)
    assert known == set(names) - {"po_0"}
    bank.gateway.unanswered.clear()
    await bank.passes(DAY)
    assert event_ids <= set(bank.world.rows.handled)


async def test_a_payout_that_cannot_be_read_is_for_a_person_and_hides_no_other(
    bank: Bank,
) -> None:
    await bank.made("po_odd")
    await bank.made("po_1")
    bank.gateway.unreadable.add("po_odd")
    await bank.watch()
    await bank.tell("po_odd")
    await bank.passes(HOUR)
    assert (await bank.standing("po_1")).status == "scheduled"
    assert await bank.shown() == ("scheduled", True)
    assert (await bank.current()).trouble.unreadable == ("po_odd",)

    bank.gateway.unreadable.clear()
    await bank.passes(DAY)
    assert (await bank.standing("po_odd")).status == "scheduled"
    assert await bank.shown() == ("scheduled", False)


async def test_a_day_without_its_balance_is_made_good_by_the_next(bank: Bank) -> None:
    await bank.made("po_odd", "paid")
    bank.gateway.transactions.append(transaction("bt_1", 500, await bank.now() - DAY))
    bank.gateway.unreadable.add("po_odd")

    async def taken(name: str) -> int:
        return await bank.client.execute_workflow(
            BalanceWorkflow.run, ACCOUNT, id=name, task_queue=options.PURCHASES
        )

    with pytest.raises(WorkflowFailureError):
        await taken("first")
    bank.gateway.unreadable.clear()
    assert await taken("second") == 1


async def test_a_new_run_makes_the_look_that_the_old_one_was_asked_for(bank: Bank) -> None:
    event_id = bank.world.event()
    bank.gateway.put(payout("po_1", "paid", await bank.now() - 60 * DAY))
    handed_on = PayoutWatch(
        account=ACCOUNT,
        standing=PayoutStanding(status="paid", next_look_at=await bank.now() + DAY),
        unread=(PayoutReported(event_id=event_id, provider_payout_id="po_1"),),
        look_is_asked=True,
    )
    run = PayoutWatchWorkflow.run
    await bank.client.start_workflow(
        run, handed_on, id=workflow_id_of(ACCOUNT), task_queue=options.PURCHASES
    )
    await bank.stories.until(lambda: event_id in bank.world.rows.handled)
    assert bank.gateway.calls == ["page", "payout"]
