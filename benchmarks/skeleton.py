"""The least a purchase could be: three empty activities, one signal, and the SDK as it comes."""

import asyncio
import json
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from processes import told_to_stop

QUEUE = "skeletons"
STEP_WITHIN = timedelta(seconds=30)


@activity.defn
async def step(number: int) -> int:
    return number


@workflow.defn
class Skeleton:
    def __init__(self) -> None:
        self.is_paid = False

    @workflow.run
    async def run(self) -> int:
        await workflow.execute_activity(step, 1, start_to_close_timeout=STEP_WITHIN)
        await workflow.wait_condition(lambda: self.is_paid)
        await workflow.execute_activity(step, 2, start_to_close_timeout=STEP_WITHIN)
        return await workflow.execute_activity(step, 3, start_to_close_timeout=STEP_WITHIN)

    @workflow.signal
    def paid(self) -> None:
        self.is_paid = True


async def live(client: Client, number: str) -> None:
    """One of them, from its start to its end."""
    handle = await client.start_workflow(Skeleton.run, id=f"skeleton-{number}", task_queue=QUEUE)
    await handle.signal(Skeleton.paid)
    await handle.result()


async def work(address: str) -> None:
    client = await Client.connect(address)
    async with Worker(client, task_queue=QUEUE, workflows=[Skeleton], activities=[step]):
        sys.stdout.write(json.dumps({"skeleton": QUEUE}) + "\n")
        sys.stdout.flush()
        await told_to_stop()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
