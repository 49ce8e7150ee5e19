"""Around every request: how long it took, and an answer without a trace when all else failed."""

import logging
import time
import traceback
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import answer_to_unexpected

_LOG = logging.getLogger("paybind.api")


class RequestWatch:
    """``registry`` gets the latencies by route template, so that ids never become labels.

    ``plain_route`` gives it for paths served by routes that leave no template behind.
    """

    def __init__(
        self, app: ASGIApp, registry: CollectorRegistry, plain_route: Callable[[str], str | None]
    ) -> None:
        self._app = app
        self._plain_route = plain_route
        self._seconds = Histogram(
            "paybind_http_request_seconds",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            _log_unexpected(error, scope)
            if status:  # half an answer is out: breaking the connection tells the truth
                raise
            await answer_to_unexpected()(scope, receive, sending)
        finally:
            took = time.perf_counter() - began
            route = self._plain_route(scope["path"]) or _route_of(scope)
            self._seconds.labels(_method_of(scope), route, str(status)).observe(took)


def _log_unexpected(error: Exception, scope: Scope) -> None:
    """Where it happened, without its message: that may hold what the customer sent."""
    frames = traceback.extract_tb(error.__traceback__)
    _LOG.error(
        "unexpected error",
        extra={
            "error": type(error).__qualname__,
            "route": _route_of(scope),
            "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
        },
    )


def _route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _method_of(scope: Scope) -> str:
    """Anyone may send any word as a method; those we serve are labels."""
    method = str(scope["method"])
    return method if method in {"GET", "HEAD", "POST", "OPTIONS", "DELETE"} else "other"
