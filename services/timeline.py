"""The story of one purchase: workflow history and rows, in the order in which it happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from domain.events import WebhookEvent
from domain.purchases import workflow_id_of
from domain.tenants import Caller
from domain.views import PurchaseView, TimelineEntry
from persistence.events import EventRecords
from services.purchases import PurchaseService

_ENDS: dict[int, str] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow started",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "workflow told",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "workflow completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "workflow failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "workflow terminated",
}


@dataclass(frozen=True)
class TimelineService:
    client: Client
    purchases: PurchaseService
    events: EventRecords

    async def of(self, caller: Caller, any_id: str) -> tuple[TimelineEntry, ...]:
        """What happened, when, by which event, attempt and key; histories may have been removed."""
        view = await self.purchases.get(caller, any_id)
        entries = [
            *_of_rows(view),
            *(_of_event(event) for event in await self.events.of_purchase(view.purchase_id)),
            *await self._of_history(view.purchase_id),
        ]
        return tuple(sorted(entries, key=lambda entry: entry.at))

    async def _of_history(self, purchase_id: str) -> list[TimelineEntry]:
        handle = self.client.get_workflow_handle(workflow_id_of(purchase_id))
        try:
            history = await handle.fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:  # past its retention: rows tell the rest
                return []
            raise Unavailable("Temporal cannot be reached") from error
        return list(_of_history_events(history.events))


def _of_rows(view: PurchaseView) -> Iterator[TimelineEntry]:
    yield TimelineEntry(at=view.created_at, what="purchase recorded", source="record")
    if view.paid_at is not None:
        yield TimelineEntry(
            at=view.paid_at, what="paid", source="record", detail=view.provider_payment_id
        )
    for refund in view.refunds:
        yield TimelineEntry(
            at=refund.created_at,
            what=f"refund of {refund.amount} requested",
            source="refund",
            key=refund.key(),
            detail=f"{refund.refund_id}: {refund.status}",
        )
    for email in view.emails:
        yield TimelineEntry(
            at=email.updated_at,
            what=f"e-mail {email.template} {email.status}",
            source="email",
            attempt=email.tries,
            key=email.email_id,
            detail=email.last_error,
        )
    yield from _of_policy(view)


def _of_policy(view: PurchaseView) -> Iterator[TimelineEntry]:
    if view.policy is None:
        return
    policy = view.policy
    for at, what in (
        (policy.drawn_at, "policy number drawn"),
        (policy.issued_at, "policy issued"),
        (policy.delivered_at, "policy delivered"),
        (policy.cancelled_at, "policy cancelled"),
    ):
        if at is not None:
            yield TimelineEntry(at=at, what=what, source="policy", detail=policy.number)


def _of_event(event: WebhookEvent) -> TimelineEntry:
    return TimelineEntry(
        at=event.received_at,
        what=f"webhook {event.type} {event.outcome}",
        source="webhook",
        event=event.provider_event_id,
        attempt=event.deliveries,
        detail=f"handled {event.handled_at.isoformat()}" if event.handled_at else "not handled yet",
    )


def _of_history_events(events: Iterable[HistoryEvent]) -> Iterator[TimelineEntry]:
    """Activities with their attempts and keys; the workflow's beginning and end."""
    names: dict[int, str] = {}
    for event in events:
        at = event.event_time.ToDatetime(tzinfo=UTC)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            names[event.event_id] = scheduled.activity_type.name
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started = event.activity_task_started_event_attributes
            yield TimelineEntry(
                at=at,
                what=names.get(started.scheduled_event_id, "activity"),
                source="workflow",
                attempt=started.attempt,
            )
        elif event.event_type in _ENDS:
            yield TimelineEntry(at=at, what=_ENDS[event.event_type], source="workflow")
