"""Runs that began under yesterday's code go on under today's: recorded histories still replay."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner

from tests.workflows.workers import WORKFLOWS

HISTORIES = {
    path.stem: path.read_text("utf-8")
    for path in sorted(Path(__file__).with_name("histories").glob("*.json"))
}


@pytest.fixture
def replayer(runner: WorkflowRunner) -> Replayer:
    return Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=runner,
    )


@pytest.mark.sandboxed
@pytest.mark.parametrize("name", HISTORIES)
async def test_a_recorded_run_replays_as_it_ran(replayer: Replayer, name: str) -> None:
    await replayer.replay_workflow(WorkflowHistory.from_json(name, HISTORIES[name]))


@pytest.mark.parametrize("name", HISTORIES)
def test_a_recorded_run_tells_nothing_of_the_machine_it_ran_on(name: str) -> None:
    assert "site-packages" not in HISTORIES[name]
    assert "@vm" not in HISTORIES[name]


def test_every_kind_of_workflow_has_recorded_runs() -> None:
    kinds = {"purchase", "refund", "link", "execution", "probe", "rotation"}
    assert {name.partition(".")[2] for name in HISTORIES} == kinds
