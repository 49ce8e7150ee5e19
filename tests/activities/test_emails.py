"""The e-mail desk: one message per occasion, and never a second on a guess."""

from datetime import timedelta

import pytest

from activities.emails import UNKNOWN_WINDOW
from domain.emails import EmailOrder, EmailStatus, Message
from domain.policies import Policy, PolicyStatus
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, RefusedByProvider
from tests.activities.occasions import issued, send, send_in_vain
from tests.fake_email_rows import FakeEmailRecords
from tests.fake_world import World


def _status(world: World, order: EmailOrder) -> EmailStatus:
    return world.rows.emails[order.email_id].status


def _policy(world: World, order: EmailOrder) -> Policy:
    assert order.purchase_id is not None
    return world.rows.policies[order.purchase_id]


async def test_a_confirmation_carries_the_policy_and_makes_it_delivered() -> None:
    world = World()
    order = await issued(world)
    assert await send(world, order) is EmailStatus.ACCEPTED
    (message,) = world.mail.sent
    (attachment,) = message.attachments
    number = _policy(world, order).number
    assert (attachment.filename, attachment.media_type) == (f"{number}.pdf", "application/pdf")
    assert attachment.content in world.store.documents.values()
    assert _policy(world, order).status is PolicyStatus.DELIVERED


async def test_the_row_says_sending_while_it_is_sent() -> None:
    world = World()
    order = await issued(world)
    seen: list[EmailStatus] = []
    world.mail.on_send = lambda message: seen.append(world.rows.emails[message.email_id].status)
    await send(world, order)
    assert seen == [EmailStatus.SENDING]


async def test_a_message_that_was_sent_is_not_sent_again() -> None:
    world = World()
    order = await issued(world)
    assert await send(world, order) == await send(world, order) == EmailStatus.ACCEPTED
    assert len(world.mail.sent) == 1


@pytest.mark.parametrize(
    "fault", [Busy("503"), Misconfigured("401", "sendgrid"), RefusedByProvider("400")]
)
async def test_a_message_that_was_certainly_not_sent_may_be_tried_again(fault: Exception) -> None:
    world = World()
    order = await issued(world)
    assert isinstance(fault, Busy | Misconfigured | RefusedByProvider)
    world.mail.fault = fault
    told = await send_in_vain(world, order)
    assert told.type == type(fault).__name__
    assert _status(world, order) is EmailStatus.QUEUED
    world.mail.fault = None
    assert await send(world, order) is EmailStatus.ACCEPTED
    assert len(world.mail.sent) == 1


async def test_a_lost_answer_is_waited_for_and_not_guessed_at() -> None:
    world = World()
    order = await issued(world)
    world.mail.lost_answers = 1
    await send_in_vain(world, order)
    world.clock.move(UNKNOWN_WINDOW - timedelta(minutes=1))
    assert (await send_in_vain(world, order)).type == "OutcomeUnknown"
    assert _status(world, order) is EmailStatus.SENDING
    assert len(world.mail.sent) == 1


def test_a_message_of_unknown_fate_is_waited_for_a_quarter_of_an_hour() -> None:
    assert timedelta(minutes=15) == UNKNOWN_WINDOW  # events come within a minute or two


async def test_a_message_nobody_has_heard_of_for_long_gets_one_successor() -> None:
    world = World()
    order = await issued(world)
    world.mail.lost_answers = 1
    await send_in_vain(world, order)
    world.clock.move(UNKNOWN_WINDOW)
    assert await send(world, order) is EmailStatus.ACCEPTED
    assert await send(world, order) is EmailStatus.ACCEPTED
    assert _status(world, order) is EmailStatus.SUPERSEDED
    assert len({message.email_id for message in world.mail.sent}) == len(world.mail.sent) == 2


async def test_a_successor_may_have_a_successor() -> None:
    world = World()
    order = await issued(world)
    world.mail.lost_answers = 2
    for _ in range(2):
        await send_in_vain(world, order)
        world.clock.move(UNKNOWN_WINDOW)
    assert await send(world, order) is EmailStatus.ACCEPTED
    assert len({message.email_id for message in world.mail.sent}) == 3


@pytest.mark.parametrize("word", [EmailStatus.DELIVERED, EmailStatus.BOUNCED])
async def test_the_delivery_event_decides_about_a_lost_answer(word: EmailStatus) -> None:
    world = World()
    order = await issued(world)
    world.mail.lost_answers = 1
    await send_in_vain(world, order)
    FakeEmailRecords(world.rows).write(order.email_id, status=word)
    world.clock.move(UNKNOWN_WINDOW)
    assert await send(world, order) is word
    assert len(world.mail.sent) == 1
    is_delivered = _policy(world, order).status is PolicyStatus.DELIVERED
    assert is_delivered == (word is EmailStatus.DELIVERED)


async def test_an_event_in_the_moment_of_giving_up_prevents_the_successor() -> None:
    world = World()
    order = await issued(world)
    world.mail.lost_answers = 1
    await send_in_vain(world, order)
    world.clock.move(UNKNOWN_WINDOW)
    world.clock.before_look = lambda: FakeEmailRecords(world.rows).write(
        order.email_id, status=EmailStatus.DELIVERED
    )
    assert await send(world, order) is EmailStatus.DELIVERED
    assert len(world.mail.sent) == 1


async def test_a_message_that_another_try_is_sending_is_left_to_it() -> None:
    world = World()
    order = await issued(world)
    _, is_ours = await FakeEmailRecords(world.rows).begin(
        order, "mei@example.com", None, world.clock()
    )
    assert is_ours
    assert (await send_in_vain(world, order)).type == "OutcomeUnknown"
    assert world.mail.sent == []


async def test_an_event_that_overtakes_the_answer_is_believed() -> None:
    world = World()
    order = await issued(world)

    def bounce(message: Message) -> None:
        FakeEmailRecords(world.rows).write(message.email_id, status=EmailStatus.BOUNCED)

    world.mail.on_send = bounce
    assert await send(world, order) is EmailStatus.BOUNCED
    assert _policy(world, order).status is PolicyStatus.ISSUED


async def test_a_letter_that_cannot_be_written_is_never_marked_as_being_sent() -> None:
    world = World()
    order = await issued(world)
    world.writer.defect = True
    with pytest.raises(ValueError, match="template"):
        await send(world, order)
    assert world.rows.emails == {}


async def test_a_lost_answer_leaves_no_doubt_in_its_name() -> None:
    world = World()
    order = await issued(world)
    world.mail.fault = OutcomeUnknown("no answer")
    assert (await send_in_vain(world, order)).type == "OutcomeUnknown"
    assert _status(world, order) is EmailStatus.SENDING
