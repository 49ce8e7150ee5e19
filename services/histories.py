"""What Temporal's histories tell of workflows: the steps of every run that it still keeps."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import (
    HistoryEvent,
    MarkerRecordedEventAttributes,
    WorkflowExecutionSignaledEventAttributes,
)
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from domain.model import Model
from domain.views import TimelineEntry
from gateways.faults import Parked

_ENDS: dict[int, str] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow started",
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
        pending: dict[str, Sequence[PendingActivityInfo]] = {}
        try:
            latest = await self.client.get_workflow_handle(workflow_id).describe()
            pending[latest.run_id] = latest.raw_description.pending_activities
            pending |= {run.run_id: () async for run in listed if run.run_id not in pending}
        except RPCError as error:
            if error.status not in _NO_MORE_RUNS:
                raise
        for run_id, under_way in pending.items():
            async for step in self._of_run(workflow_id, run_id, under_way):
                yield step

    async def _of_run(
        self, workflow_id: str, run_id: str, under_way: Sequence[PendingActivityInfo]
    ) -> AsyncIterator[TimelineEntry]:
        """Activities with their attempts, local ones too; the workflow's beginning and end."""
        history = await self.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        run = _Run(self.client.data_converter, f"{workflow_id}, run {run_id}")
        for event in history.events:
            step = await run.told_by(event)
            if step is not None:
                yield step
        for pending in under_way:
            yield await run.pending(pending)


@dataclass(frozen=True)
class _Scheduled:
    what: str
    activity_id: str
    key: str | None


@dataclass(frozen=True)
class _Run:
    """What one run tells, event by event. ``scheduled``: its activities by their events' ids."""

    converter: DataConverter
    detail: str
    scheduled: dict[int, _Scheduled] = field(default_factory=dict)

    async def told_by(self, event: HistoryEvent) -> TimelineEntry | None:
        at = event.event_time.ToDatetime(tzinfo=UTC)
        if event.HasField("activity_task_scheduled_event_attributes"):
            self.scheduled[event.event_id] = await self._schedule(event)
        elif event.HasField("activity_task_started_event_attributes"):
            started = event.activity_task_started_event_attributes
            step = self.scheduled[started.scheduled_event_id]
            return self._step(at, step.what, attempt=started.attempt, key=step.key)
        elif event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY:
            return await self._local(at, event.marker_recorded_event_attributes)
        elif event.HasField("workflow_execution_signaled_event_attributes"):
            return await self._told(at, event.workflow_execution_signaled_event_attributes)
        elif event.event_type in _ENDS:
            return self._step(at, _ENDS[event.event_type])
        return None

    async def pending(self, step: PendingActivityInfo) -> TimelineEntry:
        """A step in no history yet: under way, or waiting to be tried again after a failure."""
        tried = (
            step.last_started_time if step.HasField("last_started_time") else step.scheduled_time
        )
        what = f"{step.activity_type.name} under way"
        if step.HasField("last_failure"):
            failed = f"{step.activity_type.name} failed: {await self._why(step.last_failure)}"
            what = f"{failed}; it is tried again"
            if step.HasField("next_attempt_schedule_time"):
                next_try = step.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
                what += f" at {next_try.isoformat(timespec='seconds')}"
        keys = {each.activity_id: each.key for each in self.scheduled.values()}
        key = keys.get(step.activity_id)
        return self._step(tried.ToDatetime(tzinfo=UTC), what, attempt=step.attempt, key=key)

    async def _schedule(self, event: HistoryEvent) -> _Scheduled:
        """The key is the summary, which operators read in Temporal's own pages."""
        step = event.activity_task_scheduled_event_attributes
        key = None
        if event.user_metadata.HasField("summary"):
            [key] = await self.converter.decode([event.user_metadata.summary], [str])
        return _Scheduled(step.activity_type.name, step.activity_id, key)

    async def _local(self, at: datetime, marker: MarkerRecordedEventAttributes) -> TimelineEntry:
        [step] = await self.converter.decode(marker.details[LOCAL_STEP].payloads, [LocalStep])
        assert isinstance(step, LocalStep)
        what = step.activity_type
        if marker.HasField("failure"):
            what += f" failed: {await self._why(marker.failure)}"
        return self._step(at, what, attempt=step.attempt)

    async def _told(
        self, at: datetime, signal: WorkflowExecutionSignaledEventAttributes
    ) -> TimelineEntry:
        """``event`` is the id by which we know what the provider told."""
        told = await self.converter.decode(signal.input.payloads)
        event = told[0].get("event_id") if told and isinstance(told[0], dict) else None
        return self._step(at, f"workflow told {signal.signal_name}", event=event)

    async def _why(self, failure: Failure) -> str:
        """Its kind and no more: what a provider answered may hold personal data.

        Of what was parked the provider knows nothing: operators read why it waits.
        """
        kind = failure.application_failure_info.type or "no answer in time"
        if kind != Parked.__name__:
            return kind
        return str(await self.converter.decode_failure(failure))

    def _step(
        self,
        at: datetime,
        what: str,
        *,
        event: str | None = None,
        attempt: int | None = None,
        key: str | None = None,
    ) -> TimelineEntry:
        return TimelineEntry(
            at=at,
            what=what,
            source="workflow",
            event=event,
            attempt=attempt,
            key=key,
            detail=self.detail,
        )
