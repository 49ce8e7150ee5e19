"""From money to a policy in the customer's mailbox, on the printer's and the post's bad days."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.emails import EmailStatus
from domain.errors import Code
from domain.payments import DisputeOpened, ProviderRefundState
from domain.policies import PolicyStatus
from domain.purchases import PurchaseOrder, ReviewReason
from domain.refunds import RefundStatus
from gateways.faults import Busy, RefusedByProvider
from tests.fake_world import PRICE
from tests.workflows.stories import Stories


async def _paid(stories: Stories) -> PurchaseOrder:
    """Paid and told of, but not awaited."""
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    return order


async def _with_mail_refused(stories: Stories) -> PurchaseOrder:
    stories.world.mail.fault = RefusedByProvider("the recipient is suppressed")
    order = await _paid(stories)
    await stories.until_it_shows_review(order)
    return order


async def _in_review(stories: Stories) -> PurchaseOrder:
    stories.world.printer.defect = "the product name does not fit"
    order = await _paid(stories)
    await stories.until(lambda: stories.world.rows.open_reviews(order.purchase_id))
    return order


@pytest.mark.slow
async def test_a_mail_outage_of_two_days_delays_the_message_and_never_un_issues_the_policy(
    stories: Stories,
) -> None:
    stories.world.mail.fault = Busy("the mail service is down")
    order = await _paid(stories)
    await stories.pass_time(timedelta(days=2))
    assert stories.policy_status(order) is PolicyStatus.ISSUED
    assert (await stories.shown(order)).policy is PolicyStatus.ISSUED
    assert stories.world.mail.tries > 50
    stories.world.mail.fault = None
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED
    assert (await stories.shown(order)).policy is PolicyStatus.DELIVERED
    assert stories.world.mail.subjects() == ["payment_confirmation"]


async def test_a_mail_service_that_asks_for_time_gets_it(stories: Stories) -> None:
    stories.world.mail.fault = Busy("too many requests", retry_after=timedelta(hours=2))
    order = await _paid(stories)
    await stories.pass_time(timedelta(hours=1))
    assert stories.world.mail.tries == 1
    stories.world.mail.fault = None
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_mail_service_that_will_not_take_the_message_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order = await _with_mail_refused(stories)
    assert stories.policy_status(order) is PolicyStatus.ISSUED
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.EMAIL_NOT_DELIVERED]

    # Once the recipient is mended, the person's decision has it sent
    stories.world.mail.fault = None
    assert await stories.decided(order) == [ReviewReason.EMAIL_NOT_DELIVERED]
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_policy_is_sent_once_its_review_is_resolved_though_another_is_open(
    stories: Stories,
) -> None:
    order = await _with_mail_refused(stories)
    await stories.tell(
        order,
        DisputeOpened(
            event_id=stories.world.event(), dispute_id="dp_1", reason="fraudulent", amount=PRICE
        ),
    )
    await stories.until(lambda: len(stories.world.rows.open_reviews(order.purchase_id)) == 2)
    stories.world.mail.fault = None
    await stories.resolve(order, ReviewReason.EMAIL_NOT_DELIVERED)
    await stories.until(lambda: stories.policy_status(order) is PolicyStatus.DELIVERED)
    assert await stories.decided(order) == [ReviewReason.DISPUTE_OPENED]


async def test_a_message_of_unknown_fate_has_one_successor_when_nothing_is_heard_of_it(
    stories: Stories,
) -> None:
    stories.world.mail.lost_answers = 1
    order = await _paid(stories)
    await stories.until(lambda: stories.world.mail.sent)
    await stories.pass_time(timedelta(minutes=10))
    assert len(stories.world.mail.sent) == 1
    stories.world.clock.move(timedelta(minutes=16))
    await stories.end_of(order)
    first, second = stories.world.mail.sent
    assert first.email_id != second.email_id
    statuses = [email.status for email in stories.world.rows.emails.values()]
    assert statuses == [EmailStatus.SUPERSEDED, EmailStatus.ACCEPTED]
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


async def test_a_message_of_unknown_fate_that_arrived_has_no_successor(stories: Stories) -> None:
    stories.world.mail.lost_answers = 1
    order = await _paid(stories)
    (message,) = await stories.until(lambda: stories.world.mail.sent)
    stories.mail_event(message.email_id, EmailStatus.DELIVERED)
    stories.world.clock.move(timedelta(minutes=16))
    await stories.end_of(order)
    assert len(stories.world.mail.sent) == 1
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


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
    order = await _paid(stories)
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


async def test_a_bounce_flags_the_purchase_and_takes_the_delivery_back(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    await stories.bounce(order)
    assert await stories.decided(order) == [ReviewReason.EMAIL_NOT_DELIVERED]
    shown = await stories.shown(order)
    assert (shown.policy, shown.needs_review) == (PolicyStatus.ISSUED, False)
    assert len(stories.world.mail.sent) == 1


async def test_a_bounce_that_overtakes_the_mail_services_answer_is_believed(
    stories: Stories,
) -> None:
    stories.world.mail.on_send = lambda sent: stories.mail_event(sent.email_id, EmailStatus.BOUNCED)
    order = await _paid(stories)
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.ISSUED
    assert stories.world.rows.open_reviews(order.purchase_id) == []  # its event opens the review


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
