"""For each test a time-skipping server, workers and a world of its own: no story meets another."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner

from tests.fake_world import World
from tests.workflows.bank import Bank, empty_rows, opened_bank
from tests.workflows.servers import start_dev_server, start_skipping_server
from tests.workflows.stories import Stories
from tests.workflows.workers import WATCHING, workers

_AS_IN_PRODUCTION = UnsandboxedWorkflowRunner()


@pytest.fixture
def world() -> World:
    return World()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first story of each file stands for the others: it is told in the sandbox."""
    files: set[str] = set()
    for item in items:
        file = item.nodeid.partition("::")[0]
        if file not in files and "runner" in getattr(item, "fixturenames", ()):
            files.add(file)
            item.add_marker(pytest.mark.sandboxed)


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> WorkflowRunner:
    wanted = request.config.getoption("sandbox")
    is_chosen = request.node.get_closest_marker("sandboxed") is not None
    return WATCHING if wanted == "all" or (wanted == "some" and is_chosen) else _AS_IN_PRODUCTION


@pytest.fixture
async def stories(world: World, runner: WorkflowRunner) -> AsyncIterator[Stories]:
    async with await start_skipping_server() as env, workers(env.client, world, runner):
        yield Stories(env, env.client, world)


@pytest.fixture(scope="session")
async def rows(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return await empty_rows(tmp_path_factory.mktemp("payouts"))


@pytest.fixture
async def bank(tmp_path: Path, rows: bytes, runner: WorkflowRunner) -> AsyncIterator[Bank]:
    async with opened_bank(tmp_path, rows, runner) as opened:
        yield opened


@pytest.fixture(scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    async with await start_dev_server() as env:
        yield env
