"""Messages as rows: one try at a time, and the mail service's word only moves them forward."""

import asyncio
from datetime import datetime

import pytest

from domain.emails import Email, EmailOrder, EmailStatus, EmailTemplate
from domain.errors import NotFound
from persistence.database import Database
from persistence.emails import EmailRecords
from tests.persistence.samples import LATER, NOON, TENANT

ORDER = EmailOrder(
    email_id="eml_1",
    template=EmailTemplate.PAYMENT_CONFIRMATION,
    tenant_id=TENANT,
    purchase_id="pur_1",
)


async def queued(database: Database) -> EmailRecords:
    emails = EmailRecords(database)
    await emails.queue(ORDER, "mei@example.com", "Mei Tan", NOON)
    return emails


async def begun(emails: EmailRecords, at: datetime = NOON) -> Email:
    """By a try that may send it."""
    email, is_ours = await emails.begin(ORDER, "mei@example.com", "Mei Tan", at)
    assert is_ours
    return email


async def stored(emails: EmailRecords) -> Email:
    email = await emails.get("eml_1")
    assert email is not None
    return email


async def test_queueing_twice_keeps_the_first_recipient(database: Database) -> None:
    emails = await queued(database)

    again = await emails.queue(ORDER, "other@example.com", None, LATER)

    assert (again.recipient, again.created_at) == ("mei@example.com", NOON)
    assert await emails.of_purchase("pur_1") == (again,)


async def test_of_two_tries_at_once_one_sends(database: Database) -> None:
    emails = EmailRecords(database)

    tries = await asyncio.gather(
        *(emails.begin(ORDER, f"{name}@example.com", name, NOON) for name in ("mei", "tan"))
    )

    assert sorted(is_ours for _, is_ours in tries) == [False, True]
    (one, _), (other, _) = tries
    assert one == other == await stored(emails)
    assert (one.status, one.tries, one.sending_since) == (EmailStatus.SENDING, 1, NOON)


async def test_a_queued_message_is_sent_to_whom_it_was_queued_for(database: Database) -> None:
    emails = await queued(database)

    sending, is_ours = await emails.begin(ORDER, "other@example.com", None, LATER)

    assert is_ours
    assert (sending.recipient, sending.created_at) == ("mei@example.com", NOON)
    assert (sending.status, sending.tries, sending.sending_since) == ("sending", 1, LATER)


async def test_a_message_put_back_is_tried_again_and_says_why_without_the_address(
    database: Database,
) -> None:
    emails = await queued(database)
    await begun(emails)

    await emails.put_back("eml_1", "429 for <mei@example.com>", LATER)
    waiting = await stored(emails)
    again = await begun(emails, LATER)

    assert (waiting.status, waiting.sending_since) == (EmailStatus.QUEUED, None)
    assert waiting.last_error == "429 for <[address]>"
    assert (again.status, again.tries) == (EmailStatus.SENDING, 2)


async def test_acceptance_does_not_undo_an_event_that_came_first(database: Database) -> None:
    emails = await queued(database)
    await begun(emails)
    await emails.record_event("eml_1", EmailStatus.DELIVERED, None, NOON)

    await emails.mark_accepted("eml_1", "sg-1", LATER)

    email = await stored(emails)
    assert (email.status, email.provider_message_id) == (EmailStatus.DELIVERED, "sg-1")


async def test_an_accepted_message_is_neither_put_back_nor_superseded(
    database: Database,
) -> None:
    emails = await queued(database)
    await begun(emails)
    await emails.mark_accepted("eml_1", "sg-1", NOON)

    await emails.put_back("eml_1", "late", LATER)
    await emails.supersede("eml_1", LATER)

    assert (await stored(emails)).status is EmailStatus.ACCEPTED


async def test_a_message_of_unknown_outcome_gives_way_to_another(database: Database) -> None:
    emails = await queued(database)
    await begun(emails)

    await emails.supersede("eml_1", LATER)

    assert (await stored(emails)).status is EmailStatus.SUPERSEDED
    again, is_ours = await emails.begin(ORDER, "mei@example.com", "Mei Tan", LATER)
    assert (again.status, again.tries, is_ours) == (EmailStatus.SUPERSEDED, 1, False)


async def test_a_bounce_may_follow_a_delivery_but_not_the_other_way_round(
    database: Database,
) -> None:
    emails = await queued(database)

    await emails.record_event("eml_1", EmailStatus.DELIVERED, None, NOON)
    bounced = await emails.record_event(
        "eml_1", EmailStatus.BOUNCED, "550 no mailbox mei@example.com", LATER
    )
    after = await emails.record_event("eml_1", EmailStatus.DELIVERED, None, LATER)

    assert bounced is not None
    assert bounced.last_error == "550 no mailbox [address]"
    assert after == bounced


async def test_events_and_reads_of_unknown_messages_find_nothing(database: Database) -> None:
    emails = EmailRecords(database)

    assert await emails.record_event("eml_none", EmailStatus.BOUNCED) is None
    assert await emails.get("eml_none") is None
    with pytest.raises(NotFound):
        await emails.mark_accepted("eml_none", "sg-1", NOON)
    with pytest.raises(NotFound):
        await emails.supersede("eml_none", NOON)


async def test_a_message_taken_twice_keeps_the_services_first_id(database: Database) -> None:
    emails = await queued(database)
    await begun(emails)
    await emails.mark_accepted("eml_1", "sg_first", LATER)

    again = await emails.mark_accepted("eml_1", "sg_second", LATER)

    assert (again.status, again.provider_message_id) == (EmailStatus.ACCEPTED, "sg_first")


async def test_the_messages_of_a_link_are_found_by_it(database: Database) -> None:
    emails = EmailRecords(database)
    invitation = ORDER.model_copy(
        update={"template": EmailTemplate.PAYMENT_LINK, "purchase_id": None, "link_id": "lnk_1"}
    )
    sent = await emails.queue(invitation, "mei@example.com", "Mei Tan", NOON)

    assert await emails.of_link("lnk_1") == (sent,)
    assert await emails.of_link("lnk_2") == ()
