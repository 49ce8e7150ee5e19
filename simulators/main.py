"""Composes the simulators into one application: the providers, and the doors to steer them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from fastapi import FastAPI, Response
from starlette.requests import Request

from simulators import faults as fault_scripts
from simulators.justifi.double import Justifi
from simulators.options import Options
from simulators.request_log import RequestLog
from simulators.sendgrid.api import SendGridApi
from simulators.sendgrid.event_webhook import EventWebhook
from simulators.sendgrid.mailbox import Mailbox
from simulators.steering import House, Steering
from simulators.store import Store
from simulators.stripe.accounts import StripeAccounts
from simulators.stripe.api import StripeApi
from simulators.stripe.hosted_page import HostedPage
from simulators.stripe.machine_door import MachineDoor
from simulators.stripe.passage_of_time import let_time_pass
from simulators.stripe.routes import add_routes
from simulators.webhook_delivery import WebhookDelivery

# What happens by itself with one provider; it ends when it is cancelled.
Passage = Callable[[], Coroutine[None, None, None]]


def create_app(options: Options) -> FastAPI:
    """`app.state.sendgrid_public_key` is what a receiver verifies SendGrid's events with."""
    store = Store(options.data)
    faults = fault_scripts.Faults()
    log = RequestLog(options.log)
    deliveries = WebhookDelivery(store, faults, log, options.retries)
    accounts = StripeAccounts(store, deliveries, options)
    webhook = EventWebhook(store, deliveries, options)

    stripe = StripeApi(accounts, store, faults, log)
    add_routes(stripe)
    sendgrid = SendGridApi(store, faults, log, webhook)
    justifi = Justifi(store, deliveries, options, faults, log)
    house = House(accounts, justifi.platforms, sendgrid.mails, deliveries, faults, log, store)
    passages = (lambda: let_time_pass(accounts, store), justifi.let_time_pass)

    app = FastAPI(title="Simulators", lifespan=_lifespan(passages, store, deliveries, log))
    app.state.sendgrid_public_key = webhook.public_key
    for router in (
        stripe.router,
        sendgrid.router,
        HostedPage(accounts, store).router,
        MachineDoor(accounts, store).router,
        Mailbox(sendgrid.mails).router,
        *justifi.routers,
        fault_scripts.router(faults),
        Steering(house).router,
    ):
        app.include_router(router)
    app.add_exception_handler(fault_scripts.CutError, _nobody_is_listening)
    return app


def _lifespan(
    passages: tuple[Passage, ...], store: Store, deliveries: WebhookDelivery, log: RequestLog
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        deliveries.start()
        clocks = [asyncio.create_task(passage()) for passage in passages]
        yield
        for clock in clocks:
            clock.cancel()
        for clock in clocks:
            with suppress(asyncio.CancelledError):
                await clock
        await deliveries.stop()
        store.close()
        log.close()

    return lifespan


async def _nobody_is_listening(_: Request, __: Exception) -> Response:
    return Response(status_code=400)
