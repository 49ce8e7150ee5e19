"""The story of one purchase: workflow history and rows, in the order in which it happened."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.emails import EmailStatus
from domain.events import EventOutcome, WebhookEvent
from domain.purchases import workflow_id_of
from domain.refunds import workflow_id_of as refund_workflow_id_of
from domain.routing import Route
from domain.tenants import Caller
from domain.views import PurchaseView, Review, TimelineEntry
from persistence.events import EventRecords
from services.histories import Histories
from services.purchases import PurchaseService

# A message that is still being sent has met no error yet, or no answer at all.
_UNANSWERED = {EmailStatus.SENDING: "no answer yet: it may have been sent"}


@dataclass(frozen=True)
class TimelineService:
    histories: Histories
    purchases: PurchaseService
    events: EventRecords

    async def of(self, caller: Caller, any_id: str) -> tuple[TimelineEntry, ...]:
        """What happened, when, by which event, attempt and key; histories may have been removed."""
        view = await self.purchases.get(caller, any_id)
        events = await self.events.of_purchase(view.purchase_id)
        providers_ids = {event.event_id: event.provider_event_id for event in events}
        entries = [
            *_of_rows(view),
            *(_of_event(event) for event in events),
            *(
                step.model_copy(update={"event": providers_ids.get(step.event or "", step.event)})
                for step in await self.histories.steps(_workflow_ids(view))
            ),
        ]
        return tuple(sorted(dict.fromkeys(entries), key=lambda entry: entry.at))


def _workflow_ids(view: PurchaseView) -> list[str]:
    refunds = (refund_workflow_id_of(refund.refund_id) for refund in view.refunds)
    return [workflow_id_of(view.purchase_id), *refunds]


def _of_rows(view: PurchaseView) -> Iterator[TimelineEntry]:
    yield TimelineEntry(at=view.created_at, what="purchase recorded", source="record")
    if view.route is not None:
        yield from _of_route(view.route)
    if view.paid_at is not None:
        yield TimelineEntry(
            at=view.paid_at, what="paid", source="record", detail=view.provider_payment_id
        )
    for refund in view.refunds:
        yield TimelineEntry(
            at=refund.created_at,
            what=f"refund of {refund.amount} requested",
            source="refund",
            detail=f"{refund.refund_id}: {refund.status}",
        )
    for email in view.emails:
        yield TimelineEntry(
            at=email.updated_at,
            what=f"e-mail {email.template} {email.status}",
            source="email",
            attempt=email.tries,
            key=email.email_id,
            detail=email.last_error or _UNANSWERED.get(email.status),
        )
    for review in view.reviews:
        yield from _of_review(review)
    yield from _of_policy(view)


def _of_route(route: Route) -> Iterator[TimelineEntry]:
    for left in route.passed_over:
        what = f"{'passed over' if left.session_id is None else 'moved on from'} {left.name}"
        yield TimelineEntry(at=left.at, what=what, source="routing", detail=left.why)
    yield TimelineEntry(
        at=route.decided_at,
        what=f"routed to {route.name} ({route.connection_code})",
        source="routing",
        detail=route.because,
    )


def _of_review(review: Review) -> Iterator[TimelineEntry]:
    for at, what in ((review.opened_at, "opened"), (review.resolved_at, "resolved")):
        if at is not None:
            what = f"review {review.reason} {what}"
            yield TimelineEntry(at=at, what=what, source="review", detail=review.detail)


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
        detail=_handling_of(event),
    )


def _handling_of(event: WebhookEvent) -> str | None:
    if event.handled_at is not None:
        return f"handled {event.handled_at.isoformat()}"
    is_awaited = event.outcome in (EventOutcome.RECEIVED, EventOutcome.HANDED_OVER)
    return "not handled yet" if is_awaited else None
