"""JustiFi's double on this machine's loopback, as the worker and the tests reach it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import uvicorn
from pydantic import JsonValue, TypeAdapter

from domain.identifiers import new_id
from gateways.justifi_client import JustifiClient
from gateways.justifi_models import Payment
from simulators.cuttable_protocol import CuttableProtocol
from simulators.main import create_app
from simulators.options import Options

CLIENT_ID, CLIENT_SECRET, SELLER = "test_shop", "test_secret", "acc_seller"
CREDENTIALS = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "sub_account_id": SELLER,
    "webhook_secret": "sigk_of_these_tests",
}
_LOG: TypeAdapter[list[dict[str, JsonValue]]] = TypeAdapter(list[dict[str, JsonValue]])


@dataclass
class JustifiDouble:
    url: str = ""
    http: httpx2.AsyncClient = field(default_factory=httpx2.AsyncClient)

    @property
    def base_url(self) -> str:
        return f"{self.url}/justifi"

    async def steer(self, door: str, told: Mapping[str, JsonValue]) -> None:
        answer = await self.http.post(f"{self.url}/_simulator/{door}", json=dict(told))
        assert answer.is_success, answer.text

    async def fails(self, kind: str, method: str, path: str, **more: JsonValue) -> None:
        match: JsonValue = {"method": method, "path_prefix": f"/v1/{path}"}
        await self.steer("faults", {"target": "justifi", "kind": kind, "match": match, **more})

    async def paid(self, payment_method_id: str, **noted: str) -> str:
        """The id of a payment that another than an agent's tool has made; with this metadata."""
        client = JustifiClient(CLIENT_ID, CLIENT_SECRET, self.base_url, SELLER)
        made = await client.write(
            Payment,
            client.endpoints.create_payment,
            idempotency_key=new_id("evt"),
            body={
                "amount": 1500,
                "currency": "usd",
                "capture_strategy": "automatic",
                "payment_method": {"token": payment_method_id},
                "metadata": noted,
            },
        )
        await client.close()
        assert isinstance(made, Payment)
        return made.id

    async def requests(self, method: str, path: str) -> list[dict[str, JsonValue]]:
        answer = await self.http.get(f"{self.url}/_simulator/log")
        logged = _LOG.validate_python(answer.json()["requests"])
        return [
            each
            for each in logged
            if each["method"] == method and str(each["path"]).startswith(f"/v1/{path}")
        ]


@asynccontextmanager
async def justifi_double() -> AsyncIterator[JustifiDouble]:
    app = create_app(Options(justifi_client_id=CLIENT_ID, settle_after=3600))
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=CuttableProtocol, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    double = JustifiDouble(f"http://127.0.0.1:{port}")
    try:
        async with double.http:
            yield double
    finally:
        server.should_exit = True
        await serving
