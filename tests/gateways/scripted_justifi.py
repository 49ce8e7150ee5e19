"""A JustiFi that answers as it is told, byte for byte; it keeps what was asked."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import JsonValue

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: JsonValue


@dataclass
class ScriptedJustifi:
    """Gives ``tokens`` one after the other, the last for ever; ``lifetime`` None is not told."""

    url: str = ""
    tokens: list[str] = field(default_factory=lambda: ["token-1"])
    lifetime: int | None = 3600
    accepted: set[str] | None = None  # None: every token
    token_answer: Answer | None = None
    server: web.Server | None = None
    asked: list[Asked] = field(default_factory=list)
    tokens_asked: list[Asked] = field(default_factory=list)
    _script: deque[Answer] = field(default_factory=deque)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def answers(
        self, body: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self._script.append(json_answer(body, status, headers))

    def answers_text(self, text: str, status: int = 200) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, content_type="text/html")

        self._script.append(answer)

    def cuts(self) -> None:
        self._script.append(cut)

    def says_nothing(self) -> None:
        async def wait(_: web.Request) -> web.StreamResponse:
            await self._over.wait()
            return web.Response()

        self._script.append(wait)

    async def token(self, request: web.Request) -> web.StreamResponse:
        self.tokens_asked.append(await _asked(request))
        if self.token_answer is not None:
            return await self.token_answer(request)
        token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
        told = {} if self.lifetime is None else {"expires_in": self.lifetime}
        return web.json_response({"access_token": token, **told})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await _asked(request))
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if self.accepted is not None and token not in self.accepted:
            wrong = {"error": {"code": "not_authenticated", "message": "Not Authenticated"}}
            return web.json_response(wrong, status=401)
        script = self._script.popleft if len(self._script) > 1 else lambda: self._script[0]
        return await script()(request)

    def end(self) -> None:
        self._over.set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self.server.connections) if self.server else 0


def json_answer(
    body: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def refusal(code: str, **more: str) -> JsonValue:
    return {"error": {"code": code, "message": "wei@example.com was refused", **more}}


def one(kind: str, data: Mapping[str, JsonValue]) -> JsonValue:
    return {"id": data["id"], "type": kind, "data": dict(data), "page_info": None}


def some(*data: JsonValue, cursor: str | None = None) -> JsonValue:
    """A page; ``cursor`` leads to the next one."""
    info: dict[str, JsonValue] = {"has_next": cursor is not None, "has_previous": False}
    info |= {"start_cursor": "first", "end_cursor": cursor or "last", "amount": 7}
    return {"id": None, "type": "array", "data": list(data), "page_info": info}


PAYMENT: dict[str, JsonValue] = {
    "id": "py_1",
    "amount": 1200,
    "currency": "usd",
    "status": "succeeded",
}


async def _asked(request: web.Request) -> Asked:
    text = await request.text()
    body = json.loads(text) if text else None
    return Asked(request.method, request.path, dict(request.query), request.headers.copy(), body)


@asynccontextmanager
async def scripted_justifi() -> AsyncIterator[ScriptedJustifi]:
    justifi = ScriptedJustifi()
    app = web.Application()
    app.router.add_post("/oauth/token", justifi.token)
    app.router.add_route("*", "/v1/{path:.*}", justifi.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    justifi.server = runner.server
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    justifi.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield justifi
    finally:
        justifi.end()
        await runner.cleanup()
