"""Workers as in production, over fakes; only the sandbox is stricter: it watches our stories."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from tests.fake_world import World
from worker import STORIES
from workflows import options

# In production our stories are passed through as well, once these tests have watched them. Once
# anything has imported beartype's claw (FastMCP's key-value store does), it takes part in every
# import: a sandbox that read it anew for each of its modules would take eight times as long.
WATCHING = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "domain", "activities", "gateways", "iso4217", "email_validator", "beartype"
    )
)


@asynccontextmanager
async def workers(
    client: Client, world: World, runner: WorkflowRunner = WATCHING, remembered: int = 1000
) -> AsyncIterator[None]:
    """``remembered`` is how many runs are kept in memory between their tasks."""
    stories = Worker(
        client,
        task_queue=options.PURCHASES,
        workflows=STORIES,
        activities=world.activities(),
        workflow_runner=runner,
        max_cached_workflows=remembered,
    )
    printers = Worker(
        client, task_queue=options.DOCUMENTS, activities=[world.policies().issue_policy]
    )
    async with stories, printers:
        yield
