"""An agent with JustiFi's tools, at one integration of the shop's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count

from domain.integrations import Credentials
from domain.tenants import Caller, Scope
from services.integrations import IntegrationWish
from tests.mcp_server.justifi_double import CREDENTIALS
from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import Agent, Era, Fields, Shop

TOOLSETS = "justifi"
CARD: Fields = {
    "name": "Jenny Rosen",
    "number": "4242424242424242",
    "month": "12",
    "year": "2040",
    "verification": "123",
    "address_postal_code": "55555",
}
ACCOUNT: Fields = {
    "account_owner_name": "Jenny Rosen",
    "routing_number": "110000000",
    "account_number": "000123456789",
    "account_type": "checking",
    "account_owner_type": "individual",
}
_numbers = count(1)


async def integration_of(
    shop: Shop, connection_code: str = "justifi", credentials: Credentials = CREDENTIALS
) -> str:
    owner = Caller(tenant_id=shop.tenant_id, key_id="key_owner", scopes=frozenset({Scope.ADMIN}))
    wish = IntegrationWish(
        connection_code=connection_code,
        name=f"Account {next(_numbers)}",
        credentials=credentials,
        metadata={},
    )
    return (await shop.services.integrations.create(owner, wish)).integration_id


@dataclass(frozen=True)
class JustifiAgent:
    """Names the integration in each call."""

    agent: Agent
    integration_id: str
    person: Person

    async def answer(self, tool: str, **arguments: object) -> Fields:
        return await self.agent.answer(tool, **self._at_it(arguments))

    async def failure(self, tool: str, **arguments: object) -> Fields:
        return await self.agent.failure(tool, **self._at_it(arguments))

    async def stored(self, **card: object) -> str:
        """The id of a stored test card."""
        made = await self.answer("create_payment_method", card={**CARD, **card})
        return str(part(made, "payment_method")["id"])

    async def pay(self, amount_cents: int = 1500, **more: object) -> Fields:
        wish: Fields = {"amount_cents": amount_cents, "currency": "usd", **more}
        if "payment_method_id" not in wish:
            wish["payment_method_id"] = await self.stored(name=f"Payer {next(_numbers)}")
        return await self.answer("create_payment", **wish)

    async def paid(self, amount_cents: int = 1500, **more: object) -> str:
        """The id of a payment."""
        return str(part(await self.pay(amount_cents, **more), "payment")["id"])

    def _at_it(self, arguments: Fields) -> Fields:
        return {"integration_id": self.integration_id, **arguments}


@asynccontextmanager
async def at_justifi(
    shop: Shop, era: Era = "auto", person: Person | None = None, **changes: object
) -> AsyncIterator[JustifiAgent]:
    person = person or yes()
    integration_id = await integration_of(shop)
    changes = {"paybind_mcp_toolsets": TOOLSETS, **changes}
    async with shop.agent(era, human=person, **changes) as agent:
        yield JustifiAgent(agent, integration_id, person)


@asynccontextmanager
async def kept_open(
    opening: AbstractAsyncContextManager[JustifiAgent],
) -> AsyncIterator[JustifiAgent]:
    """For fixtures: a client's cancel scope must end in the task that began it."""
    ready: asyncio.Future[JustifiAgent] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def hold() -> None:
        async with opening as agent:
            ready.set_result(agent)
            await stop.wait()

    holding = asyncio.create_task(hold())
    try:
        yield await ready
    finally:
        stop.set()
        await holding


def part(answer: Fields, name: str) -> Fields:
    found = answer[name]
    assert isinstance(found, dict)
    return found


def parts(answer: Fields, name: str) -> list[Fields]:
    found = answer[name]
    assert isinstance(found, list)
    return found
