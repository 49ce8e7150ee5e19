"""A simulated Stripe account: its records, and the events that its changes cause."""

import json
import time
from dataclasses import dataclass
from typing import TypeVar

from simulators.identifiers import new_id
from simulators.options import Options
from simulators.store import Record, Store, Table
from simulators.stripe import objects, records
from simulators.stripe.errors import missing
from simulators.stripe.idempotency import Idempotency
from simulators.stripe.objects import Wire
from simulators.timetable import Timetable
from simulators.webhook_delivery import Delivery, WebhookDelivery

CHANNEL = "stripe"
CONFIGURED = "we_configured"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Origin:
    """The API request that caused an event; empty for what a customer or time caused."""

    request_id: str | None = None
    idempotency_key: str | None = None


BY_ITSELF = Origin()


@dataclass(frozen=True)
class Books:
    """Where in the store an account's records are; `name` is empty for the configured account."""

    store: Store
    name: str = ""

    @property
    def are_the_configured_ones(self) -> bool:
        return not self.name

    def table(self, kind: str, shape: type[R]) -> Table[R]:
        return self.store.table(f"{kind}@{self.name}" if self.name else kind, shape)


class StripeAccount:
    def __init__(
        self,
        identity: records.Account,
        books: Books,
        deliveries: WebhookDelivery,
        options: Options,
    ) -> None:
        self.identity = identity
        self.options = options
        self.sessions = books.table("session", records.CheckoutSession)
        self.intents = books.table("payment_intent", records.PaymentIntent)
        self.methods = books.table("payment_method", records.PaymentMethod)
        self.charges = books.table("charge", records.Charge)
        self.refunds = books.table("refund", records.Refund)
        self.disputes = books.table("dispute", records.Dispute)
        self.payouts = books.table("payout", records.Payout)
        self.customers = books.table("customer", records.Customer)
        self.endpoints = books.table("webhook_endpoint", records.WebhookEndpoint)
        self.events = books.table("event", records.Event)
        self.answers = books.table("answer", records.StoredAnswer)
        self.idempotency = Idempotency(self.answers)
        self.due = Timetable()
        self._hears = books.are_the_configured_ones and options.stripe_webhook_url is not None
        self._deliveries = deliveries

    def now(self) -> int:
        return int(time.time())

    def find(self, table: Table[R], identifier: str, noun: str, param: str = "id") -> R:
        """`param` other than `id` names a reference inside a request, which is a 400."""
        found = table.get(identifier)
        if found is None:
            raise missing(noun, identifier, param, status=404 if param == "id" else 400)
        return found

    def emit(
        self, event_type: str, subject: Wire, origin: Origin, previous: Wire | None = None
    ) -> None:
        data: Wire = {"object": subject}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.events.put(
            records.Event(
                id=new_id("evt_"),
                created=self.now(),
                type=event_type,
                data=json.dumps(data),
                request_id=origin.request_id,
                idempotency_key=origin.idempotency_key,
            )
        )
        targets = self._targets(event_type)
        body = json.dumps(objects.event(event, len(targets))) if targets else ""
        for target in targets:
            self._deliveries.owe(
                Delivery(
                    id=new_id("dlv_"),
                    channel=CHANNEL,
                    account=self.identity.shown,
                    target=target,
                    subject=event.id,
                    event_types=[event_type],
                    body=body,
                )
            )

    def event_wire(self, event: records.Event) -> Wire:
        return objects.event(event, self._deliveries.owed_for(event.id))

    def clear(self) -> None:
        self.sessions.clear()
        self.intents.clear()
        self.methods.clear()
        self.charges.clear()
        self.refunds.clear()
        self.disputes.clear()
        self.payouts.clear()
        self.customers.clear()
        self.endpoints.clear()
        self.events.clear()
        self.answers.clear()

    def _targets(self, event_type: str) -> list[str]:
        targets = []
        if self._hears and _wanted(event_type, self.options.stripe_webhook_events):
            targets.append(CONFIGURED)
        targets += [
            endpoint.id
            for endpoint in self.endpoints
            if _wanted(event_type, tuple(endpoint.enabled_events))
        ]
        return targets


def _wanted(event_type: str, enabled: tuple[str, ...]) -> bool:
    return "*" in enabled or event_type in enabled
