"""Composition root of the HTTP door: services, routes, pages and MCP on one port."""

import gc
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, disable_created_metrics
from starlette.exceptions import HTTPException

from api import (
    api_keys,
    audit_log,
    balances,
    connections,
    entity_links,
    executions,
    integration_health,
    integrations,
    links,
    operations,
    pages,
    payouts,
    policies,
    purchases,
    quotes,
    reference,
    refunds,
    webhook_events,
    widget,
)
from api.cross_origin import CrossOrigin
from api.description import DescribedAPI
from api.guard import RequestGuard
from api.problems import on_http_error, on_invalid_input, on_refusal
from api.site import Site
from api.watch import RequestWatch
from api.webhooks import route_of, webhook_routes
from codec_server import codec_server
from composition import open_services
from domain.errors import PaybindError
from gateways.integrations import GatewayProviders
from logs import log_as_json
from mcp_server.http import PATHS as MCP_PATHS
from mcp_server.http import MCPDoor, mount_mcp
from mcp_server.refused_bodies import answer_to_refused_body, body_without_test_card
from processes import listening
from serving import Server
from settings import Settings

ROUTERS = (
    *(quotes.router, purchases.router, links.router, refunds.router),
    *(policies.public_router, policies.router, webhook_events.router, api_keys.router),
    *(connections.router, integrations.router, entity_links.router, audit_log.router),
    *(executions.router, integration_health.router),
    *(payouts.router, balances.router),
    *(operations.router, pages.router, pages.html_router, widget.router, reference.router),
)
STOP_WITHIN = 10  # seconds for requests under way


def create_app(settings: Settings, providers: GatewayProviders | None = None) -> FastAPI:
    """The whole door. Services are opened when it starts and closed when it stops.

    ``providers``: those of the installed packages unless they are given.
    """
    registry = CollectorRegistry()
    app = DescribedAPI(
        title="Paybind",
        version="0.1.0",
        lifespan=_lifespan(settings, providers),
        docs_url=None,  # its pages load scripts from elsewhere; ours is api/reference.py
        redoc_url=None,
        routes=webhook_routes(settings.max_body_bytes),  # first in line: the hot path
        exception_handlers={
            PaybindError: on_refusal,
            RequestValidationError: on_invalid_input,
            HTTPException: on_http_error,
        },
    )
    app.state.registry = registry
    app.state.metrics_are_public = settings.paybind_env != "production"
    app.state.site = Site(name=settings.email_from_name, email=settings.email_from)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/codec", codec_server(settings, app.state))
    app.state.mcp = mount_mcp(app, settings)
    _guard(app, settings, registry, app.state.mcp)
    return app


def _guard(app: FastAPI, settings: Settings, registry: CollectorRegistry, door: MCPDoor) -> None:
    """What is added last stands outermost: it sees the refusals of what stands within."""
    app.add_middleware(
        RequestGuard,
        max_body_bytes=settings.max_body_bytes,
        is_trusted=lambda path: route_of(path) is not None,
        in_their_words=dict.fromkeys(MCP_PATHS, answer_to_refused_body),
        as_read=dict.fromkeys(MCP_PATHS, body_without_test_card) if door.takes_test_cards else {},
    )
    app.add_middleware(RequestWatch, registry=registry, plain_route=route_of)
    app.add_middleware(CrossOrigin)


def _lifespan(
    settings: Settings, providers: GatewayProviders | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics_address = f"127.0.0.1:{_free_port()}"
        app.state.metrics_peers = {"api": metrics_address, **settings.metrics_addresses}
        async with open_services(settings, metrics_address, providers) as services:
            app.state.services = services
            async with app.state.mcp.running(services):
                gc.freeze()  # what is loaded by now stays: the collector need not walk it each time
                yield

    return lifespan


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _announce(address: str) -> None:
    sys.stdout.write(json.dumps({"api": address}) + "\n")
    sys.stdout.flush()


def main() -> None:
    log_as_json()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # nobody reads them
    settings = Settings()
    listener = listening(settings.api_host, settings.api_port)
    settings = settings.model_copy(update={"api_port": listener.getsockname()[1]})
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        lifespan="off",
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN,
    )
    Server(app, config, _announce).run(sockets=[listener])


if __name__ == "__main__":
    main()
