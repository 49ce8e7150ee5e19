"""A checkout that its provider cannot close: looked at until that has ended it, by polls alone."""

from datetime import timedelta

import pytest

from domain.purchases import PaymentStatus, PurchaseOrder, ReviewReason
from domain.routing import LATE_MONEY_WINDOW, Candidate
from gateways.faults import OutcomeUnknown
from tests.fake_world import PRICE
from tests.workflows.stories import Stories

DAY = timedelta(days=1)
MOST_EVENTS = 90


@pytest.fixture(autouse=True)
def sold_at_justifi(stories: Stories) -> None:
    sell_at_justifi(stories)


def sell_at_justifi(stories: Stories) -> None:
    sells = Candidate(connection_code="justifi", name="JustiFi")
    stories.world.rows.candidates = (sells,)
    stories.world.payments.cannot_close = True


async def test_money_that_comes_days_after_a_cancellation_goes_back_without_any_word(
    stories: Stories,
) -> None:
    order = await _cancelled(stories)
    await stories.pass_time(3 * DAY)
    payment_id = stories.world.payments.pay(order.purchase_id)

    ended = await stories.end_of(order)

    assert (ended.status, ended.late_payment_id) == (PaymentStatus.CANCELLED, payment_id)
    (refund_id,) = stories.world.rows.refunds
    await stories.refund_end(refund_id)
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_money_for_an_expired_one_that_a_bank_had_for_days_goes_back_likewise(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.leave_open(order.purchase_id)  # expired as far as we are concerned
    await stories.pass_time(5 * DAY)
    assert stories.stored(order).status is PaymentStatus.EXPIRED
    payments.order_debit(order.purchase_id)
    await stories.pass_time(6 * DAY)
    payment_id = payments.pay(order.purchase_id)
    await stories.end_of(order)
    (refund_id,) = stories.world.rows.refunds
    await stories.refund_end(refund_id)
    assert payments.refunded(payment_id) == PRICE.minor


async def test_the_watch_ends_with_the_providers_own_end_and_costs_little(
    stories: Stories,
) -> None:
    order = await _cancelled(stories)
    await stories.pass_time(7 * DAY)
    looks = stories.world.payments.calls.count("fetch_checkout")
    stories.world.payments.expire(order.purchase_id)
    ended_at = await stories.env.get_current_time()

    assert (await stories.end_of(order)).status is PaymentStatus.CANCELLED

    assert looks == 7
    assert await stories.env.get_current_time() - ended_at <= DAY + timedelta(minutes=1)
    history = await stories.purchase_run(order).fetch_history()
    assert len(history.events) <= MOST_EVENTS


async def test_an_event_in_between_is_answered_and_the_watch_goes_on(stories: Stories) -> None:
    order = await _cancelled(stories)
    await stories.pass_time(2 * DAY)
    event_id = await stories.tell_change(order)
    await stories.until(lambda: event_id in stories.world.rows.handled)
    await stories.pass_time(2 * DAY)
    payment_id = stories.world.payments.pay(order.purchase_id)
    assert (await stories.end_of(order)).late_payment_id == payment_id


async def test_one_that_is_never_ended_is_not_watched_for_ever(stories: Stories) -> None:
    order = await _cancelled(stories)
    began_at = await stories.env.get_current_time()
    await stories.end_of(order)
    watched = await stories.env.get_current_time() - began_at
    assert LATE_MONEY_WINDOW < watched < LATE_MONEY_WINDOW + 2 * DAY


@pytest.mark.slow
async def test_where_it_cannot_be_read_a_person_is_asked_and_the_watch_ends_all_the_same(
    stories: Stories,
) -> None:
    order = await _cancelled(stories)
    silence = OutcomeUnknown("no answer")
    stories.world.payments.faults_before["fetch_checkout"].extend([silence] * 3_000)
    began_at = await stories.env.get_current_time()
    await stories.pass_time(DAY)
    assert await stories.decided(order) == [ReviewReason.PAYMENT_UNSETTLED]
    assert await stories.env.get_current_time() - began_at < 2 * DAY


async def _cancelled(stories: Stories) -> PurchaseOrder:
    order = stories.world.order()
    await stories.opened(order)
    await stories.cancel(order)
    return order
