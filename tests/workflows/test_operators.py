"""What operators see of a purchase in Temporal, and what no run may lose."""

from collections.abc import Iterator
from datetime import timedelta
from inspect import Parameter, signature
from typing import get_args, get_type_hints

import pytest
from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus

from domain.executions import Execution
from domain.money import Money
from domain.payments import Fact
from domain.payouts import PayoutReported
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, PurchaseOrder, ReviewReason
from gateways.justifi_webhooks import PRODUCED_FACTS as BY_JUSTIFI
from gateways.sendgrid_webhooks import PRODUCED_FACTS as BY_SENDGRID
from gateways.stripe_webhooks import PRODUCED_FACTS as BY_STRIPE
from services.workflows import PURCHASE_SIGNALS, REFUND_SIGNALS
from tests.fake_world import TENANT
from tests.workflows.stories import Stories
from worker import STORIES
from workflows.execution import ExecutionWorkflow
from workflows.payout_watch import PayoutWatchWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow

RUNNING = WorkflowExecutionStatus.RUNNING
FACTS = set(get_args(get_args(Fact)[0]))
# The fact, and the name of the signal by which webhooks hand it over.
TOLD: dict[type, dict[type, str]] = {
    PurchaseWorkflow: {fact: signal.__name__ for fact, signal in PURCHASE_SIGNALS.items()},
    RefundWorkflow: {fact: signal.__name__ for fact, signal in REFUND_SIGNALS.items()},
    PayoutWatchWorkflow: {PayoutReported: PayoutWatchWorkflow.payout_reported.__name__},
}
# What our own services say, and no provider.
SAID: dict[type, dict[type, str]] = {
    ExecutionWorkflow: {Execution: ExecutionWorkflow.execution_cancelled.__name__},
    PayoutWatchWorkflow: {PayoutReported: PayoutWatchWorkflow.payout_reported.__name__},
}


async def test_a_purchase_is_found_by_its_status_tenant_and_quote(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    opened = await stories.shown(order)
    assert opened[:3] == (PaymentStatus.PENDING, PolicyStatus.NONE, False)
    stories.world.payments.decline(order.purchase_id)
    await stories.tell_change(order)
    await stories.until_it_is(order, PaymentStatus.FAILED)
    stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    await stories.end_of(order)
    ended = await stories.shown(order)
    assert ended[:3] == (PaymentStatus.COMPLETED, PolicyStatus.DELIVERED, False)
    assert ended.others == {
        "TenantId": TENANT,
        "QuoteId": order.quote_id,
        "Provider": "stripe",
    }


async def test_a_review_that_a_person_resolved_is_shown_as_resolved(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.pay(order.purchase_id, Money(minor=1, currency="SGD"))
    await stories.tell_change(order)
    assert await stories.decided(order) == [ReviewReason.AMOUNT_DIFFERS]
    assert (await stories.shown(order)).needs_review is False


@pytest.mark.slow
async def test_a_purchase_is_listed_for_as_long_as_a_person_is_asked(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    await stories.bounce(order)
    await stories.until_it_shows_review(order)
    await stories.pass_time(timedelta(days=90))
    assert (await stories.purchase_run(order).describe()).status is RUNNING
    await stories.decided(order)
    assert (await stories.purchase_run(order).describe()).status is not RUNNING


async def test_the_current_details_tell_the_story_without_personal_data(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    details = await _details(stories, order)
    assert details.startswith("**pending** · SGD 150.00 · quote")
    assert "@" not in details
    assert await stories.purchase_run(order).query(PurchaseWorkflow.current) == stories.stored(
        order
    )


async def test_the_current_details_name_payment_policy_and_refusal(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.decline(order.purchase_id)
    await stories.tell_change(order)
    await stories.until_it_is(order, PaymentStatus.FAILED)
    assert "refused: `card_declined`, can retry: True" in await _details(stories, order)
    payment_id = stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    await stories.end_of(order)
    details = await _details(stories, order)
    assert f"payment `{payment_id}`" in details
    assert f"policy `{stories.policy_number(order)}`" in details
    assert "refused" not in details


async def _details(stories: Stories, order: PurchaseOrder) -> str:
    metadata = await stories.purchase_run(order).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    return str(metadata.current_details)


async def test_a_signal_that_nobody_listens_to_stays_in_history_and_harms_nothing(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.purchase_run(order).signal("moon_risen", "full")
    stories.world.payments.pay(order.purchase_id)
    assert (await stories.end_of(order)).is_paid
    history = await stories.purchase_run(order).fetch_history()
    names = [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert names == ["moon_risen"]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_workflow_counts_signals_that_it_does_not_know(story: type) -> None:
    assert None in workflow._Definition.must_from_class(story).signals


def _facts_taken_by(story: type) -> Iterator[tuple[object, str]]:
    """What each named signal handler takes, and its name; those that take nothing take no fact."""
    for name, definition in workflow._Definition.must_from_class(story).signals.items():
        parameters = list(signature(definition.fn).parameters.values())[1:]
        if name is not None and parameters:
            assert [each.kind for each in parameters] == [Parameter.POSITIONAL_OR_KEYWORD]
            yield get_type_hints(definition.fn)[parameters[0].name], name


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_workflow_is_told_exactly_the_facts_that_it_takes(story: type) -> None:
    told = (TOLD | SAID).get(story, {}).items()
    assert sorted(told, key=str) == sorted(_facts_taken_by(story), key=str)


def test_every_fact_that_a_provider_can_tell_of_has_one_handler() -> None:
    told = [fact for story in STORIES for fact in TOLD.get(story, {})]
    assert len(told) == len(set(told))
    assert set(told) == FACTS == BY_STRIPE | BY_SENDGRID | BY_JUSTIFI


async def test_a_bounce_that_a_person_dealt_with_stays_dealt_with(stories: Stories) -> None:
    order = stories.world.order()
    await stories.paid(order)
    await stories.bounce(order)
    assert await stories.decided(order) == [ReviewReason.EMAIL_NOT_DELIVERED]

    assert stories.world.rows.open_reviews(order.purchase_id) == []
    assert (await stories.shown(order)).needs_review is False
