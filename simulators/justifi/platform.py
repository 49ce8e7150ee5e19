"""One platform: its records, and the events that its changes cause."""

import json
from dataclasses import dataclass
from typing import TypeVar

from simulators.identifiers import new_id
from simulators.justifi import records
from simulators.justifi.clock import Clock
from simulators.justifi.errors import Wire, not_found
from simulators.justifi.idempotency import Idempotency
from simulators.options import Options
from simulators.store import Record, Store, Table
from simulators.timetable import Timetable
from simulators.webhook_delivery import Delivery, WebhookDelivery

CHANNEL = "justifi"
CONFIGURED = "configured"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Origin:
    """The API request that caused an event; empty for what a customer or time caused."""

    request_id: str | None = None
    idempotency_key: str | None = None


BY_ITSELF = Origin()


@dataclass(frozen=True)
class World:
    """What all platforms share."""

    store: Store
    clock: Clock
    deliveries: WebhookDelivery
    options: Options


class JustifiPlatform:
    def __init__(self, identity: records.Platform, world: World, *, hears: bool) -> None:
        def table(kind: str, shape: type[R]) -> Table[R]:
            return world.store.table(f"justifi_{kind}@{identity.id}", shape)

        self.identity = identity
        self.options = world.options
        self.tokens = table("token", records.Token)
        self.methods = table("payment_method", records.PaymentMethod)
        self.payments = table("payment", records.Payment)
        self.refunds = table("refund", records.Refund)
        self.checkouts = table("checkout", records.Checkout)
        self.transactions = table("balance_transaction", records.BalanceTransaction)
        self.payouts = table("payout", records.Payout)
        self.publishers = table("publisher", records.Publisher)
        self.events = table("event", records.Event)
        self.answers = table("answer", records.StoredAnswer)
        self.idempotency = Idempotency(self.answers)
        self.due = Timetable()
        self._clock = world.clock
        self._deliveries = world.deliveries
        self._hears = hears

    def now(self) -> float:
        return self._clock.now()

    def find(self, table: Table[R], identifier: str) -> R:
        found = table.get(identifier)
        if found is None:
            raise not_found()
        return found

    def emit(self, name: str, account_id: str, resource: Wire, origin: Origin) -> None:
        event = self.events.put(
            records.Event(
                id=new_id("evt_", 22),
                created=self.now(),
                name=name,
                account_id=account_id,
                data=json.dumps(resource),
                request_id=origin.request_id,
                idempotency_key=origin.idempotency_key,
            )
        )
        body = json.dumps(self.event_wire(event))
        targets = [publisher.id for publisher in self.publishers]
        for target in [CONFIGURED, *targets] if self._hears else targets:
            self._deliveries.owe(
                Delivery(
                    id=new_id("dlv_"),
                    channel=CHANNEL,
                    account=self.identity.shown,
                    target=target,
                    subject=event.id,
                    event_types=[name],
                    body=body,
                )
            )

    def event_wire(self, event: records.Event) -> Wire:
        """The resource stands in `data` without an envelope."""
        return {
            "id": event.id,
            "event_name": event.name,
            "version": "v1",
            "account_id": event.account_id,
            "account_type": "test",
            "platform_account_id": self.identity.id,
            "idempotency_key": event.idempotency_key,
            "request_id": event.request_id,
            "data": json.loads(event.data),
        }

    def clear(self) -> None:
        self.tokens.clear()
        self.methods.clear()
        self.payments.clear()
        self.refunds.clear()
        self.checkouts.clear()
        self.transactions.clear()
        self.payouts.clear()
        self.publishers.clear()
        self.events.clear()
        self.answers.clear()
        self.due = Timetable()
