"""MCP over HTTP, mounted into an application at ``/mcp``: no sessions, one answer per request."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connections import keyring
from domain.errors import Unavailable
from mcp_server import audit
from mcp_server.assembly import Door, build_server
from mcp_server.callers import ADDRESS, KeyOfRequest, KeyVerifier
from mcp_server.calls import PaybindServer
from mcp_server.errors import failure_of
from mcp_server.toolsets import Selection
from mcp_server.tracing import LangSmith, tracing_to
from services.catalogue import Services
from settings import Settings

PATH = "/mcp"
PATHS = (PATH, f"{PATH}/")  # both as they are: a redirect would lose the body
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def mount_mcp(app: FastAPI, settings: Settings) -> "MCPDoor":
    """Adds the routes; the door answers once it is ``running``."""
    door = MCPDoor(settings)
    for path in PATHS:
        app.router.routes.append(Route(path, endpoint=door, include_in_schema=False))
    return door


class MCPDoor:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._door = door_of(settings)
        self._app: ASGIApp = _Closed()

    @property
    def takes_test_cards(self) -> bool:
        return self._door.takes_test_cards

    @asynccontextmanager
    async def running(self, services: Services) -> AsyncIterator[None]:
        async with tracing_to(self._door.langsmith) as tracing:
            verifier = KeyVerifier(services.api_keys)
            server = build_server(services, KeyOfRequest(), self._door, verifier, tracing)
            async with self._answering(server):
                yield

    @asynccontextmanager
    async def _answering(self, server: PaybindServer) -> AsyncIterator[None]:
        audit.write_to_stderr()
        app = server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=self._settings.max_body_bytes,
            transport_security=_security(self._settings),
        )
        app.add_middleware(_Outages)
        async with server.session_manager.run():
            self._app = app
            try:
                yield
            finally:
                self._app = _Closed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = {**scope, "path": PATH, "raw_path": PATH.encode(), "root_path": ""}
        client = scope.get("client")
        was = ADDRESS.set(client[0] if client else None)
        try:
            await self._app(inner, receive, send)
        finally:
            ADDRESS.reset(was)


class _Outages:
    """A database that is away while a key is looked up: come back later."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Unavailable as outage:
            await _unavailable(outage)(scope, receive, send)


class _Closed:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _unavailable(Unavailable("the server is starting or stopping"))(scope, receive, send)


def door_of(settings: Settings) -> Door:
    """Raises ValueError for a tool set that does not exist."""
    selection = Selection.parse(
        settings.paybind_mcp_toolsets, settings.paybind_mcp_read_only, settings.stripe_currency
    )
    return Door(
        selection=selection,
        takes_test_cards=_takes_test_cards(settings, selection),
        langsmith=_langsmith(settings),
        api_base=settings.api_url,
        widget_base=settings.widget_base_url,
        state_secrets=keyring(settings).signing_secrets()[::-1],  # the active one first
    )


def _takes_test_cards(settings: Settings, selection: Selection) -> bool:
    """Test keys alone know them: in live mode they are card numbers like any other."""
    return not settings.livemode and "justifi" in selection.toolsets and not selection.read_only


def _langsmith(settings: Settings) -> LangSmith | None:
    key = settings.langsmith_api_key
    if not settings.langsmith_tracing or key is None:
        return None
    return LangSmith(key, settings.langsmith_endpoint, settings.langsmith_project)


def _security(settings: Settings) -> TransportSecuritySettings:
    """Only names we are known by, so that no page elsewhere can talk to us through a browser."""
    public = urlsplit(settings.api_url).netloc
    names: Sequence[str] = (*_LOOPBACK, public.partition(":")[0], settings.api_host)
    hosts = [public, *names, *(f"{name}:*" for name in names)]
    return TransportSecuritySettings(
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
    )


def _unavailable(error: Unavailable) -> JSONResponse:
    return JSONResponse(
        failure_of(error).model_dump(exclude_none=True),
        status_code=503,
        headers={"Retry-After": str(error.retry_after)},
    )
