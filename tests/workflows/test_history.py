"""What one happy purchase costs in history: each event is work for the server and for replay."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from tests.fake_world import World
from tests.workflows.stories import Stories
from tests.workflows.workers import workers

MOST_EVENTS = 30


@pytest.mark.slow  # on a real server
async def test_a_happy_purchase_leaves_few_events(dev_server: WorkflowEnvironment) -> None:
    world = World()
    stories = Stories(dev_server, dev_server.client, world)
    order = world.order()
    async with workers(dev_server.client, world):
        await stories.paid(order)
    history = await stories.purchase_run(order).fetch_history()
    named = [EventType.Name(event.event_type) for event in history.events]
    for number, name in enumerate(named, start=1):
        print(number, name.removeprefix("EVENT_TYPE_").lower())  # noqa: T201
    assert len(named) <= MOST_EVENTS
