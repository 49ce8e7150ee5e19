"""Runs of the workflows that act for one integration, and their results."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from domain.executions import Execution, ExecutionOrder, workflow_id_of
from domain.integrations import Integration
from services.runs import HAND_OVER_WITHIN, started_once
from services.workflows import ANSWER_WITHIN
from workflows import attributes, options
from workflows.execution import ExecutionWorkflow
from workflows.probe import ProbeWorkflow

ENDED_BY_FORCE = {
    *(WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TERMINATED),
    *(WorkflowExecutionStatus.TIMED_OUT, WorkflowExecutionStatus.CANCELED),
}
LOOK_EVERY = timedelta(milliseconds=300)  # whether the run that is waited for is parked


@dataclass(frozen=True)
class IntegrationRuns:
    client: Client
    answer_within: timedelta = ANSWER_WITHIN

    async def execute(
        self, order: ExecutionOrder, is_parked: Callable[[], Awaitable[bool]]
    ) -> Execution | None:
        """The result of the one run that this id has.

        None where it is parked, or takes longer than a caller waits; it goes on by itself.
        """
        with _faults_translated():
            run = await self._executing(order)
            result = asyncio.create_task(run.result())
            try:
                async with asyncio.timeout(self.answer_within.total_seconds()):
                    while not await _is_done(result):
                        if await is_parked():
                            return None
                    return await result
            except TimeoutError:
                return None
            finally:
                result.cancel()

    async def tell_cancelled(self, ended: Execution) -> None:
        """So that its run ends at once: one that does not hear it ends with its next attempt."""
        run = self.client.get_workflow_handle(workflow_id_of(ended.execution_id))
        with suppress(RPCError):
            await run.signal(
                ExecutionWorkflow.execution_cancelled, ended, rpc_timeout=HAND_OVER_WITHIN
            )

    async def was_ended_by_force(self, execution_id: str) -> bool:
        """Also where Temporal keeps its run no more. While Temporal is away nobody knows."""
        run = self.client.get_workflow_handle(workflow_id_of(execution_id))
        try:
            return (await run.describe(rpc_timeout=HAND_OVER_WITHIN)).status in ENDED_BY_FORCE
        except RPCError as error:
            return error.status is RPCStatusCode.NOT_FOUND

    async def probe(self, integration: Integration) -> str | None:
        """Why the provider gave no answer, or None. Who asks meanwhile sees the same look."""
        looking = self.client.start_workflow(
            ProbeWorkflow.run,
            integration.integration_id,
            id=f"probe-{integration.integration_id}-{integration.version}",
            task_queue=options.PURCHASES,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Test of {integration.connection_code}",
            search_attributes=attributes.of_integration(
                integration.tenant_id, integration.connection_code, integration.livemode
            ),
            rpc_timeout=HAND_OVER_WITHIN,
        )
        with _faults_translated():
            try:
                async with asyncio.timeout(self.answer_within.total_seconds()):
                    return await (await looking).result()
            except TimeoutError as slow:
                raise Unavailable("the provider has not answered yet") from slow

    async def _executing(
        self, order: ExecutionOrder
    ) -> WorkflowHandle[ExecutionWorkflow, Execution]:
        return await started_once(
            self.client,
            ExecutionWorkflow.run,
            order,
            workflow_id_of(order.execution_id),
            f"{order.capability_code} by {order.connection_code}",
            attributes.of_integration(order.tenant_id, order.connection_code, order.livemode),
        )


async def _is_done(result: asyncio.Task[Execution]) -> bool:
    done, _ = await asyncio.wait((result,), timeout=LOOK_EVERY.total_seconds())
    return bool(done)


@contextmanager
def _faults_translated() -> Iterator[None]:
    try:
        yield
    except WorkflowFailureError as ended:
        raise Unavailable("the workflow was ended by force; repeat the request") from ended
    except RPCError as error:
        raise Unavailable("Temporal cannot be reached") from error
