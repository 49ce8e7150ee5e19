"""A payment that the customer has made and the bank has not: waited for, for days."""

from datetime import timedelta

import pytest

from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, PurchaseOrder, ReviewReason
from tests.workflows.stories import Stories


async def test_complete_but_unpaid_issues_nothing_until_the_bank_has_paid(
    stories: Stories,
) -> None:
    order = await _debited(stories)
    await stories.pass_time(timedelta(days=2))
    assert stories.policy(order) is None
    assert stories.stored(order).status is PaymentStatus.PENDING
    stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    assert (await stories.end_of(order)).is_paid
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_debit_that_bounces_fails_the_purchase_and_the_customer_is_told(
    stories: Stories,
) -> None:
    order = await _debited(stories)
    stories.world.payments.bounce_debit(order.purchase_id)
    await stories.tell_change(order)
    purchase = await stories.end_of(order)
    assert (purchase.status, purchase.can_retry) == (PaymentStatus.FAILED, False)
    assert not purchase.holds_quote
    assert stories.world.mail.subjects() == ["payment_failed"]


async def test_a_debit_that_bounces_is_told_also_to_whom_a_decline_was_told(
    stories: Stories,
) -> None:
    order = await _declined_and_told(stories)
    stories.world.payments.order_debit(order.purchase_id)
    await stories.tell_change(order)
    await stories.until(lambda: stories.stored(order).processing)
    stories.world.payments.bounce_debit(order.purchase_id)
    for _ in range(2):  # and long after it, the provider repeats itself
        await stories.tell_change(order)
        await stories.end_of(order)
    assert stories.world.mail.subjects() == ["payment_failed", "payment_failed"]


@pytest.mark.slow
async def test_a_debit_that_was_heard_of_only_when_it_bounced_is_told_as_well(
    stories: Stories,
) -> None:
    order = await _declined_and_told(stories)
    stories.world.payments.order_debit(order.purchase_id)
    stories.world.payments.bounce_debit(order.purchase_id)
    await stories.tell_change(order)
    await stories.end_of(order)
    assert stories.world.mail.subjects() == ["payment_failed", "payment_failed"]


@pytest.mark.slow
async def test_a_bank_that_stays_silent_for_two_weeks_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.order_debit(order.purchase_id)
    await stories.pass_time(timedelta(days=13))
    assert stories.world.rows.open_reviews(order.purchase_id) == []
    await stories.pass_time(timedelta(days=2))
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.PAYMENT_UNSETTLED]
    stories.world.payments.pay(order.purchase_id)
    await stories.end_of(order)
    assert stories.world.rows.open_reviews(order.purchase_id) == []


async def _debited(stories: Stories) -> PurchaseOrder:
    """A purchase that is paid by a debit, as the bank still works on it."""
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.order_debit(order.purchase_id)
    await stories.tell_change(order)
    await stories.until(lambda: stories.stored(order).processing)
    return order


async def _declined_and_told(stories: Stories) -> PurchaseOrder:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.decline(order.purchase_id)
    await stories.tell_change(order)
    await stories.pass_time(timedelta(minutes=2))
    assert stories.world.mail.subjects() == ["payment_failed"]
    return order
