"""For each test a time-skipping server, workers and a world of its own: no story meets another."""

from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.fake_world import World
from tests.workflows.servers import program, start_dev_server
from tests.workflows.stories import Stories
from tests.workflows.workers import workers
from workflows import attributes

TYPES = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program("temporal-test-server"),
        data_converter=pydantic_data_converter,
    ) as env:
        await _add_search_attributes(env.client)
        yield env


@pytest.fixture(scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    async with await start_dev_server() as env:
        yield env


async def _add_search_attributes(client: Client) -> None:
    types = {name: TYPES[kind] for name, kind in attributes.ALL.items()}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
    )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def stories(skipping: WorkflowEnvironment, world: World) -> AsyncIterator[Stories]:
    async with workers(skipping.client, world):
        yield Stories(skipping, skipping.client, world)
