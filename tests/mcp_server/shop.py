"""The shop as tests use it: quotes to sell, customers who pay, agents who connect."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal

from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import CallToolResult, TextContent

from domain.identifiers import derived_id
from domain.money import Limit, Money
from domain.payments import CheckoutChanged
from domain.quotes import CoverItem, InsuredPerson, Period, Quote
from domain.tenants import Caller
from mcp_server.assembly import build_server
from mcp_server.callers import KeyOfProcess
from mcp_server.calls import PaybindServer
from mcp_server.http import door_of
from mcp_server.tracing import Tracing
from services.catalogue import Services
from services.quotes import QuoteRequest
from settings import Settings
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail
from tests.harbour import Harbour

Era = Literal["auto", "legacy"]
ERAS: tuple[Era, ...] = ("auto", "legacy")
Fields = dict[str, object]
PRICE = Money(minor=15000, currency="SGD")
_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    settings: Settings
    services: Services
    payments: FakePayments
    mail: FakeMail
    key: str
    tenant_id: str
    harbour: Harbour = field(default_factory=Harbour)
    tracing: Tracing | None = None
    servers: dict[tuple[object, ...], PaybindServer] = field(default_factory=dict)

    async def caller(self) -> Caller:
        return await self.services.api_keys.authenticate(self.key)

    async def quote(
        self,
        price: Money = PRICE,
        product: str = "Travel Easy",
        valid_until: datetime | None = None,
    ) -> Quote:
        now = datetime.now(UTC)
        return await self.services.quotes.register(
            await self.caller(),
            QuoteRequest(
                quote_id=f"quote_{next(_numbers)}",
                product_name=product,
                insured_persons=(InsuredPerson(name="Mei Tan"),),
                cover=(CoverItem(name="Medical", limit=Money(minor=10**7, currency="SGD")),),
                period=Period(starts_on=now.date(), ends_on=now.date() + timedelta(days=13)),
                price=price,
                customer_email="mei@example.com",
                valid_until=valid_until or now + timedelta(days=30),
            ),
        )

    async def wish(self, **changes: object) -> Fields:
        """The arguments of initiate_purchase for a quote of its own."""
        quote = await self.quote()
        arguments: Fields = {
            "user_id": "user_alice",
            "quote_id": quote.quote_id,
            "amount": quote.price.minor,
            "currency": quote.price.currency,
            "product_name": quote.product_name,
            "customer_email": "alice@example.com",
        }
        return {**arguments, **changes}

    async def pay(self, purchase_id: str) -> None:
        """The customer pays, and the provider's webhook says so."""
        self.payments.pay(purchase_id)
        await self._tell(purchase_id)

    async def decline(self, purchase_id: str) -> None:
        """The customer's card is declined, and the provider's webhook says so."""
        self.payments.decline(purchase_id)
        await self._tell(purchase_id)

    async def _tell(self, purchase_id: str) -> None:
        event = derived_id("evt", "stripe", next(_numbers))
        purchases = self.services.purchases
        await purchases.workflows.tell_purchase(
            purchase_id, CheckoutChanged(event_id=event), purchases.order
        )

    async def paid_purchase(self) -> str:
        """The id of a purchase whose policy is issued."""
        async with self.agent() as agent:
            started = await agent.answer("initiate_purchase", **await self.wish())
            purchase_id = str(started["payment_intent_id"])
            await self.pay(purchase_id)
            await agent.until_paid(purchase_id)
            await agent.answer("complete_purchase", payment_intent_id=purchase_id)
        return purchase_id

    def with_approval_above(self, minor: int) -> "Shop":
        refunds = replace(self.services.refunds, approval_above=Limit(default_minor=minor))
        return replace(self, services=replace(self.services, refunds=refunds))

    def server(self, **changes: object) -> PaybindServer:
        """Built once for all who want the same: the schemas of its tools cost most of a test."""
        wanted = (id(self.services), id(self.tracing), self.key, *sorted(changes.items()))
        if wanted not in self.servers:
            settings = self.settings.model_copy(update=changes)
            callers = KeyOfProcess(self.services.api_keys, self.key)
            self.servers[wanted] = build_server(
                self.services, callers, door_of(settings), tracing=self.tracing
            )
        return self.servers[wanted]

    @asynccontextmanager
    async def agent(
        self,
        era: Era = "auto",
        human: ElicitationFnT | None = None,
        **changes: object,
    ) -> AsyncIterator["Agent"]:
        """A client in this process. ``human`` answers what the server asks its user."""
        server = self.server(**changes)
        async with Client(server, mode=era, elicitation_callback=human) as client:
            yield Agent(client)


@dataclass(frozen=True)
class Agent:
    client: Client

    async def call(self, tool: str, **arguments: object) -> CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def answer(self, tool: str, **arguments: object) -> Fields:
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    async def failure(self, tool: str, **arguments: object) -> Fields:
        result = await self.call(tool, **arguments)
        assert result.is_error, result.structured_content
        failure = json.loads(text_of(result))
        assert isinstance(failure, dict)
        return failure

    async def until_paid(self, purchase_id: str) -> Fields:
        return await self.state_once(purchase_id, payment_status="completed")

    async def state_once(self, purchase_id: str, **hoped: object) -> Fields:
        """What check_payment_status tells of it, once that is as hoped."""
        return await until(
            lambda: self.answer("check_payment_status", payment_intent_id=purchase_id),
            lambda state: hoped.items() <= state.items(),
        )


def text_of(result: CallToolResult) -> str:
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text


async def until(look: Callable[[], Awaitable[Fields]], hoped: Callable[[Fields], bool]) -> Fields:
    async with asyncio.timeout(15):
        while not hoped(seen := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return seen
