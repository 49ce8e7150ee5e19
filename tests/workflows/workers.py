"""The workers as in production: sandboxed stories, both task queues, activities over fakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.worker import Worker

from tests.workflows.world import World
from workflows import options
from workflows.link import PaymentLinkWorkflow
from workflows.purchase import PurchaseWorkflow
from workflows.refund import RefundWorkflow
from workflows.sandbox import sandboxed

WORKFLOWS = (PurchaseWorkflow, RefundWorkflow, PaymentLinkWorkflow)


@asynccontextmanager
async def workers(client: Client, world: World) -> AsyncIterator[None]:
    stories = Worker(
        client,
        task_queue=options.PURCHASES,
        workflows=WORKFLOWS,
        activities=world.activities(),
        workflow_runner=sandboxed(),
    )
    printers = Worker(
        client, task_queue=options.DOCUMENTS, activities=[world.policies().issue_policy]
    )
    async with stories, printers:
        yield
