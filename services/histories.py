"""What Temporal's histories tell of workflows: the steps of every run that it still keeps."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import MarkerRecordedEventAttributes
from temporalio.api.workflow.v1 import PendingActivityInfo
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
                async for step in self._of_workflow(workflow_id)
            ]
        except RPCError as error:
            raise Unavailable("Temporal cannot be reached") from error

    async def _of_workflow(self, workflow_id: str) -> AsyncIterator[TimelineEntry]:
        """The latest run is asked for by its name, since the list of runs lags behind."""
        listed = self.client.list_workflows(f"WorkflowId = '{workflow_id}'")
        runs: list[str] = []
        try:
            latest = await self.client.get_workflow_handle(workflow_id).describe()
            runs.append(latest.run_id)
            for pending in latest.raw_description.pending_activities:
                yield _pending(pending, _detail(workflow_id, latest.run_id))
            runs += [run.run_id async for run in listed if run.run_id not in runs]
        except RPCError as error:
            if error.status not in _NO_MORE_RUNS:
                raise
        for run_id in runs:
            async for step in self._steps(workflow_id, run_id):
                yield step

    async def _steps(self, workflow_id: str, run_id: str) -> AsyncIterator[TimelineEntry]:
        """Activities with their attempts, local ones too; the workflow's beginning and end."""
        history = await self.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        detail = _detail(workflow_id, run_id)
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
                marker = event.marker_recorded_event_attributes
                local = await self._local_step(marker)
                what = local.activity_type
                if marker.HasField("failure"):
                    what += f" failed: {_kind_of(marker.failure)}"
                yield _step(at, what, detail, local.attempt)
            elif event.event_type in _ENDS:
                yield _step(at, _ENDS[event.event_type], detail)

    async def _local_step(self, marker: MarkerRecordedEventAttributes) -> LocalStep:
        payloads = marker.details[LOCAL_STEP].payloads
        [step] = await self.client.data_converter.decode(payloads, [LocalStep])
        assert isinstance(step, LocalStep)
        return step


def _detail(workflow_id: str, run_id: str) -> str:
    """A purchase's workflow may run several times."""
    return f"{workflow_id}, run {run_id}"


def _pending(step: PendingActivityInfo, detail: str) -> TimelineEntry:
    """A step in no history yet: under way, or waiting to be tried again after a failure."""
    tried = step.last_started_time if step.HasField("last_started_time") else step.scheduled_time
    what = f"{step.activity_type.name} under way"
    if step.HasField("last_failure"):
        what = f"{step.activity_type.name} failed: {_kind_of(step.last_failure)}; it is tried again"
        if step.HasField("next_attempt_schedule_time"):
            next_try = step.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
            what += f" at {next_try.isoformat(timespec='seconds')}"
    return _step(tried.ToDatetime(tzinfo=UTC), what, detail, step.attempt)


def _kind_of(failure: Failure) -> str:
    """No more than that: what a provider answered may hold personal data."""
    return failure.application_failure_info.type or "no answer in time"


def _step(at: datetime, what: str, detail: str, attempt: int | None = None) -> TimelineEntry:
    return TimelineEntry(at=at, what=what, source="workflow", attempt=attempt, detail=detail)
