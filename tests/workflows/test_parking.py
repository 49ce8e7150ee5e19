"""What an integration is paused for waits, for days if need be, and goes on where it was."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutError
from temporalio.exceptions import TimeoutType as Kind
from temporalio.service import RPCError

from domain.errors import Code
from domain.payments import ProviderRefundState
from domain.purchases import PaymentStatus, Purchase, Refusal
from domain.refunds import Refund, RefundStatus
from domain.routing import Candidate
from gateways.faults import OutcomeUnknown
from tests.fake_payments import FakePayments
from tests.workflows.stories import SOON, Stories
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow
from workflows.trying import under_fresh_keys

THREE_DAYS = timedelta(days=3)


Run = WorkflowHandle[PurchaseWorkflow, Purchase] | WorkflowHandle[RefundWorkflow, Refund]


async def _resumed_after_three_days(stories: Stories, run: Run) -> None:
    """The pause begins to count once the run has met it."""
    async with asyncio.timeout(SOON):
        while (fault := await last_failure(run)) != "Parked":
            if fault is not None:
                await stories.pass_time(timedelta(seconds=1))
    await stories.pass_time(THREE_DAYS)
    stories.world.paused.clear()


async def last_failure(run: Run) -> str | None:
    """Of the step that is under way."""
    with suppress(RPCError):  # the run is not there yet
        for step in (await run.describe()).raw_description.pending_activities:
            return step.last_failure.application_failure_info.type or None
    return None


@pytest.mark.slow
async def test_a_purchase_waits_for_as_long_as_its_one_integration_is_paused(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.paused.add(None)
    start = asyncio.create_task(stories.open(order))
    await _resumed_after_three_days(stories, stories.purchase_run(order))
    purchase = await stories.at_last(start)
    assert isinstance(purchase, Purchase)
    assert purchase.checkout is not None
    assert purchase.checkout.expires_at > await stories.env.get_current_time()

    stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    ended = await stories.end_of(order)

    assert ended.status is PaymentStatus.COMPLETED
    assert len(stories.world.payments.requests) == len(stories.world.payments.charged_at) == 1


@pytest.mark.slow
async def test_an_answer_that_was_lost_before_the_pause_is_found_after_it(stories: Stories) -> None:
    order = stories.world.order()
    payments = stories.world.payments
    payments.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    payments.before_next["open_checkout"] = lambda: stories.world.paused.add(None)
    start = asyncio.create_task(stories.open(order))
    await _resumed_after_three_days(stories, stories.purchase_run(order))
    assert isinstance(await stories.at_last(start), Purchase)
    assert len(payments.requests) == 1
    assert payments.calls == ["open_checkout", "find_checkout"]


@pytest.mark.slow
async def test_a_purchase_waits_no_longer_than_its_quote_can_be_bought(stories: Stories) -> None:
    until = await stories.env.get_current_time() + timedelta(days=2)
    order = stories.world.order().model_copy(update={"payable_until": until})
    stories.world.paused.add(None)

    answer = await stories.at_last(stories.open(order))

    assert isinstance(answer, Refusal)
    assert (answer.code, answer.message) == (
        Code.PROVIDER_REFUSED,
        "it is paused; nothing was sent",
    )
    assert until <= await stories.env.get_current_time() < until + timedelta(days=1)
    assert (await stories.end_of(order)).status is PaymentStatus.FAILED
    assert not stories.stored(order).holds_quote
    assert stories.world.payments.calls == []


async def test_a_purchase_cancelled_in_its_row_while_it_waits_is_never_opened(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.paused.add(None)
    start = asyncio.create_task(stories.open(order))
    await stories.until(lambda: order.purchase_id in stories.world.rows.purchases)
    await stories.until(lambda: order.purchase_id not in stories.world.rows.outcomes_unknown)
    rows = stories.world.rows.purchases
    rows[order.purchase_id] = rows[order.purchase_id].cancelled("changed my mind")
    stories.world.paused.clear()

    answer = await stories.at_last(start)

    assert isinstance(answer, Purchase)
    assert answer.status is PaymentStatus.CANCELLED
    assert (await stories.end_of(order)).cancel_reason == "changed my mind"
    assert stories.world.payments.calls == []
    assert stories.world.mail.sent == []


@pytest.mark.slow
async def test_while_all_are_paused_a_purchase_goes_round_and_completes_with_one(
    stories: Stories,
) -> None:
    order = stories.world.order()
    world = stories.world
    for name in ("north", "south"):
        world.integrations[name] = FakePayments()
    world.rows.candidates = tuple(
        Candidate(integration_id=name, name=name, because="the tenant's")
        for name in ("north", "south")
    )
    world.paused |= {"north", "south"}
    start = asyncio.create_task(stories.open(order))
    await _resumed_after_three_days(stories, stories.purchase_run(order))
    purchase = await stories.at_last(start)

    assert isinstance(purchase, Purchase)
    assert purchase.route is not None
    assert {each.name for each in purchase.route.passed_over} == {"north", "south"}
    assert len(purchase.route.passed_over) == 2
    assert sum(len(each.requests) for each in world.integrations.values()) == 1


@pytest.mark.slow
async def test_a_refund_waits_for_as_long_as_the_integration_is_paused(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    stories.world.paused.add(None)
    refund = await stories.refunded(order, stories.world.refund_request(order, 7500))
    await _resumed_after_three_days(stories, stories.refund_run(refund.refund_id))
    ended = await stories.refund_end(refund.refund_id)
    assert ended.status is RefundStatus.SUCCEEDED
    assert stories.world.payments.refunded(payment_id) == 7500
    assert stories.world.rows.open_reviews(order.purchase_id) == []


@pytest.mark.slow
async def test_a_refund_whose_answer_was_lost_before_the_pause_is_not_made_again(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    payments.next_refunds.append(ProviderRefundState.SUCCEEDED)
    payments.faults_after["create_refund"].append(OutcomeUnknown("no answer"))
    payments.before_next["create_refund"] = lambda: stories.world.paused.add(None)
    refund = await stories.refunded(order, stories.world.refund_request(order, 7500))
    await _resumed_after_three_days(stories, stories.refund_run(refund.refund_id))
    assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED
    assert (len(payments.refunds), payments.refunded(payment_id)) == (1, 7500)


@pytest.mark.slow
async def test_a_cancellation_waits_and_the_payment_that_was_faster_wins(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.paused.add(None)
    cancelling = await stories.cancel_later(order)
    stories.world.payments.pay(order.purchase_id)
    await _resumed_after_three_days(stories, stories.purchase_run(order))
    answer = await stories.at_last(cancelling.result())
    assert isinstance(answer, Purchase)
    assert answer.is_paid


@pytest.mark.parametrize("last", ["Parked", "Busy"])
async def test_time_that_ran_out_during_a_try_is_judged_by_the_failure_before_it(last: str) -> None:
    groups: list[int] = []

    async def attempt(group: int) -> str:
        groups.append(group)
        if group > 1:
            return "done"
        ran_out = TimeoutError("late", type=Kind.SCHEDULE_TO_CLOSE, last_heartbeat_details=[])
        ran_out.__cause__ = ApplicationError("before", type=last)
        raise _ended(ran_out)

    if last == "Parked":
        assert await under_fresh_keys(attempt) == "done"
        assert groups == [1, 2]
    else:
        with pytest.raises(ActivityError):
            await under_fresh_keys(attempt)


def _ended(cause: BaseException) -> ActivityError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="open_purchase",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    error.__cause__ = cause
    return error
