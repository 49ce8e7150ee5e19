"""What the services make of Temporal's own refusals."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from connections import connect_temporal, register_search_attributes
from domain.errors import Unavailable
from domain.purchases import workflow_id_of
from services.workflows import Workflows
from tests.persistence.samples import order
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server


UNATTENDED = "unattended"


@pytest.fixture(scope="session")
async def unattended(premises: Premises) -> Client:
    """A namespace without workers: what is asked there is never taken up."""
    await premises.client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=UNATTENDED,
            workflow_execution_retention_period=Duration(
                seconds=int(timedelta(days=1).total_seconds())
            ),
        )
    )
    settings = premises.shop.settings.model_copy(update={"temporal_namespace": UNATTENDED})
    async with asyncio.timeout(20):
        while True:
            with suppress(RPCError):  # a new namespace is known a moment later
                await register_search_attributes(settings)
                return await connect_temporal(settings)
            await asyncio.sleep(0.05)


async def test_a_workflow_that_closes_before_it_took_the_question_can_be_asked_again(
    unattended: Client,
) -> None:
    wanted = order()
    run = unattended.get_workflow_handle(workflow_id_of(wanted.purchase_id))
    asked = asyncio.create_task(Workflows(unattended).open_checkout(wanted))
    async with asyncio.timeout(20):
        while not asked.done():
            with suppress(RPCError):  # it has not begun yet
                await run.terminate("closed by an operator")
            await asyncio.sleep(0.05)
    with pytest.raises(Unavailable, match="closed just now") as refused:
        await asked
    assert refused.value.advice.can_retry


async def test_a_question_that_met_a_closing_run_is_asked_of_the_next(unattended: Client) -> None:
    wanted = order("Q-3")
    run = unattended.get_workflow_handle(workflow_id_of(wanted.purchase_id))
    workflows = Workflows(unattended, answer_within=timedelta(seconds=5))
    asked = asyncio.create_task(workflows.open_checkout(wanted))
    first = await _run_id(run)

    await run.terminate("closed in the moment of asking")

    async with asyncio.timeout(4):
        while await _run_id(run) == first:
            assert not asked.done()
    asked.cancel()


async def _run_id(run: WorkflowHandle[object, object]) -> str:
    async with asyncio.timeout(4):
        while True:
            with suppress(RPCError):  # it has not begun yet
                return (await run.describe()).run_id


async def test_an_answer_that_nobody_gives_is_waited_for_no_longer_than_a_caller_may(
    unattended: Client,
) -> None:
    workflows = Workflows(unattended, answer_within=timedelta(milliseconds=100))
    with pytest.raises(Unavailable, match="being worked on") as refused:
        await workflows.open_checkout(order("Q-2"))
    assert refused.value.advice.can_retry
