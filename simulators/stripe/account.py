"""The one simulated Stripe account: its records, and the events that its changes cause."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TypeVar

from simulators.identifiers import new_id
from simulators.options import Options
from simulators.store import Record, Store, Table
from simulators.stripe import objects, records
from simulators.stripe.errors import missing
from simulators.stripe.objects import Wire
from simulators.timetable import Timetable
from simulators.webhook_delivery import Delivery, Signed, WebhookDelivery

CHANNEL = "stripe"
CONFIGURED = "we_configured"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Origin:
    """The API request that caused an event; empty for what a customer or time caused."""

    request_id: str | None = None
    idempotency_key: str | None = None


BY_ITSELF = Origin()


class StripeAccount:
    def __init__(self, store: Store, deliveries: WebhookDelivery, options: Options) -> None:
        self.options = options
        self.sessions = store.table("session", records.CheckoutSession)
        self.intents = store.table("payment_intent", records.PaymentIntent)
        self.methods = store.table("payment_method", records.PaymentMethod)
        self.charges = store.table("charge", records.Charge)
        self.refunds = store.table("refund", records.Refund)
        self.disputes = store.table("dispute", records.Dispute)
        self.customers = store.table("customer", records.Customer)
        self.endpoints = store.table("webhook_endpoint", records.WebhookEndpoint)
        self.events = store.table("event", records.Event)
        self.answers = store.table("answer", records.StoredAnswer)
        self.due = Timetable()
        self._deliveries = deliveries
        deliveries.sign_with(CHANNEL, self._sign)

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
        self.customers.clear()
        self.endpoints.clear()
        self.events.clear()
        self.answers.clear()

    def _targets(self, event_type: str) -> list[str]:
        targets = []
        if self.options.stripe_webhook_url and _wanted(
            event_type, self.options.stripe_webhook_events
        ):
            targets.append(CONFIGURED)
        targets += [
            endpoint.id
            for endpoint in self.endpoints
            if _wanted(event_type, tuple(endpoint.enabled_events))
        ]
        return targets

    def _sign(self, delivery: Delivery) -> Signed | None:
        url, secret = self.options.stripe_webhook_url, self.options.stripe_webhook_secret
        if delivery.target != CONFIGURED:
            endpoint = self.endpoints.get(delivery.target)
            url, secret = (endpoint.url, endpoint.secret) if endpoint else (None, "")
        if url is None:
            return None
        return Signed(
            url,
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Stripe-Signature": signature(delivery.body, secret, self.now()),
            },
        )


def _wanted(event_type: str, enabled: tuple[str, ...]) -> bool:
    return "*" in enabled or event_type in enabled


def signature(body: str, secret: str, timestamp: int) -> str:
    signed = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"
