"""What Temporal's histories tell of workflows: the steps of every run that it still keeps."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import MarkerRecordedEventAttributes
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from domain.model import Model
from domain.views import TimelineEntry

_ENDS: dict[int, str] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow started",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "workflow told",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "workflow completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "workflow continued",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "workflow failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "workflow timed out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "workflow cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "workflow terminated",
}
# Past its retention, or a server that keeps no list of runs.
_NO_MORE_RUNS = (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED)
# The marker by which Temporal's SDK records a local activity, and where in it the step is named.
LOCAL_ACTIVITY, LOCAL_STEP = "core_local_activity", "data"


class LocalStep(Model, extra="ignore"):
    """What the marker of a local activity says of it, the result apart."""

    activity_type: str
    attempt: int


@dataclass(frozen=True)
class Histories:
    client: Client

    async def steps(self, workflow_ids: Sequence[str]) -> list[TimelineEntry]:
        """Run by run; nothing of what is past its retention."""
        try:
            return [
                step
                for workflow_id in workflow_ids
                for run_id in await self._run_ids(workflow_id)
                async for step in self._steps(workflow_id, run_id)
            ]
        except RPCError as error:
            raise Unavailable("Temporal cannot be reached") from error

    async def _run_ids(self, workflow_id: str) -> list[str]:
        """The latest run is asked for by its name, since the list of runs lags behind."""
        latest = self.client.get_workflow_handle(workflow_id)
        listed = self.client.list_workflows(f"WorkflowId = '{workflow_id}'")
        runs: list[str] = []
        try:
            runs.append((await latest.describe()).run_id)
            runs += [run.run_id async for run in listed if run.run_id not in runs]
        except RPCError as error:
            if error.status not in _NO_MORE_RUNS:
                raise
        return runs

    async def _steps(self, workflow_id: str, run_id: str) -> AsyncIterator[TimelineEntry]:
        """Activities with their attempts, local ones too; the workflow's beginning and end."""
        history = await self.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        detail = f"{workflow_id}, run {run_id}"  # a purchase's workflow may run several times
        scheduled: dict[int, str] = {}
        for event in history.events:
            at = event.event_time.ToDatetime(tzinfo=UTC)
            if event.HasField("activity_task_scheduled_event_attributes"):
                step = event.activity_task_scheduled_event_attributes
                scheduled[event.event_id] = step.activity_type.name
            elif event.HasField("activity_task_started_event_attributes"):
                started = event.activity_task_started_event_attributes
                what = scheduled[started.scheduled_event_id]
                yield _step(at, what, detail, started.attempt)
            elif event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY:
                local = await self._local_step(event.marker_recorded_event_attributes)
                yield _step(at, local.activity_type, detail, local.attempt)
            elif event.event_type in _ENDS:
                yield _step(at, _ENDS[event.event_type], detail)

    async def _local_step(self, marker: MarkerRecordedEventAttributes) -> LocalStep:
        payloads = marker.details[LOCAL_STEP].payloads
        [step] = await self.client.data_converter.decode(payloads, [LocalStep])
        assert isinstance(step, LocalStep)
        return step


def _step(at: datetime, what: str, detail: str, attempt: int | None = None) -> TimelineEntry:
    return TimelineEntry(at=at, what=what, source="workflow", attempt=attempt, detail=detail)
