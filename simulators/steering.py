"""What tests and curious people ask the simulators themselves: the log, a reset, a front page."""

import json
from dataclasses import dataclass

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from simulators.faults import Faults
from simulators.pages import render
from simulators.request_log import DeliveryEntry, RequestEntry, RequestLog
from simulators.sendgrid.mail import Mail
from simulators.store import Store, Table
from simulators.stripe.account import StripeAccount
from simulators.stripe.currencies import readable
from simulators.webhook_delivery import WebhookDelivery

SHOWN = 50


@dataclass(frozen=True)
class House:
    account: StripeAccount
    mails: Table[Mail]
    deliveries: WebhookDelivery
    faults: Faults
    log: RequestLog
    store: Store


class Recorded(BaseModel):
    """Requests and deliveries in the order in which they happened; every event ever caused."""

    model_config = ConfigDict(frozen=True)

    requests: list[RequestEntry]
    events: list[JsonValue]
    deliveries: list[DeliveryEntry]


def router(house: House) -> APIRouter:
    routes = APIRouter(tags=["steering"])

    @routes.get("/_simulator/log")
    async def log() -> Recorded:
        """Every request with its answer, every Stripe event, every try of a webhook."""
        events = [house.account.event_wire(event) for event in house.account.events]
        return Recorded.model_validate(
            {
                "requests": list(house.log.requests),
                "events": json.loads(json.dumps(events)),
                "deliveries": list(house.log.deliveries),
            }
        )

    @routes.post("/_simulator/reset", status_code=204)
    async def reset() -> None:
        """Forget everything but the signing key."""
        house.deliveries.forget_all()
        house.account.clear()
        house.mails.clear()
        house.faults.clear()
        house.log.clear()
        house.store.flush()

    @routes.get("/_simulator/health")
    async def health() -> dict[str, str]:
        """Answers as soon as requests are taken."""
        return {"status": "ok"}

    @routes.get("/", response_class=Response)
    async def front_page() -> Response:
        """The newest checkout sessions and mails, for people."""
        sessions = [
            (session, readable(session.amount_total, session.currency))
            for session, _ in zip(house.account.sessions.newest_first(), range(SHOWN), strict=False)
        ]
        return render("front_page.html", sessions=sessions, mails=len(house.mails))

    return routes
