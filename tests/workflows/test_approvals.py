"""A human's yes or no before money goes back."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.errors import Code
from domain.payments import ProviderRefundState
from domain.refunds import Asker, Refund, RefundStatus
from tests.fake_world import PRICE
from tests.workflows.stories import Stories

HALF = PRICE.minor // 2


def _stored(stories: Stories, refund: Refund) -> Refund:
    return stories.world.rows.refunds[refund.refund_id]


async def test_what_an_agent_asks_for_waits_for_a_human_who_agrees(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    request = stories.world.refund_request(order, HALF, asker=Asker.AGENT)
    waiting = await stories.refunded(order, request)
    assert waiting.status is RefundStatus.AWAITING_APPROVAL
    await stories.pass_time(timedelta(hours=71))
    assert stories.world.payments.refunded(payment_id) == 0
    approved = await stories.decide(waiting, approved=True)
    assert (approved.status, approved.decided_by) == (RefundStatus.PENDING, "key_boss")
    await stories.refund_end(waiting.refund_id)
    assert stories.world.payments.refunded(payment_id) == HALF


async def test_a_decided_refund_cannot_be_decided_again(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    request = stories.world.refund_request(order, HALF, approval_above=0)
    waiting = await stories.refunded(order, request)
    stories.world.payments.next_refunds.append(ProviderRefundState.PENDING)
    await stories.decide(waiting, approved=True)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await stories.decide(waiting, approved=False)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == Code.REFUND_NOT_AWAITING_APPROVAL
    assert _stored(stories, waiting).status is RefundStatus.PENDING
    await stories.until(lambda: stories.world.payments.refunded(payment_id))


async def test_a_declined_refund_moves_nothing_and_frees_its_claim(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    waiting = await stories.refunded(order, stories.world.refund_request(order, approval_above=0))
    declined = await stories.decide(waiting, approved=False)
    assert declined.status is RefundStatus.DECLINED
    await stories.refund_end(waiting.refund_id)
    assert "create_refund" not in stories.world.payments.calls
    assert stories.world.mail.sent == []
    again = await stories.refunded(order, stories.world.refund_request(order))
    await stories.refund_end(again.refund_id)
    assert stories.world.payments.refunded(payment_id) == PRICE.minor


async def test_nobodys_answer_within_three_days_is_a_no(stories: Stories) -> None:
    order, _ = await stories.bought()
    waiting = await stories.refunded(order, stories.world.refund_request(order, approval_above=0))
    started = await stories.env.get_current_time()
    ended = await stories.refund_end(waiting.refund_id)
    assert (ended.status, ended.decided_by) == (RefundStatus.DECLINED, "timeout")
    waited = await stories.env.get_current_time() - started
    assert timedelta(hours=72) <= waited < timedelta(hours=73)
