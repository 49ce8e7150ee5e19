"""A Stripe that answers as it is told, to show failures byte for byte; it keeps what was asked."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import JsonValue

from tests.conformance.second_opinion import second_opinion
from tests.conformance.stripe_contract import problems_in_request, problems_in_response

Answer = Callable[["Asked", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    form: str
    query: str
    headers: Mapping[str, str]


@dataclass
class ScriptedStripe:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _script: deque[Answer] = field(default_factory=deque)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def answers(
        self, body: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        async def answer(asked: Asked, _: web.Request) -> web.StreamResponse:
            self.problems += problems_in_response(asked.method, asked.path, status, body)
            return web.json_response(body, status=status, headers=headers)

        self._script.append(answer)

    def answers_text(self, body: str, status: int) -> None:
        async def answer(_: Asked, __: web.Request) -> web.StreamResponse:
            return web.Response(text=body, status=status, content_type="text/html")

        self._script.append(answer)

    def cuts(self) -> None:
        async def cut(_: Asked, request: web.Request) -> web.StreamResponse:
            _abort(request)
            return web.Response()

        self._script.append(cut)

    def cuts_in_the_middle_of_its_answer(self) -> None:
        async def begin(_: Asked, request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse(headers={"Content-Length": "1000"})
            await answer.prepare(request)
            await answer.write(b'{"id": "cs_')
            _abort(request)
            return answer

        self._script.append(begin)

    def says_nothing(self) -> None:
        async def wait(_: Asked, __: web.Request) -> web.StreamResponse:
            await self._over.wait()
            return web.Response()

        self._script.append(wait)

    def says_half(self) -> None:
        async def stop(_: Asked, request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse(headers={"Content-Length": "1000"})
            await answer.prepare(request)
            await answer.write(b'{"id": "cs_')
            await self._over.wait()
            return answer

        self._script.append(stop)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.text()
        query = request.url.raw_query_string
        asked = Asked(request.method, request.path, form, query, request.headers)
        self.asked.append(asked)
        self.problems += problems_in_request(asked.method, asked.path, form, query)
        peer = second_opinion()
        self.problems += peer.request(asked.method, asked.path, form, query) if peer else []
        return await self._script.popleft()(asked, request)

    def end(self) -> None:
        self._over.set()


@asynccontextmanager
async def scripted_stripe() -> AsyncIterator[ScriptedStripe]:
    """Fails at the end where a request, or a scripted answer, was not as Stripe's wire is."""
    stripe = ScriptedStripe()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stripe.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stripe.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stripe
    finally:
        stripe.end()
        await runner.cleanup()
    assert stripe.problems == []


def _abort(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
