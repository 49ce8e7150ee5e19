"""Refunds whose money came back, and what the customer is told of it."""

from domain.payments import ProviderRefundState
from domain.purchases import ReviewReason
from domain.refunds import RefundStatus
from gateways.faults import Busy
from tests.fake_world import PRICE
from tests.workflows.stories import Stories

HALF = PRICE.minor // 2


async def test_a_refund_that_succeeded_and_failed_later_flags_the_purchase(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.refund_end(refund.refund_id)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    event_id = await stories.tell_refund(order, refund.refund_id)
    ended = await stories.refund_decided(refund.refund_id)
    assert (ended.status, ended.failure_reason) == (RefundStatus.FAILED, "account_closed")
    assert event_id in stories.world.rows.handled
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    policy = stories.policy(order)
    assert policy is not None
    assert policy.cancelled_at is None
    assert stories.world.payments.refunded(payment_id) == 0
    assert stories.world.mail.subjects() == ["refund_made", "refund_returned"]


async def test_a_full_refund_that_came_back_is_told_and_revives_the_policy(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.refund_end(refund.refund_id)
    cancelled = stories.policy(order)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_refund(order, refund.refund_id)
    await stories.refund_decided(refund.refund_id)
    revived = stories.policy(order)
    assert cancelled is not None
    assert revived is not None
    assert (cancelled.cancelled_at is None, revived.cancelled_at is None) == (False, True)
    assert stories.world.mail.subjects() == ["refund_made", "refund_returned"]


async def test_a_refund_that_the_provider_fails_at_once_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    stories.world.payments.next_refunds.append(ProviderRefundState.FAILED)
    refund = await stories.refunded(order, stories.world.refund_request(order))

    ended = await stories.refund_decided(refund.refund_id)

    assert ended.status is RefundStatus.FAILED
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    assert stories.world.payments.refunded(payment_id) == 0
    assert stories.world.mail.subjects() == []


async def test_the_customer_is_told_once_of_a_refund_that_came_back(stories: Stories) -> None:
    order, _ = await stories.bought()
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.refund_end(refund.refund_id)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_refund(order, refund.refund_id)
    await stories.refund_decided(refund.refund_id)
    await stories.tell_refund(order, refund.refund_id)  # charge.refund.updated tells the same
    await stories.refund_end(refund.refund_id)
    assert stories.world.mail.subjects() == ["refund_made", "refund_returned"]


async def test_a_refund_that_failed_before_it_was_made_is_not_told_as_come_back(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    refund = await stories.refund_on_its_way(order)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_refund(order, refund.refund_id)
    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.FAILED
    assert stories.world.mail.sent == []


async def test_a_refund_that_fails_during_a_mail_outage_is_told_only_as_come_back(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    stories.world.mail.fault = Busy("down")
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.until(
        lambda: stories.world.rows.refunds[refund.refund_id].status is RefundStatus.SUCCEEDED
    )
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    event_id = await stories.tell_refund(order, refund.refund_id)
    await stories.until(lambda: event_id in stories.world.rows.handled)
    stories.world.mail.fault = None
    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.FAILED
    assert stories.world.mail.subjects() == ["refund_returned"]
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
