"""Money on its way back: claimed once, and decided by the provider."""

import asyncio
from datetime import timedelta

import pytest

from domain.errors import Code
from domain.payments import ProviderRefundState
from domain.purchases import Refusal, ReviewReason
from domain.refunds import Refund, RefundStatus
from gateways.faults import Busy, GatewayFault, OutcomeUnknown, RefusedByProvider, StoredFault
from tests.fake_world import PRICE
from tests.workflows.stories import Stories
from workflows.refund import RefundWorkflow

HALF = PRICE.minor // 2


def _stored(stories: Stories, refund: Refund) -> Refund:
    return stories.world.rows.refunds[refund.refund_id]


async def test_a_full_refund_gives_all_of_it_back_and_cancels_the_policy(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    refund = await stories.refunded(order, stories.world.refund_request(order))
    ended = await stories.refund_end(refund.refund_id)
    assert (ended.status, ended.amount) == (RefundStatus.SUCCEEDED, PRICE)
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert stories.world.mail.subjects() == ["refund_made"]
    policy = stories.policy(order)
    assert policy is not None
    assert policy.cancelled_at is not None


async def test_two_equal_partial_refunds_are_both_made(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    for _ in range(2):
        half = await stories.refunded(order, stories.world.refund_request(order, HALF))
        assert (await stories.refund_end(half.refund_id)).status is RefundStatus.SUCCEEDED
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert len(stories.world.mail.sent) == 2


async def test_the_same_request_again_is_the_same_refund(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    request = stories.world.refund_request(order, HALF)
    first, second = await asyncio.gather(
        stories.refunded(order, request), stories.refunded(order, request)
    )
    assert first.refund_id == second.refund_id
    await stories.refund_end(first.refund_id)
    again = await stories.refunded(order, request)
    assert again.status is RefundStatus.SUCCEEDED
    await stories.end_of(order)
    assert stories.world.payments.refunded(payment_id) == HALF
    assert len(stories.world.mail.sent) == 1


async def test_no_more_than_was_paid_goes_back(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    answers = await asyncio.gather(
        *(stories.refund(order, stories.world.refund_request(order, 10_000)) for _ in range(3))
    )
    granted = [answer for answer in answers if isinstance(answer, Refund)]
    refused = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert (len(granted), refused) == (1, [Code.REFUND_ABOVE_CAP] * 2)
    await stories.refund_end(granted[0].refund_id)
    assert stories.world.payments.refunded(payment_id) == 10_000


async def test_an_unpaid_purchase_has_nothing_to_refund(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    answer = await stories.refund(order, stories.world.refund_request(order))
    assert isinstance(answer, Refusal)
    assert answer.code is Code.NOT_PAID
    assert "create_refund" not in stories.world.payments.calls


async def test_a_pending_refund_is_settled_by_the_webhook(stories: Stories) -> None:
    order, _ = await stories.bought()
    stories.world.payments.next_refunds.append(ProviderRefundState.PENDING)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.until(lambda: _stored(stories, refund).provider_refund_id)
    run = stories.refund_run(refund.refund_id)
    await run.signal("moon_risen")
    assert await run.query(RefundWorkflow.current) == _stored(stories, refund)
    assert _stored(stories, refund).status is RefundStatus.PENDING
    assert stories.world.mail.sent == []
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.SUCCEEDED)
    event_id = await stories.tell_refund(order, refund.refund_id)
    ended = await stories.refund_end(refund.refund_id)
    assert ended.status is RefundStatus.SUCCEEDED
    assert event_id in stories.world.rows.handled
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_a_pending_refund_whose_webhook_was_lost_is_found_by_the_poll(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    stories.world.payments.next_refunds.append(ProviderRefundState.PENDING)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.until(lambda: _stored(stories, refund).provider_refund_id)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.SUCCEEDED)
    assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED


async def test_a_word_that_comes_while_the_refund_is_read_is_read_for_itself(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    payments = stories.world.payments
    payments.next_refunds.append(ProviderRefundState.PENDING)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.until(lambda: _stored(stories, refund).provider_refund_id)
    payments.faults_before["fetch_refund"].append(Busy("503"))
    payments.hold("fetch_refund")
    await stories.tell_refund(order, refund.refund_id)
    await stories.until(lambda: payments.calls.count("fetch_refund") == 2)
    made = payments.provider_id_of(refund.refund_id)
    payments.settle_refund(made, ProviderRefundState.SUCCEEDED)
    second = await stories.tell_refund(order, refund.refund_id)
    payments.let_go("fetch_refund")
    await stories.until(lambda: second in stories.world.rows.handled)
    assert _stored(stories, refund).status is RefundStatus.SUCCEEDED


@pytest.mark.slow
async def test_a_refund_that_stays_pending_for_a_month_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    stories.world.payments.next_refunds.append(ProviderRefundState.PENDING)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(days=31))
    ended = await stories.refund_decided(refund.refund_id)
    assert ended.status is RefundStatus.PENDING
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]


async def test_a_refund_that_the_provider_refuses_fails_and_frees_its_claim(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    stories.world.payments.refuse_next("create_refund")
    refund = await stories.refunded(order, stories.world.refund_request(order))
    ended = await stories.refund_decided(refund.refund_id)
    assert ended.status is RefundStatus.FAILED
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    again = await stories.refunded(order, stories.world.refund_request(order))
    assert (await stories.refund_end(again.refund_id)).status is RefundStatus.SUCCEEDED
    assert stories.world.payments.refunded(payment_id) == PRICE.minor


@pytest.mark.parametrize("fault", [OutcomeUnknown("no answer"), StoredFault("500")])
async def test_a_refund_that_may_have_been_made_is_looked_up_before_it_is_asked_for_again(
    stories: Stories, fault: GatewayFault
) -> None:
    order, payment_id = await stories.bought()
    stories.world.payments.faults_after["create_refund"].append(fault)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED
    asked = [call for call in stories.world.payments.calls if call.endswith("_refund")]
    assert asked == ["find_refund", "create_refund", "find_refund"]
    assert stories.world.payments.refunded(payment_id) == HALF


async def test_a_look_that_is_refused_is_no_answer_to_the_refund(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    payments.faults_after["create_refund"].append(OutcomeUnknown("no answer"))
    payments.before_next["create_refund"] = lambda: payments.faults_before["find_refund"].append(
        RefusedByProvider("unreadable")
    )
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.until(lambda: stories.world.rows.open_reviews(order.purchase_id))

    assert _stored(stories, refund).status is RefundStatus.PENDING
    rest = await stories.refund(order, stories.world.refund_request(order))
    assert isinstance(rest, Refund)
    assert rest.amount.minor == PRICE.minor - HALF
    assert payments.refunded(payment_id) <= PRICE.minor


async def test_a_refund_of_unknown_outcome_keeps_its_claim_and_a_late_word_makes_none_anew(
    stories: Stories,
) -> None:
    """A day later its key is forgotten: only the look-up stands between it and a second refund."""
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    for_hours = Busy("down", retry_after=timedelta(hours=6))
    payments.faults_before["find_refund"].extend([for_hours] * 5)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(days=2))
    ended = await stories.refund_decided(refund.refund_id)
    assert ended.status is RefundStatus.PENDING
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    assert "create_refund" not in payments.calls
    payments.faults_before["find_refund"].clear()
    made = payments.refund_under_our_id(refund, payment_id)
    await stories.tell_refund(order, refund.refund_id)
    ended = await stories.refund_end(refund.refund_id)
    assert (ended.status, ended.provider_refund_id) == (RefundStatus.SUCCEEDED, made)
    assert payments.refunded(payment_id) == HALF


async def test_a_refund_that_the_provider_will_not_show_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    stories.world.payments.next_refunds.append(ProviderRefundState.PENDING)
    for _ in range(2):
        stories.world.payments.refuse_next("fetch_refund")
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(hours=1))
    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.PENDING
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]


@pytest.mark.slow
async def test_a_refund_is_made_during_a_mail_outage_and_told_of_after_it(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    stories.world.mail.fault = Busy("down")
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.pass_time(timedelta(days=1))
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert stories.world.mail.sent == []
    stories.world.mail.fault = None
    await stories.refund_end(refund.refund_id)
    assert stories.world.mail.subjects() == ["refund_made"]
