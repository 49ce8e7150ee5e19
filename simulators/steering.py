"""What tests and curious people ask the simulators themselves: the log, a reset, a front page."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from simulators.faults import Faults
from simulators.justifi.platforms import JustifiPlatforms
from simulators.pages import render
from simulators.request_log import DeliveryEntry, RequestEntry, RequestLog
from simulators.sendgrid.mail import Mail
from simulators.store import Store, Table
from simulators.stripe.account import StripeAccount
from simulators.stripe.accounts import StripeAccounts
from simulators.stripe.currencies import readable
from simulators.stripe.records import CheckoutSession
from simulators.webhook_delivery import WebhookDelivery

SHOWN = 50
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class House:
    accounts: StripeAccounts
    platforms: JustifiPlatforms
    mails: Table[Mail]
    deliveries: WebhookDelivery
    faults: Faults
    log: RequestLog
    store: Store


class Health(BaseModel):
    model_config = ConfigDict(frozen=True)

    status: Literal["ok"] = "ok"


class Recorded(BaseModel):
    """Requests and deliveries in the order in which they happened; every event ever caused.

    `event_accounts` tells by a Stripe event's id whose it is: the last four characters of the key.
    """

    model_config = ConfigDict(frozen=True)

    requests: list[RequestEntry]
    events: list[JsonValue]
    justifi_events: list[JsonValue]
    event_accounts: dict[str, str]
    deliveries: list[DeliveryEntry]


@dataclass(frozen=True)
class SessionRow:
    session: CheckoutSession
    total: str
    account: str


class Steering:
    def __init__(self, house: House) -> None:
        self._house = house
        self.router = APIRouter(tags=["steering"])
        add = self.router.add_api_route
        add("/_simulator/log", self.show_log)
        add("/_simulator/reset", self.reset, methods=["POST"], status_code=204)
        add("/_simulator/health", self.health)
        add("/", self.front_page, response_class=Response)

    async def show_log(self) -> Recorded:
        """Every request with its answer, every event, every try of a webhook."""
        log = self._house.log
        events = [(account, event) for account in self._house.accounts for event in account.events]
        events.sort(key=lambda one: one[1].created)
        return Recorded(
            requests=list(log.requests),
            events=[_JSON.validate_python(account.event_wire(event)) for account, event in events],
            justifi_events=self._house.platforms.events(),
            event_accounts={event.id: account.identity.shown for account, event in events},
            deliveries=list(log.deliveries),
        )

    async def reset(self) -> None:
        """Forget everything but the signing key."""
        self._house.deliveries.forget_all()
        self._house.accounts.clear()
        self._house.platforms.clear()
        self._house.mails.clear()
        self._house.faults.clear()
        self._house.log.clear()
        self._house.store.flush()

    async def health(self) -> Health:
        """Answers as soon as requests are taken."""
        return Health()

    async def front_page(self) -> Response:
        """The newest checkouts, and the way to the mails, for people."""
        accounts = list(self._house.accounts)
        rows = merge(*map(_newest, accounts), key=lambda row: -row.session.created)
        return render(
            "front_page.html",
            rows=list(islice(rows, SHOWN)),
            several=len(accounts) > 1,
            checkouts=list(islice(self._house.platforms.newest_checkouts(), SHOWN)),
            mails=len(self._house.mails),
        )


def _newest(account: StripeAccount) -> Iterator[SessionRow]:
    for session in account.sessions.newest_first():
        total = readable(session.amount_total, session.currency)
        yield SessionRow(session, total, account.identity.shown)
