"""From money to a printed policy, on the printer's bad days and while money goes back."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.errors import Code
from domain.payments import DisputeOpened, ProviderRefundState
from domain.policies import PolicyStatus
from domain.purchases import PurchaseOrder, ReviewReason
from domain.refunds import RefundStatus
from gateways.faults import Busy
from tests.fake_world import PRICE
from tests.workflows.stories import Stories


async def _in_review(stories: Stories) -> PurchaseOrder:
    stories.world.printer.defect = "the product name does not fit"
    order = await stories.just_paid()
    await stories.until(lambda: stories.world.rows.open_reviews(order.purchase_id))
    return order


async def test_a_policy_that_cannot_be_printed_waits_for_a_person_who_has_it_printed(
    stories: Stories,
) -> None:
    order = await _in_review(stories)
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.POLICY_NOT_ISSUED]
    await stories.until_it_shows_review(order)
    assert await stories.retry_issue(order) is PolicyStatus.NONE  # the defect is still there
    stories.world.printer.defect = None
    await stories.retry_issue(order)
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED
    assert stories.world.rows.open_reviews(order.purchase_id) == []
    assert not (await stories.shown(order)).needs_review


async def test_a_mended_printer_is_found_without_a_person(stories: Stories) -> None:
    order = await _in_review(stories)
    stories.world.printer.defect = None
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_refund_ends_a_policy_that_cannot_be_printed(stories: Stories) -> None:
    order = await _in_review(stories)
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.refund_end(refund.refund_id)
    await stories.end_of(order)
    assert stories.world.rows.open_reviews(order.purchase_id) == []
    assert stories.policy_status(order) is PolicyStatus.NONE
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_a_policy_given_up_for_a_refund_that_came_back_is_sent_once_a_person_has_looked(
    stories: Stories,
) -> None:
    order = await _in_review(stories)
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.refund_end(refund.refund_id)
    await stories.end_of(order)
    stories.world.printer.defect = None
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_refund(order, refund.refund_id)
    await stories.refund_decided(refund.refund_id)
    assert stories.policy_status(order) is PolicyStatus.NONE

    await stories.resolve(order, ReviewReason.REFUND_FAILED)
    await stories.end_of(order)

    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_two_halves_given_back_end_it_as_the_whole_does(stories: Stories) -> None:
    order = await _in_review(stories)
    for _ in range(2):
        half = await stories.refunded(order, stories.world.refund_request(order, PRICE.minor // 2))
        await stories.refund_end(half.refund_id)
    stories.world.printer.defect = None
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.NONE
    assert stories.world.mail.subjects() == ["refund_made", "refund_made"]


async def test_a_refund_that_nobody_has_approved_holds_no_paid_policy_back(
    stories: Stories,
) -> None:
    order = await _in_review(stories)
    request = stories.world.refund_request(order, approval_above=0)
    refund = await stories.refunded(order, request)
    assert refund.status is RefundStatus.AWAITING_APPROVAL
    stories.world.printer.defect = None
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_nobody_gets_the_policy_whose_money_is_asked_back_while_it_is_printed(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id)
    stories.world.printer.hold()
    await stories.tell_change(order)
    await stories.until(lambda: stories.world.printer.is_asked)
    refund = await stories.refunded(order, stories.world.refund_request(order))
    stories.world.printer.let_go()
    await stories.refund_end(refund.refund_id)
    await stories.end_of(order)
    assert stories.world.mail.subjects() == ["refund_made"]
    policy = stories.policy(order)
    assert policy is not None
    assert policy.cancelled_at is not None


async def test_a_confirmation_is_not_sent_any_more_when_the_money_went_back_meanwhile(
    stories: Stories,
) -> None:
    stories.world.mail.fault = Busy("down")
    order = await stories.just_paid()
    await stories.until(lambda: stories.world.mail.tries)
    refund = await stories.refunded(order, stories.world.refund_request(order))
    await stories.until(
        lambda: stories.world.rows.refunds[refund.refund_id].status is RefundStatus.SUCCEEDED
    )
    stories.world.mail.fault = None
    await stories.end_of(order)
    await stories.refund_end(refund.refund_id)
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_there_is_nothing_to_retry_on_a_purchase_that_is_not_in_review(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await _expect_not_in_review(stories, order)
    stories.world.payments.pay(order.purchase_id)
    await stories.end_of(order)
    await _expect_not_in_review(stories, order)


async def _expect_not_in_review(stories: Stories, order: PurchaseOrder) -> None:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await stories.retry_issue(order)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == Code.NOT_IN_REVIEW


async def test_a_dispute_flags_the_purchase_for_review(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    event_id = await stories.tell(
        order,
        DisputeOpened(
            event_id=stories.world.event(), dispute_id="dp_1", reason="fraudulent", amount=PRICE
        ),
    )
    assert await stories.decided(order) == [ReviewReason.DISPUTE_OPENED]
    assert event_id in stories.world.rows.handled


async def test_a_resumed_run_of_a_delivered_purchase_does_nothing_twice(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    before = list(stories.world.payments.calls)
    assert (await stories.opened(order)).is_paid
    await asyncio.gather(stories.cancel(order), stories.cancel(order))
    await stories.end_of(order)
    await stories.tell_change(order)
    await stories.end_of(order)
    assert stories.world.payments.calls == [*before, "fetch_checkout"]
    assert len(stories.world.mail.sent) == 1
    assert len(stories.world.printer.printed) == 1
    shown = await stories.shown(order)
    assert (shown.policy, shown.needs_review) == (PolicyStatus.DELIVERED, False)
