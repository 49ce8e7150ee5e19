"""The door over HTTP, as others reach it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import uvicorn
from fastapi import FastAPI

from mcp_server.http import MCPDoor, mount_mcp
from tests.mcp_server.shop import Shop

HANDSHAKE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Site:
    url: str
    door: MCPDoor

    def http(self, key: str | None, **headers: str) -> httpx2.AsyncClient:
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.AsyncClient(base_url=self.url, headers={**JSON, **bearer, **headers})


@asynccontextmanager
async def opened(shop: Shop) -> AsyncIterator[Site]:
    """The application as the API has it: its own routes, and the door mounted."""
    app = FastAPI()
    door = mount_mcp(app, shop.settings)
    stop = asyncio.Event()
    ready = asyncio.Event()

    async def keep_open() -> None:  # a cancel scope must end in the task that began it
        async with door.running(shop.services):
            ready.set()
            await stop.wait()

    opening = asyncio.create_task(keep_open())
    await ready.wait()
    try:
        async with listening(app) as url:
            yield Site(url, door)
    finally:
        stop.set()
        await opening


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
