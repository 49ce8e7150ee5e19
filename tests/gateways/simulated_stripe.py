"""The simulated Stripe in a process of its own, its doors, and a receiver for its webhooks."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import BaseModel, JsonValue

from domain.errors import Invalid
from domain.identifiers import new_id
from domain.payments import Fact
from gateways.stripe_webhooks import StripeWebhooks
from gateways.webhooks import SignedEvent
from tests.conformance.second_opinion import second_opinion
from tests.conformance.stripe_contract import (
    problems_in_event,
    problems_in_request,
    problems_in_response,
)

HOUSE = Path(__file__).parents[2]
SECRET = "whsec_of_the_tests"
PATIENCE = 30.0  # seconds


class Logged(BaseModel):
    method: str
    path: str
    query: str
    form: str
    status: int
    answer: JsonValue
    fault: str | None


class Log(BaseModel):
    requests: list[Logged]
    events: list[JsonValue]


@dataclass
class SimulatedStripe:
    """``received`` are the webhooks whose signature held, ``refused`` says why others did not."""

    http: aiohttp.ClientSession
    url: str = ""
    received: "asyncio.Queue[SignedEvent]" = field(default_factory=asyncio.Queue)
    refused: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _arrival: asyncio.Event = field(default_factory=asyncio.Event)

    async def begins_anew(self) -> None:
        await self.post("reset")
        self.received, self._seen, self.refused = asyncio.Queue(), set(), []

    async def post(self, door: str, wanted: JsonValue = None) -> None:
        async with self.http.post(f"{self.url}/_simulator/{door}", json=wanted) as answer:
            assert answer.status < 300, await answer.text()

    async def fails(self, kind: str, path: str = "/v1/", **more: JsonValue) -> None:
        match: JsonValue = {"path_prefix": path}
        await self.post("faults", {"target": "stripe", "kind": kind, "match": match, **more})

    async def log(self) -> Log:
        async with self.http.get(f"{self.url}/_simulator/log") as answer:
            return Log.model_validate_json(await answer.read())

    async def event(self, kind: str) -> tuple[SignedEvent, Fact | None]:
        """The next event of a type, and what it means here."""
        async with asyncio.timeout(PATIENCE):
            while (event := await self.received.get()).type != kind:
                pass
        return event, StripeWebhooks(SECRET).translate(event, new_id("evt"))

    async def ends(self) -> Log:
        """Once every event has arrived, so that none reaches into the next story."""
        log = await self.log()
        async with asyncio.timeout(PATIENCE):
            while len(self._seen) < len(log.events) and not self.refused:
                self._arrival.clear()
                await self._arrival.wait()
        return log

    async def receive(self, request: web.Request) -> web.Response:
        try:
            for event in StripeWebhooks(SECRET).verify(await request.read(), request.headers):
                self.received.put_nowait(event)
                self._seen.add(event.provider_event_id)
                self._arrival.set()
        except Invalid as refusal:
            self.refused.append(refusal.message)
            self._arrival.set()
        return web.Response()


@asynccontextmanager
async def simulated_stripe() -> AsyncIterator[SimulatedStripe]:
    # A server may hang up on an idle connection while the next request is on its way.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
        stripe = SimulatedStripe(http)
        app = web.Application()
        app.router.add_post("/webhooks", stripe.receive)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        process = await _started(f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks")
        try:
            stripe.url = await _announced_by(process)
            yield stripe
        finally:
            process.terminate()
            await process.wait()
            await runner.cleanup()


async def _started(webhook_url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "--port", "0"),
        *("--stripe-webhook-url", webhook_url, "--stripe-webhook-secret", SECRET),
        *("--stripe-key", "sk_test_of_the_tests"),
        cwd=HOUSE,
        stdout=asyncio.subprocess.PIPE,
    )


async def _announced_by(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return str(json.loads(await process.stdout.readline())["simulators"])


def problems_in(log: Log) -> list[str]:
    """What passed between the two, both ways, that Stripe's wire does not know."""
    problems: list[str] = []
    peer = second_opinion()
    for entry in log.requests:
        asked = (entry.method, entry.path, entry.form, entry.query)
        answered = (entry.method, entry.path, entry.status, entry.answer)
        problems += problems_in_request(*asked) + (peer.request(*asked) if peer else [])
        if entry.answer is not None:  # a cut connection has no answer
            problems += problems_in_response(*answered) + (peer.response(*answered) if peer else [])
    for event in log.events:
        problems += problems_in_event(event) + (peer.event(event) if peer else [])
    return problems
