"""JustiFi's double in one piece: what the application includes, starts and empties."""

from fastapi import APIRouter

from simulators.faults import Faults
from simulators.justifi.api import JustifiApi
from simulators.justifi.clock import Clock
from simulators.justifi.exchange import Exchange
from simulators.justifi.hosted_page import CheckoutPage
from simulators.justifi.machine_door import JustifiDoor
from simulators.justifi.passage_of_time import let_time_pass, take_up
from simulators.justifi.payout_door import PayoutDoor
from simulators.justifi.platform import World
from simulators.justifi.platforms import JustifiPlatforms
from simulators.justifi.routes import add_routes
from simulators.justifi.tokens import TokenEndpoint
from simulators.options import Options
from simulators.request_log import RequestLog
from simulators.store import Store
from simulators.webhook_delivery import WebhookDelivery


class Justifi:
    def __init__(
        self,
        store: Store,
        deliveries: WebhookDelivery,
        options: Options,
        faults: Faults,
        log: RequestLog,
    ) -> None:
        self._store = store
        self.platforms = JustifiPlatforms(World(store, Clock(store), deliveries, options))
        take_up(self.platforms)
        exchange = Exchange(store, faults, log)
        page = CheckoutPage(self.platforms, store)
        self.routers: list[APIRouter] = [
            page.router,
            JustifiDoor(self.platforms, store).router,
            PayoutDoor(self.platforms, store).router,
            exchange.router,
        ]
        TokenEndpoint(self.platforms, exchange)
        add_routes(JustifiApi(self.platforms, exchange))

    async def let_time_pass(self) -> None:
        await let_time_pass(self.platforms, self._store)
