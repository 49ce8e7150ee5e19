"""Looking at the provider where no webhook comes: at pauses, at the end, and when somebody asks."""

import asyncio
from datetime import UTC, datetime, timedelta

from domain.operations import GOES_ON_WITHIN
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, PurchaseOrder
from gateways.faults import Busy, RefusedByProvider
from tests.fake_world import PRICE
from tests.workflows.stories import Stories
from workflows import options

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def _pauses(stories: Stories, order: PurchaseOrder) -> list[timedelta]:
    """How long the purchase meant to wait, each time that it waited."""
    history = await stories.purchase_run(order).fetch_history()
    return [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in history.events
        if event.HasField("timer_started_event_attributes")
    ]


async def test_a_silent_provider_is_asked_after_a_minute_five_thirty_and_then_hourly(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.pass_time(timedelta(hours=4))
    assert await _pauses(stories, order) == [MINUTE, 5 * MINUTE, 30 * MINUTE, *[HOUR] * 4]
    assert stories.world.payments.calls.count("fetch_checkout") == 6


async def test_an_ended_checkout_is_read_once_more_an_hour_later(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.cancel(order)
    await stories.end_of(order)
    assert await _pauses(stories, order) == [MINUTE, HOUR]
    assert stories.world.payments.calls[-1] == "fetch_checkout"


def test_nothing_is_asked_for_under_a_key_that_stripe_may_have_forgotten() -> None:
    """Stripe keeps idempotency keys for a day at least."""
    tried = options.moving_money("pur_1:checkout:1")
    longest = (tried["schedule_to_close_timeout"], tried["start_to_close_timeout"])
    assert sum((each for each in longest if each), timedelta()) < timedelta(hours=24)


def test_an_integration_is_kept_for_as_long_as_an_operation_may_go_on_by_it() -> None:
    tried = options.moving_money("opn_1")["schedule_to_close_timeout"]
    assert tried is not None
    assert tried < GOES_ON_WITHIN


async def test_a_checkout_is_read_right_after_its_end_though_the_next_look_was_far(
    stories: Stories,
) -> None:
    order = stories.world.order().model_copy(
        update={"payable_until": datetime.now(UTC) + timedelta(minutes=40)}
    )
    checkout = (await stories.opened(order)).checkout
    assert checkout is not None
    await stories.pass_time(timedelta(minutes=37))  # looks after 1, 6 and 36 minutes
    stories.world.payments.expire(order.purchase_id)  # and its webhook is lost
    await stories.pass_time(timedelta(minutes=4))
    await stories.until_it_is(order, PaymentStatus.EXPIRED)


async def test_late_money_whose_webhook_was_lost_is_found_by_the_last_look(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.cancel(order)
    payment_id = stories.world.payments.pay(order.purchase_id)
    await stories.end_of(order)
    (refund_id,) = stories.world.rows.refunds
    await stories.refund_end(refund_id)
    assert stories.world.payments.refunded(payment_id) == PRICE.minor


async def test_a_lost_webhook_is_made_up_for_by_the_poll(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id)
    assert (await stories.end_of(order)).is_paid
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_lost_webhook_is_made_up_for_at_once_when_somebody_asks(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id)
    await stories.refresh(order)
    assert stories.stored(order).is_paid
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_what_is_settled_is_not_looked_at_again(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    await stories.refresh(order)
    assert stories.world.payments.calls.count("fetch_checkout") == 1


async def test_who_asks_while_somebody_waits_for_a_silent_provider_does_not_wait(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.faults_before["fetch_checkout"].append(Busy("503"))
    payments.hold("fetch_checkout")
    first = asyncio.create_task(stories.refresh(order))
    await stories.until(lambda: payments.calls.count("fetch_checkout") == 2)
    await stories.refresh(order)
    assert not first.done()
    payments.let_go("fetch_checkout")
    await first


async def test_a_look_asked_for_during_another_one_is_a_look_of_its_own(stories: Stories) -> None:
    """The look under way may be older than the payment."""
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.hold("fetch_checkout")
    await stories.tell_change(order)
    await stories.until(lambda: "fetch_checkout" in payments.calls)
    payments.pay(order.purchase_id)
    asked = asyncio.create_task(stories.refresh(order))
    payments.let_go("fetch_checkout")
    await asked
    assert stories.stored(order).is_paid


async def test_a_purchase_that_was_never_opened_has_nothing_to_refresh(stories: Stories) -> None:
    order = stories.world.order()
    stories.world.payments.faults_before["open_checkout"].append(
        RefusedByProvider("no such currency")
    )
    await stories.refresh(order)
    assert "fetch_checkout" not in stories.world.payments.calls
