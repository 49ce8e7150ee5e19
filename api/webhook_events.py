"""Webhook events as they were received, and handing one over once more."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.events import EventOutcome, WebhookEvent
from domain.model import Model
from domain.tenants import Caller, Scope
from domain.views import Page

router = APIRouter(
    prefix="/webhook-events",
    tags=["webhook events"],
    route_class=IdempotentRoute,
    dependencies=KEY_REQUIRED,
)


class EventListing(Listing):
    outcome: EventOutcome | None = None
    purchase_id: str | None = None


class EventAnswer(Model):
    event_id: str
    provider: str
    provider_event_id: str
    type: str
    outcome: EventOutcome
    livemode: bool
    purchase_id: str | None
    workflow_id: str | None
    received_at: datetime
    handed_over_at: datetime | None
    handled_at: datetime | None
    deliveries: int
    payload: str | None = Field(
        None, description="As the provider sent it; personal, so only for keys with scope admin."
    )


@router.get("", operation_id="listWebhookEvents")
async def list_events(
    wanted: Annotated[EventListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[EventAnswer]:
    """Events, newest first. `outcome=received` lists what was never handed over."""
    page = await services.webhooks.page(
        caller, wanted.outcome, wanted.purchase_id, wanted.cursor, wanted.limit
    )
    return Page(items=tuple(_answer(each) for each in page.items), next_cursor=page.next_cursor)


@router.get("/{event_id}", operation_id="getWebhookEvent")
async def get_event(event_id: str, caller: CallerDep, services: ServicesDep) -> EventAnswer:
    """One event, by our id or the provider's; its payload only for administrators.

    Where several accounts told of events by one id, 409 names them: ask again by `event_id`.
    """
    return _answer(await services.webhooks.get(caller, event_id), caller)


@router.post("/{event_id}/replay", operation_id="replayWebhookEvent", status_code=202)
async def replay_event(event_id: str, caller: CallerDep, services: ServicesDep) -> EventAnswer:
    """Hand it over once more, by our id or the provider's. Handling it twice changes nothing."""
    return _answer(await services.webhooks.replay(caller, event_id))


def _answer(event: WebhookEvent, reader: Caller | None = None) -> EventAnswer:
    shown = event.model_dump(include=set(EventAnswer.model_fields) - {"payload"})
    may_read = reader is not None and reader.may(Scope.ADMIN)
    return EventAnswer(**shown, payload=event.payload if may_read else None)
