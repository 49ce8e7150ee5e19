"""Seven days of a payment link."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.emails import EmailOrder, EmailTemplate
from domain.errors import Code
from domain.identifiers import derived_id
from domain.links import LinkOrder, LinkStatus
from gateways.faults import Busy
from tests.fake_email_rows import FakeEmailRecords
from tests.workflows.stories import Stories
from workflows.link import PaymentLinkWorkflow


async def _saved(stories: Stories) -> LinkOrder:
    return stories.world.link(created_at=await stories.env.get_current_time())


def _email_id(stories: Stories) -> str:
    return derived_id("eml", stories.world.event())


async def test_an_unpaid_link_reminds_on_day_three_and_six_and_says_farewell_on_day_seven(
    stories: Stories,
) -> None:
    run = await stories.start_link(await _saved(stories))
    sent_by_day = []
    for _ in range(6):
        await stories.pass_time(timedelta(days=1, minutes=1))
        sent_by_day.append(len(stories.world.mail.sent))
    assert sent_by_day == [0, 0, 1, 1, 1, 2]
    assert await run.result() is LinkStatus.EXPIRED
    assert stories.world.mail.subjects() == ["link_reminder", "link_reminder", "link_expired"]
    assert all(message.to == "mei.tan@example.com" for message in stories.world.mail.sent)


async def test_a_link_whose_workflow_starts_late_makes_up_for_the_latest_it_missed(
    stories: Stories,
) -> None:
    late = stories.world.link(await stories.env.get_current_time() - timedelta(days=4))
    run = await stories.start_link(late)
    await stories.until(lambda: stories.world.mail.sent)
    assert stories.world.mail.subjects() == ["link_reminder"]
    await stories.pass_time(timedelta(days=3, minutes=1))
    assert await run.result() is LinkStatus.EXPIRED
    assert stories.world.mail.subjects() == ["link_reminder", "link_reminder", "link_expired"]


async def test_a_link_paid_before_day_three_reminds_nobody(stories: Stories) -> None:
    link = await _saved(stories)
    run = await stories.start_link(link)
    await stories.pass_time(timedelta(days=2))
    await stories.paid(stories.world.order(quote_id=link.quote_id))
    assert await run.result() is LinkStatus.PAID
    assert stories.world.mail.subjects() == ["payment_confirmation"]


async def test_a_link_that_ends_with_its_quote_reminds_of_nothing_after_that(
    stories: Stories,
) -> None:
    saved = await _saved(stories)
    short = saved.model_copy(update={"expires_at": saved.created_at + timedelta(days=5)})
    run = await stories.start_link(short)
    await stories.pass_time(timedelta(days=5, minutes=1))
    assert await run.result() is LinkStatus.EXPIRED
    assert stories.world.mail.subjects() == ["link_reminder", "link_expired"]


async def test_a_link_paid_after_a_reminder_gets_no_other(stories: Stories) -> None:
    link = await _saved(stories)
    run = await stories.start_link(link)
    await stories.pass_time(timedelta(days=4))
    await stories.paid(stories.world.order(quote_id=link.quote_id))
    assert await run.result() is LinkStatus.PAID
    assert stories.world.mail.subjects() == ["link_reminder", "payment_confirmation"]


async def test_a_revoked_link_ends_at_once(stories: Stories) -> None:
    link = await _saved(stories)
    run = await stories.start_link(link)
    assert await run.execute_update(PaymentLinkWorkflow.revoke) is LinkStatus.REVOKED
    assert stories.world.rows.links[link.link_id].status is LinkStatus.REVOKED
    assert await run.result() is LinkStatus.REVOKED
    assert stories.world.mail.sent == []


async def test_a_payment_in_the_last_moment_stands(stories: Stories) -> None:
    """The row knows of it before the link's workflow does."""
    link = await _saved(stories)
    run = await stories.start_link(link)
    await stories.pass_time(timedelta(days=6, hours=23))
    paid = stories.world.rows.links[link.link_id].model_copy(update={"status": LinkStatus.PAID})
    stories.world.rows.links[link.link_id] = paid
    assert await run.result() is LinkStatus.PAID
    assert "link_expired" not in stories.world.mail.subjects()


async def test_a_revocation_that_comes_after_the_payment_is_answered_with_paid(
    stories: Stories,
) -> None:
    link = await _saved(stories)
    run = await stories.start_link(link)
    paid = stories.world.rows.links[link.link_id].model_copy(update={"status": LinkStatus.PAID})
    stories.world.rows.links[link.link_id] = paid
    assert await run.execute_update(PaymentLinkWorkflow.revoke) is LinkStatus.PAID


async def test_a_link_is_sent_as_often_as_it_is_asked_for(stories: Stories) -> None:
    link = await _saved(stories)
    run = await stories.start_link(link)
    for _ in range(2):
        order = EmailOrder(
            email_id=_email_id(stories),
            template=EmailTemplate.PAYMENT_LINK,
            tenant_id=link.tenant_id,
            link_id=link.link_id,
        )
        records = FakeEmailRecords(stories.world.rows)
        await records.queue(order, "another@example.com", None, stories.world.clock())
        assert await run.execute_update(PaymentLinkWorkflow.send, order.email_id) is None
    assert stories.world.mail.subjects() == ["payment_link", "payment_link"]
    assert {message.to for message in stories.world.mail.sent} == {"another@example.com"}


async def test_a_link_that_is_ending_is_sent_no_more(stories: Stories) -> None:
    run = await stories.start_link(await _saved(stories))
    stories.world.rows.is_down = True  # its end cannot be written yet
    await run.signal(PaymentLinkWorkflow.quote_paid)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await run.execute_update(PaymentLinkWorkflow.send, _email_id(stories))
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == Code.LINK_PAID


async def test_a_mail_outage_hinders_no_revocation_and_no_reminder_comes_after_it(
    stories: Stories,
) -> None:
    run = await stories.start_link(await _saved(stories))
    stories.world.mail.fault = Busy("down")
    await stories.pass_time(timedelta(days=3, hours=1))
    assert stories.world.mail.tries > 0
    assert await run.execute_update(PaymentLinkWorkflow.revoke) is LinkStatus.REVOKED
    stories.world.mail.fault = None
    await run.result()
    assert stories.world.mail.sent == []


async def test_a_payment_minds_no_link_whose_workflow_is_gone(stories: Stories) -> None:
    link = await _saved(stories)
    order = stories.world.order(quote_id=link.quote_id)
    assert (await stories.paid(order)).is_paid
    assert stories.world.rows.links[link.link_id].status is LinkStatus.PAID


async def test_a_link_tells_how_it_stands(stories: Stories) -> None:
    run = await stories.start_link(await _saved(stories))
    await run.signal("moon_risen")
    assert await run.query(PaymentLinkWorkflow.current) is LinkStatus.ACTIVE
    await run.signal(PaymentLinkWorkflow.quote_paid)
    assert await run.query(PaymentLinkWorkflow.current) is LinkStatus.PAID
