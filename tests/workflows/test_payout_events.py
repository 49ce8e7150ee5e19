"""What events tell of payouts, and what a watch finds without them, however late."""

import pytest

from gateways.faults import Unreachable
from tests.fake_payouts import payout
from tests.workflows.bank import DAY, HOUR, Bank


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
