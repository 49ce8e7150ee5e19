"""Verification sees broken runs, events left alone, and what a purchase at rest lacks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, update

from domain.events import EventOutcome
from domain.executions import Outcome
from domain.executions import workflow_id_of as execution_run_id_of
from domain.identifiers import new_id
from domain.purchases import PaymentStatus, workflow_id_of
from domain.refunds import workflow_id_of as refund_run_id_of
from domain.verification import Irregularity
from persistence.events import EventRecords
from persistence.executions import ExecutionRecords
from persistence.refunds import RefundRecords
from persistence.rows.purchases import PurchaseRow
from services.verification import HANDED_OVER_WITHIN, UNDER_WAY, VerificationService
from tests.fake_sealed_rows import NEW, vault
from tests.persistence.integration_samples import execution_order, integration, stored
from tests.persistence.samples import SignedEvent, paid_purchase, refund_request
from tests.services.conftest import Premises
from workflows.execution import ExecutionWorkflow
from workflows.link import PaymentLinkWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow

pytestmark = pytest.mark.slow  # on a real server


async def found(verification: VerificationService, subject: str) -> bool:
    findings = (await verification.verify()).findings
    return any(each.subject.startswith(subject) for each in findings)


async def until_found(verification: VerificationService, subject: str, hoped: bool = True) -> None:
    async with asyncio.timeout(20):
        while await found(verification, subject) is not hoped:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the list of runs lags behind


async def test_a_broken_refund_or_link_is_found(premises: Premises) -> None:
    verification = premises.verification
    for story in (RefundWorkflow, PaymentLinkWorkflow):
        handle = await premises.client.start_workflow(
            story.__name__, id=f"broken-{story.__name__}", task_queue="nobody-works-here"
        )
        assert not await found(verification, handle.id)
        await handle.terminate()
        await until_found(verification, handle.id)

        again = await premises.client.start_workflow(
            story.__name__, id=handle.id, task_queue="nobody-works-here"
        )
        assert not await found(verification, handle.id)  # the later run has taken over
        await again.terminate()
        await until_found(verification, f"{handle.id}/{again.first_execution_run_id}")


async def test_a_purchase_whose_run_broke_is_found_until_a_later_run_has_taken_over(
    premises: Premises,
) -> None:
    shop, verification = premises.shop, premises.verification
    purchase_id = await shop.paid_purchase()
    run = premises.client.get_workflow_handle(workflow_id_of(purchase_id))
    await run.result()
    broken = await premises.client.start_workflow(
        PurchaseWorkflow.__name__, id=run.id, task_queue="nobody-works-here"
    )
    await broken.terminate()
    await until_found(verification, f"{run.id}/{broken.first_execution_run_id}")

    purchases = shop.services.purchases
    await purchases.workflows.tell_review_resolved(purchase_id, (), purchases.order)
    await run.result()

    assert not await found(verification, run.id)


async def test_what_is_under_way_is_judged_when_it_has_rested(premises: Premises) -> None:
    purchase = await left_running(premises, "Q-under-way")
    await moved(premises, purchase, timedelta(0))

    assert await held_against(premises, purchase) == {Irregularity.CHARGE_NOT_AT_PROVIDER}

    await moved(premises, purchase, UNDER_WAY + timedelta(seconds=1))

    assert await held_against(premises, purchase) == {
        Irregularity.CHARGE_NOT_AT_PROVIDER,
        Irregularity.NOT_DELIVERED,
    }


async def test_what_is_lacking_where_nothing_runs_is_named_at_once(premises: Premises) -> None:
    purchase = (await paid_purchase(premises.database, "Q-left")).order.purchase_id
    await moved(premises, purchase, timedelta(0))

    assert Irregularity.NOT_DELIVERED in await held_against(premises, purchase)


async def test_late_money_is_kept_once_its_refund_is_overdue(premises: Premises) -> None:
    purchase = await left_running(premises, "Q-late")
    await moved(
        premises, purchase, timedelta(0), status=PaymentStatus.EXPIRED, late_payment_id="pi_late"
    )

    assert Irregularity.LATE_MONEY_KEPT not in await held_against(premises, purchase)

    await moved(premises, purchase, UNDER_WAY + timedelta(seconds=1))

    assert Irregularity.LATE_MONEY_KEPT in await held_against(premises, purchase)


async def left_running(premises: Premises, quote_id: str) -> str:
    """A paid purchase whose run is open, and that no worker will ever take up."""
    purchase_id = (await paid_purchase(premises.database, quote_id)).order.purchase_id
    await premises.client.start_workflow(
        PurchaseWorkflow.__name__, id=workflow_id_of(purchase_id), task_queue="nobody-works-here"
    )
    return purchase_id


async def held_against(premises: Premises, purchase_id: str) -> set[Irregularity]:
    findings = (await premises.verification.verify()).findings
    return {each.irregularity for each in findings if purchase_id in each.purchase_ids}


async def moved(premises: Premises, purchase_id: str, ago: timedelta, **changes: object) -> None:
    """Paid now, and left alone for that long."""
    now = datetime.now(UTC)
    async with premises.database.transaction() as session:
        await session.exec(
            update(PurchaseRow)
            .where(col(PurchaseRow.purchase_id) == purchase_id)
            .values(paid_at=now, updated_at=now - ago, **changes)
        )


async def test_the_provider_is_asked_for_a_day_or_from_when_one_says(premises: Premises) -> None:
    await premises.shop.paid_purchase()
    began = datetime.now(UTC)
    await premises.shop.paid_purchase()

    of_a_day = await premises.verification.verify()
    of_now = await premises.verification.verify(began)

    assert of_now.compared_since == began
    assert of_now.provider_payments == 1
    assert of_a_day.provider_payments > 1
    assert abs(of_a_day.compared_since - (began - timedelta(days=1))) < timedelta(minutes=1)


async def test_an_event_that_nobody_took_is_found_once_it_is_overdue(premises: Premises) -> None:
    events, verification = EventRecords(premises.database), premises.verification
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


async def test_an_execution_is_found_that_nobody_works_on_any_more(premises: Premises) -> None:
    verification, executions = premises.verification, ExecutionRecords(premises.database)
    await stored(premises.database, integration(), vault(NEW))
    begun = (await executions.begin(execution_order(), datetime.now(UTC))).execution
    assert await found(verification, begun.execution_id)  # Temporal keeps no run of it

    run = await premises.client.start_workflow(
        ExecutionWorkflow.__name__,
        id=execution_run_id_of(begun.execution_id),
        task_queue="nobody-works-here",
    )
    assert not await found(verification, begun.execution_id)

    await run.terminate()
    [finding] = [
        each
        for each in (await verification.verify()).findings
        if each.irregularity is Irregularity.EXECUTION_TERMINATED
    ]
    assert (finding.subject, finding.detail) == (
        begun.execution_id,
        "nobody knows whether it was done",
    )

    await executions.terminate(begun.execution_id, datetime.now(UTC))
    assert await found(verification, begun.execution_id)
    await executions.finish(execution_order(), Outcome(result={}), datetime.now(UTC))
    assert not await found(verification, begun.execution_id)


async def test_a_refund_is_found_that_has_no_end_and_nobody_works_on(premises: Premises) -> None:
    verification, refunds = premises.verification, RefundRecords(premises.database)
    purchase = (await paid_purchase(premises.database, "Q-refund-left")).order.purchase_id
    long_ago = datetime.now(UTC) - UNDER_WAY - timedelta(seconds=1)
    left, fresh = new_id("ref"), new_id("ref")
    await refunds.request(refund_request(purchase, left, 100), long_ago)
    await refunds.request(refund_request(purchase, fresh, 100), datetime.now(UTC))

    assert await found(verification, left)  # Temporal keeps no run of it
    assert not await found(verification, fresh)

    run = await premises.client.start_workflow(
        RefundWorkflow.__name__, id=refund_run_id_of(left), task_queue="nobody-works-here"
    )
    assert not await found(verification, left)
    await run.terminate()
    [finding] = [
        each
        for each in (await verification.verify()).findings
        if each.irregularity is Irregularity.REFUND_LEFT_OPEN
    ]
    assert (finding.subject, finding.purchase_ids) == (left, (purchase,))

    await refunds.fail(left, "it was not made", datetime.now(UTC))
    assert not await found(verification, left)
