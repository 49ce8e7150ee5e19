"""From an open checkout to money, or to none: every way a payment may go."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.payments import CheckoutChanged
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, ReviewReason
from gateways.faults import Busy
from tests.fake_payments import DECLINED
from tests.fake_world import PRICE
from tests.workflows.stories import Stories
from workflows.purchase import PurchaseWorkflow


async def test_a_paid_purchase_becomes_a_delivered_policy(stories: Stories) -> None:
    order = stories.world.order()
    opened = await stories.opened(order)
    assert opened.checkout is not None
    stories.world.payments.pay(order.purchase_id)
    event_id = await stories.tell_change(order)
    purchase = await stories.end_of(order)
    assert purchase.status is PaymentStatus.COMPLETED
    assert stories.policy_status(order) is PolicyStatus.DELIVERED
    assert stories.world.mail.subjects() == ["payment_confirmation"]
    assert event_id in stories.world.rows.handled


async def test_a_declined_card_leaves_the_purchase_failed_and_retryable_and_then_paid(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.decline(order.purchase_id)
    await stories.tell_change(order)
    failed = await stories.until_it_is(order, PaymentStatus.FAILED)
    assert (failed.can_retry, failed.failure) == (True, DECLINED)
    stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    assert (await stories.end_of(order)).status is PaymentStatus.COMPLETED
    assert stories.world.mail.subjects() == ["payment_confirmation"]


async def test_a_declined_customer_who_leaves_is_told_once(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.decline(order.purchase_id)
    await stories.tell_change(order)
    await stories.until_it_is(order, PaymentStatus.FAILED)
    await stories.pass_time(timedelta(hours=20))
    stories.world.payments.expire(order.purchase_id)
    purchase = await stories.end_of(order)
    assert (purchase.status, purchase.can_retry) == (PaymentStatus.FAILED, False)
    assert stories.world.mail.subjects() == ["payment_failed"]


async def test_an_abandoned_checkout_expires_and_frees_the_quote(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.expire(order.purchase_id)
    purchase = await stories.end_of(order)
    assert purchase.status is PaymentStatus.EXPIRED
    assert not stories.stored(order).holds_quote
    assert stories.world.mail.sent == []


async def test_no_checkout_outlives_its_quote(stories: Stories) -> None:
    now = datetime.now(UTC)
    for left, lifetime in ((60, 60), (5, 31), (5000, 23 * 60 + 30)):  # minutes
        order = stories.world.order().model_copy(
            update={"payable_until": now + timedelta(minutes=left)}
        )
        checkout = (await stories.opened(order)).checkout
        assert checkout is not None
        assert abs(checkout.expires_at - now - timedelta(minutes=lifetime)) < timedelta(minutes=1)


@pytest.mark.slow
async def test_who_insists_gets_a_look_that_is_no_older_than_the_asking(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.hold("fetch_checkout")
    first = asyncio.create_task(stories.refresh(order))
    await stories.until(lambda: "fetch_checkout" in payments.calls)
    payments.pay(order.purchase_id)
    insisting = [asyncio.create_task(stories.refresh(order, insist=True)) for _ in range(2)]
    await stories.refresh(order)  # both have been heard once this is answered
    assert not any(each.done() for each in insisting)
    payments.let_go("fetch_checkout")
    await asyncio.gather(first, *insisting)
    assert stories.stored(order).is_paid
    assert payments.calls.count("fetch_checkout") == 2


async def test_repeated_and_reordered_webhooks_change_nothing(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.decline(order.purchase_id)
    stories.world.payments.pay(order.purchase_id)
    events = [await stories.tell_change(order) for _ in range(4)]
    assert (await stories.end_of(order)).is_paid
    again = await stories.tell_change(order)
    await stories.end_of(order)
    assert stories.world.rows.handled.keys() >= {*events, again}
    assert stories.world.mail.subjects() == ["payment_confirmation"]
    assert stories.world.printer.printed == [stories.policy_number(order)]


async def test_an_event_that_comes_while_the_provider_is_read_is_read_for_itself(
    stories: Stories,
) -> None:
    """The first read may be older than the second event: only a second read answers that one."""
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.faults_before["fetch_checkout"].append(Busy("503"))
    payments.hold("fetch_checkout")
    first = await stories.tell_change(order)
    await stories.until(lambda: payments.calls.count("fetch_checkout") == 2)
    second = await stories.tell_change(order)
    payments.let_go("fetch_checkout")
    await stories.until(lambda: second in stories.world.rows.handled)
    assert first in stories.world.rows.handled
    assert payments.calls.count("fetch_checkout") == 3


async def test_an_event_replayed_before_it_is_answered_is_answered_once(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.pay(order.purchase_id)
    payments.faults_before["fetch_checkout"].append(Busy("503"))
    payments.hold("fetch_checkout")
    told = CheckoutChanged(event_id=stories.world.event())
    await stories.tell(order, told)
    await stories.until(lambda: payments.calls.count("fetch_checkout") == 2)
    await stories.tell(order, told)
    assert not (await stories.purchase_run(order).query(PurchaseWorkflow.current)).is_paid
    payments.let_go("fetch_checkout")
    assert (await stories.end_of(order)).is_paid
    answered = [each.event_ids for each in stories.world.rows.settlements if each.event_ids]
    assert answered == [(told.event_id,)]


async def test_a_wrong_amount_goes_to_review_and_issues_nothing(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id, Money(minor=PRICE.minor - 1, currency="SGD"))
    await stories.tell_change(order)
    assert await stories.decided(order) == [ReviewReason.AMOUNT_DIFFERS]
    assert stories.stored(order).is_paid
    assert stories.policy(order) is None
    assert stories.world.mail.sent == []


async def test_a_checkout_that_the_provider_will_not_show_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.refuse_next("fetch_checkout")
    event_id = await stories.tell_change(order)
    await stories.until(lambda: event_id in stories.world.rows.handled)
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.PAYMENT_UNSETTLED]
    stories.world.payments.pay(order.purchase_id)
    assert (await stories.end_of(order)).is_paid
    assert stories.world.rows.open_reviews(order.purchase_id) == []


async def test_a_database_outage_delays_a_purchase_and_loses_nothing(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id)
    stories.world.rows.is_down = True
    event_id = await stories.tell_change(order)
    await stories.pass_time(timedelta(minutes=10))
    assert event_id not in stories.world.rows.handled
    stories.world.rows.is_down = False
    assert (await stories.end_of(order)).is_paid
    assert event_id in stories.world.rows.handled
    assert stories.world.mail.subjects() == ["payment_confirmation"]
