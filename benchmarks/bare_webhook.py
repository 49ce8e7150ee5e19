"""The least a webhook route could be: the official signature check, and the same signal."""

import json
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connections import connect_temporal
from domain.payments import CheckoutChanged
from domain.purchases import workflow_id_of
from settings import Settings
from workflows.purchase import PurchaseWorkflow

PATH = "/webhook"


async def receive(request: Request) -> Response:
    body = (await request.body()).decode()
    stripe.WebhookSignature.verify_header(
        body, request.headers["stripe-signature"], request.app.state.secret, 300
    )
    event = json.loads(body)
    workflow_id = workflow_id_of(event["data"]["object"]["metadata"]["purchase_id"])
    handle = request.app.state.client.get_workflow_handle(workflow_id)
    await handle.signal(PurchaseWorkflow.checkout_changed, CheckoutChanged(event_id=event["id"]))
    return Response(b'{"received": true}', media_type="application/json")


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    settings = Settings()
    assert settings.stripe_webhook_secret is not None
    app.state.secret = settings.stripe_webhook_secret.get_secret_value()
    app.state.client = await connect_temporal(settings)
    yield


class _Announcing(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(json.dumps({"webhook": f"http://{host}:{port}{PATH}"}) + "\n")
        sys.stdout.flush()


def main() -> None:
    app = Starlette(routes=[Route(PATH, receive, methods=["POST"])], lifespan=connected)
    config = uvicorn.Config(
        app,
        port=0,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
    )
    _Announcing(config).run()


if __name__ == "__main__":
    main()
