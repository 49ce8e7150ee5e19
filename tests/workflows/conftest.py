"""For each test a time-skipping server, workers and a world of its own: no story meets another."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner

from tests.fake_world import World
from tests.workflows.servers import start_dev_server, start_skipping_server
from tests.workflows.stories import Stories
from tests.workflows.workers import WATCHING, workers


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def runner(pytestconfig: pytest.Config) -> WorkflowRunner:
    return UnsandboxedWorkflowRunner() if pytestconfig.getoption("unwatched") else WATCHING


@pytest.fixture
async def stories(world: World, runner: WorkflowRunner) -> AsyncIterator[Stories]:
    async with await start_skipping_server() as env, workers(env.client, world, runner):
        yield Stories(env, env.client, world)


@pytest.fixture(scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    async with await start_dev_server() as env:
        yield env
