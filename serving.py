"""uvicorn with the application's opening in our hands, so that what prevents it can be told."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """``run`` raises what keeps the application from opening; uvicorn alone logs it and exits.

    ``config`` needs ``lifespan="off"``. ``on_ready`` gets the address, once it is listened at.
    """

    def __init__(
        self, app: FastAPI, config: uvicorn.Config, on_ready: Callable[[str], None]
    ) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready
        self._opened = AsyncExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._opened.enter_async_context(self._app.router.lifespan_context(self._app))
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._on_ready(f"http://{host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)  # requests under way still need what is open
        await self._opened.aclose()
