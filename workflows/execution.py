"""One execution: the provider is asked until it answers, and what it answered is kept."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.executions import ExecutionActivities, ExecutionAttempt, ExecutionFailure
    from domain.errors import Code
    from domain.executions import Execution, ExecutionOrder
    from workflows.trying import FAILED, promptly, under_fresh_keys, under_key, words_of
    from workflows.unknown import count_unknown


@workflow.defn
class ExecutionWorkflow:
    """Started by the request under its idempotency key; whoever repeats it joins the same run."""

    @workflow.init
    def __init__(self, order: ExecutionOrder) -> None:
        self.order = order
        self.cancelled: Execution | None = None

    @workflow.run
    async def run(self, order: ExecutionOrder) -> Execution:
        asking = asyncio.create_task(self._ask())
        await workflow.wait_condition(lambda: asking.done() or self.cancelled is not None)
        return self.cancelled or asking.result()

    @workflow.signal
    def execution_cancelled(self, ended: Execution) -> None:
        """Its row has ended before anything was done: no attempt asks the provider any more."""
        self.cancelled = ended

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    async def _ask(self) -> Execution:
        try:
            return await under_fresh_keys(self._attempt_under)
        except FAILED as error:
            return await self._give_up(error)

    async def _attempt_under(self, group: int) -> Execution:
        attempt = ExecutionAttempt(order=self.order, group=group)
        return await under_key(
            self.order.key(group), ExecutionActivities.execute_capability, attempt
        )

    async def _give_up(self, error: FailureError) -> Execution:
        """Where the provider may have acted, whether it has is for a person to find out."""
        failure = ExecutionFailure(
            order=self.order, code=Code.OUTCOME_UNKNOWN, message=words_of(error)
        )
        return await promptly(ExecutionActivities.fail_execution, failure)
