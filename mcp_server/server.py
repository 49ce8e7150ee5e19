"""Composition root of the MCP server: `python -m mcp_server.server`, over stdio or HTTP."""

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI

from composition import open_services
from domain.errors import PaybindError
from installed import settings_of_command
from logs import log_as_json
from mcp_server import audit
from mcp_server.assembly import build_server
from mcp_server.callers import KeyOfProcess
from mcp_server.http import PATH, door_of, mount_mcp
from mcp_server.tracing import tracing_to
from processes import NotStarted, end_with, listening
from serving import Server
from settings import Settings

USAGE_ERROR = 2


class NotConfigured(Exception):
    """The message says what to set."""


def main(arguments: Sequence[str] = ()) -> None:
    """Serve until the client closes stdin, or the process is told to stop."""
    given = _parser().parse_args(arguments)
    # Before the SDK does: stdout belongs to the protocol, and its own handler wraps lines.
    log_as_json(logging.WARNING)
    try:
        settings = settings_of_command()
        if given.http:
            serve_http(settings, given.host or settings.api_host, given.port)
        else:
            asyncio.run(serve_stdio(settings))
    except (NotConfigured, NotStarted, ValueError) as refused:
        _give_up(str(refused))
    except PaybindError as refused:
        _give_up(f"{refused.message}. {refused.advice.suggested_action}")
    except RuntimeError as unreachable:  # Temporal's client says so when nobody listens
        _give_up(f"{unreachable}. Start everything by `paybind up`, or set TEMPORAL_ADDRESS.")


async def serve_stdio(settings: Settings) -> None:
    """One client, one key, checked before the first word."""
    key, door = _key(settings), door_of(settings)
    audit.write_to_stderr()
    async with open_services(settings) as services, tracing_to(door.langsmith) as tracing:
        callers = KeyOfProcess(services.api_keys, key)
        await callers.current()
        await build_server(services, callers, door, tracing=tracing).run_stdio_async()


def serve_http(settings: Settings, host: str, port: int) -> None:
    """The same door that the API has at ``/mcp``, in a process of its own."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services, door.running(services):
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    door = mount_mcp(app, settings)
    listener = listening(host, port)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, log_level=logging.WARNING, access_log=False
    )
    with suppress(KeyboardInterrupt):
        Server(app, config, _announce).run(sockets=[listener])


def _announce(address: str) -> None:
    sys.stderr.write(f"paybind mcp: {address}{PATH}\n")


def _key(settings: Settings) -> str:
    """The configured key; in development, the one that `paybind up` has written."""
    if settings.paybind_api_key is not None:
        return settings.paybind_api_key.get_secret_value()
    written = settings.paybind_home / "api_key"
    if settings.paybind_env == "development" and written.exists():
        return written.read_text("utf-8").strip()
    raise NotConfigured(
        "no API key: set PAYBIND_API_KEY, or start everything by `paybind up`, "
        f"which writes one to {written.absolute()} (PAYBIND_HOME says where)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mcp_server.server", description=__doc__)
    parser.add_argument("--http", action="store_true", help="streamable HTTP instead of stdio")
    parser.add_argument("--host", help="with --http; API_HOST unless given")
    parser.add_argument("--port", type=int, default=8087, help="with --http")
    return parser


def _give_up(why: str) -> None:
    sys.stderr.write(f"paybind mcp: {why}\n")
    raise SystemExit(USAGE_ERROR)


if __name__ == "__main__":
    end_with(lambda: main(sys.argv[1:]))
