"""Runs of the workflows that act for one integration, and their results."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.errors import Unavailable
from domain.executions import Execution, ExecutionOrder, workflow_id_of
from domain.integrations import Integration
from services.workflows import ANSWER_WITHIN, HAND_OVER_WITHIN
from workflows import attributes, options
from workflows.execution import ExecutionWorkflow
from workflows.probe import ProbeWorkflow

Story = TypeVar("Story")
Result = TypeVar("Result")


@dataclass(frozen=True)
class IntegrationRuns:
    client: Client
    answer_within: timedelta = ANSWER_WITHIN

    async def execute(self, order: ExecutionOrder) -> Execution:
        """The result of the one run that this id has."""
        execution_id = order.execution_id
        return await self._result(
            self._executing(order),
            f"{execution_id} is being worked on; repeat the same request for its result, "
            f"or read GET /executions/{execution_id}",
        )

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
        return await self._result(looking, "the provider has not answered yet")

    async def _executing(
        self, order: ExecutionOrder
    ) -> WorkflowHandle[ExecutionWorkflow, Execution]:
        workflow_id = workflow_id_of(order.execution_id)
        try:
            return await self.client.start_workflow(
                ExecutionWorkflow.run,
                order,
                id=workflow_id,
                task_queue=options.PURCHASES,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                # one that somebody ended by force goes on; one that ended by itself has its result
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                static_summary=f"{order.capability_code} by {order.connection_code}",
                search_attributes=attributes.of_integration(
                    order.tenant_id, order.connection_code, order.livemode
                ),
                rpc_timeout=HAND_OVER_WITHIN,
            )
        except WorkflowAlreadyStartedError:
            return self.client.get_workflow_handle_for(ExecutionWorkflow.run, workflow_id)

    async def _result(
        self, starting: Awaitable[WorkflowHandle[Story, Result]], when_slow: str
    ) -> Result:
        try:
            async with asyncio.timeout(self.answer_within.total_seconds()):
                return await (await starting).result()
        except TimeoutError as slow:
            raise Unavailable(when_slow) from slow
        except WorkflowFailureError as ended:
            raise Unavailable("the workflow was ended by force; repeat the request") from ended
        except RPCError as error:
            raise Unavailable("Temporal cannot be reached") from error
