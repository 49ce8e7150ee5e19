"""Verification sees what no paid purchase leads to: broken refunds and links, events left alone."""

import asyncio
from datetime import UTC, datetime, timedelta

from domain.events import EventOutcome
from domain.verification import Irregularity
from persistence.events import EventRecords
from services.verification import HANDED_OVER_WITHIN, VerificationService
from tests.persistence.samples import SignedEvent
from tests.services.conftest import Premises
from workflows.link import PaymentLinkWorkflow
from workflows.refund import RefundWorkflow


async def found(verification: VerificationService, subject: str) -> bool:
    findings = (await verification.verify()).findings
    return any(each.subject.startswith(subject) for each in findings)


async def test_a_broken_refund_or_link_is_found(premises: Premises) -> None:
    verification = premises.shop.services.verification
    for story in (RefundWorkflow, PaymentLinkWorkflow):
        handle = await premises.client.start_workflow(
            story.__name__, id=f"broken-{story.__name__}", task_queue="nobody-works-here"
        )
        assert not await found(verification, handle.id)
        await handle.terminate()

        async with asyncio.timeout(20):
            while not await found(verification, handle.id):  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # the list of runs lags behind


async def test_an_event_that_nobody_took_is_found_once_it_is_overdue(premises: Premises) -> None:
    events, verification = EventRecords(premises.database), premises.shop.services.verification
    now = datetime.now(UTC)
    overdue = timedelta(seconds=1) + HANDED_OVER_WITHIN
    left, _ = await events.store("stripe", SignedEvent("evt_left"), now - overdue)
    fresh, _ = await events.store("stripe", SignedEvent("evt_fresh"), now)
    taken, _ = await events.store("stripe", SignedEvent("evt_taken"), now - overdue)
    await events.update(taken.event_id, EventOutcome.HANDED_OVER)

    findings = (await verification.verify()).findings

    assert [
        each.subject for each in findings if each.irregularity is Irregularity.EVENT_NOT_HANDED_OVER
    ] == [left.event_id]
    assert fresh.event_id != left.event_id
