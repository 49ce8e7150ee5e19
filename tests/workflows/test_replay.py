"""Runs that began under yesterday's code go on under today's: recorded histories still replay."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner

from worker import STORIES

HISTORIES = {
    path.stem: path.read_text("utf-8")
    for path in sorted(Path(__file__).with_name("histories").glob("*.json"))
}


@pytest.fixture
def replayer(runner: WorkflowRunner) -> Replayer:
    return Replayer(
        workflows=STORIES,
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


def test_every_workflow_that_the_worker_runs_has_recorded_runs() -> None:
    run = {workflow._Definition.must_from_class(story).name for story in STORIES}
    assert {_workflow_of(name) for name in HISTORIES} == run


def _workflow_of(name: str) -> str:
    (begun, *_) = WorkflowHistory.from_json(name, HISTORIES[name]).events
    return begun.workflow_execution_started_event_attributes.workflow_type.name
