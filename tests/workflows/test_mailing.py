"""Sending the policy: a mail service may be away, refuse, lose its answer, or bounce."""

from datetime import timedelta

import pytest

from domain.emails import EmailStatus
from domain.payments import DisputeOpened
from domain.policies import PolicyStatus
from domain.purchases import PurchaseOrder, ReviewReason
from gateways.faults import Busy, RefusedByProvider
from tests.fake_world import PRICE
from tests.workflows.stories import Stories


async def _with_mail_refused(stories: Stories) -> PurchaseOrder:
    stories.world.mail.fault = RefusedByProvider("the recipient is suppressed")
    order = await stories.just_paid()
    await stories.until_it_shows_review(order)
    return order


@pytest.mark.slow
async def test_a_mail_outage_of_two_days_delays_the_message_and_never_un_issues_the_policy(
    stories: Stories,
) -> None:
    stories.world.mail.fault = Busy("the mail service is down")
    order = await stories.just_paid()
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
    order = await stories.just_paid()
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
    order = await stories.just_paid()
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
    order = await stories.just_paid()
    (message,) = await stories.until(lambda: stories.world.mail.sent)
    stories.mail_event(message.email_id, EmailStatus.DELIVERED)
    stories.world.clock.move(timedelta(minutes=16))
    await stories.end_of(order)
    assert len(stories.world.mail.sent) == 1
    assert stories.policy_status(order) is PolicyStatus.DELIVERED


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
    order = await stories.just_paid()
    await stories.end_of(order)
    assert stories.policy_status(order) is PolicyStatus.ISSUED
    assert stories.world.rows.open_reviews(order.purchase_id) == []  # its event opens the review
