"""The double of JustiFi on a port of this process, and a client of ours that speaks to it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from pydantic import JsonValue

from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS
from gateways.justifi_models import Decline, Payment, PaymentMethod
from simulators.cuttable_protocol import CuttableProtocol
from simulators.justifi.exchange import PREFIX
from simulators.main import create_app
from simulators.options import Options

CLIENT_ID, CLIENT_SECRET, SELLER = "test_shop", "test_secret", "acc_seller"
GOOD_CARD = "4242424242424242"


@dataclass
class SimulatedJustifi:
    """``client`` is one of the platform's; ``url`` is the double's base address."""

    url: str
    client: JustifiClient

    async def payment_method(self, number: str = GOOD_CARD) -> PaymentMethod:
        card: dict[str, JsonValue] = {"name": "Wei Ling Tan", "number": number, "month": "12"}
        card |= {"year": "2040", "verification": "123", "address_postal_code": "55555"}
        made = await self.client.write(
            PaymentMethod,
            ENDPOINTS.create_payment_method,
            idempotency_key=f"method-{number}",
            body={"payment_method": {"card": card}},
        )
        assert isinstance(made, PaymentMethod)
        return made

    async def pay(
        self, key: str, amount: int = 10_000, scenario: str | None = None, **more: JsonValue
    ) -> Payment | Decline:
        method = await self.payment_method()
        tested: JsonValue = {"payment_test": {"scenario": scenario}} if scenario else {}
        return await self.client.write(
            Payment,
            ENDPOINTS.create_payment,
            idempotency_key=key,
            body={
                "amount": amount,
                "currency": "usd",
                "capture_strategy": "automatic",
                "payment_method": {"token": method.id},
                "metadata": tested,
                **more,
            },
        )


@asynccontextmanager
async def simulated_justifi(token_seconds: float = 3600) -> AsyncIterator[SimulatedJustifi]:
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(Options(justifi_client_id=CLIENT_ID, justifi_token_seconds=token_seconds))
    config = uvicorn.Config(app, http=CuttableProtocol, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}"
    client = JustifiClient(CLIENT_ID, CLIENT_SECRET, url, sub_account=SELLER)
    try:
        yield SimulatedJustifi(url, client)
    finally:
        await client.close()
        server.should_exit = True
        await serving
