"""What operators see of a run in Temporal's own pages, and how they find it there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from domain.links import workflow_id_of as link_workflow_id_of
from domain.purchases import workflow_id_of
from domain.refunds import Asker
from domain.refunds import workflow_id_of as refund_workflow_id_of
from services.refunds import RefundWish
from tests.mcp_server.shop import Fields
from tests.services.conftest import Premises
from workflows import attributes

Found = TypeVar("Found")
pytestmark = pytest.mark.slow  # on a real server


async def test_an_open_purchase_says_what_it_is_for_and_what_it_waits_for(
    premises: Premises,
) -> None:
    started, quote_id = await _asked_for(premises, "initiate_purchase")
    purchase_id = str(started["payment_intent_id"])

    run = await _described(premises, workflow_id_of(purchase_id))

    assert await run.static_summary() == "SGD 150.00 · Travel Easy"
    assert run.typed_search_attributes[attributes.LIVE_MODE] is False
    assert run.typed_search_attributes[attributes.QUOTE_ID] == quote_id
    assert await _summaries(premises, run.id, _activity_of) == {
        "open_purchase": f"{purchase_id}:checkout:1"
    }
    assert await _summaries(premises, run.id, _timer_of) == {"timer": "the next look"}


async def test_a_quotes_runs_are_found_by_the_quote(premises: Premises) -> None:
    started, quote_id = await _asked_for(premises, "initiate_purchase")
    listed = premises.client.list_workflows

    async def found() -> list[str]:
        return [run.id async for run in listed(f"QuoteId = '{quote_id}'")]

    assert await _until(found) == [workflow_id_of(str(started["payment_intent_id"]))]


async def test_a_refund_that_waits_for_a_person_says_how_much_and_for_what(
    premises: Premises,
) -> None:
    shop = premises.shop.with_approval_above(99)
    purchase_id = await shop.paid_purchase()
    wish = RefundWish(purchase=purchase_id, amount_minor=100)
    refund = await shop.services.refunds.request(await shop.caller(), wish, Asker.SERVICE)
    await premises.client.get_workflow_handle(workflow_id_of(purchase_id)).result()
    workflow_id = refund_workflow_id_of(refund.refund_id)

    run = await _described(premises, workflow_id)

    assert run.status is WorkflowExecutionStatus.RUNNING  # though the purchase's own has ended
    assert await run.static_summary() == "Refund of SGD 1.00"
    assert run.typed_search_attributes[attributes.LIVE_MODE] is False
    assert await _summaries(premises, workflow_id, _timer_of) == {"timer": "approval by a person"}


async def test_a_payment_link_says_whose_quote_it_sells_and_what_ends_it(
    premises: Premises,
) -> None:
    saved, quote_id = await _asked_for(premises, "save_quote_for_later")
    workflow_id = link_workflow_id_of(str(saved["payment_link_id"]))

    run = await _described(premises, workflow_id)

    assert await run.static_summary() == f"Payment link for quote {quote_id}"
    assert await _summaries(premises, workflow_id, _timer_of) == {"timer": "paid or revoked"}


async def _asked_for(premises: Premises, tool: str) -> tuple[Fields, str]:
    """The tool's answer about a quote of its own, and the quote's id."""
    wish = await premises.shop.wish()
    async with premises.shop.agent() as agent:
        return await agent.answer(tool, **wish), str(wish["quote_id"])


async def _described(premises: Premises, workflow_id: str) -> WorkflowExecutionDescription:
    return await premises.client.get_workflow_handle(workflow_id).describe()


async def _summaries(
    premises: Premises, workflow_id: str, name_of: Callable[[HistoryEvent], str | None]
) -> dict[str, str]:
    """What is shown beside each event that has a name, once there is one."""
    handle = premises.client.get_workflow_handle(workflow_id)

    async def shown() -> dict[str, str]:
        named = {}
        for event in (await handle.fetch_history()).events:
            if (name := name_of(event)) is not None:
                summary = [event.user_metadata.summary]
                [named[name]] = await premises.client.data_converter.decode(summary, [str])
        return named

    return await _until(shown)


def _activity_of(event: HistoryEvent) -> str | None:
    return event.activity_task_scheduled_event_attributes.activity_type.name or None


def _timer_of(event: HistoryEvent) -> str | None:
    return "timer" if event.HasField("timer_started_event_attributes") else None


async def _until(look: Callable[[], Awaitable[Found]]) -> Found:
    async with asyncio.timeout(20):
        while not (found := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found
