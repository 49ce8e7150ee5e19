"""The load: quotes registered, checkouts opened, signed webhooks posted, ends awaited."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import aiohttp
from temporalio.client import Client

from benchmarks import stripe_objects
from domain.purchases import workflow_id_of
from domain.tenants import PLATFORM_TENANT
from installation import Installation

CURRENCY, AMOUNT, PRODUCT = "SGD", 15_000, "Premium Travel Insurance"
_LINKS = f"/entities/tenant/{PLATFORM_TENANT}/integrations"
Job = TypeVar("Job")
Done = TypeVar("Done")


@dataclass(frozen=True)
class Sale:
    """A registered quote; ``email`` is its own, so that its mail is found."""

    quote_id: str
    email: str

    @property
    def wish(self) -> dict[str, object]:
        return {
            "user_id": "bench",
            "quote_id": self.quote_id,
            "amount": AMOUNT,
            "currency": CURRENCY,
            "customer_email": self.email,
        }


@dataclass(frozen=True)
class Bought:
    purchase_id: str
    session_id: str
    sale: Sale


@dataclass(frozen=True)
class Shop:
    running: Installation
    http: aiohttp.ClientSession
    temporal: Client
    providers: str
    webhooks: str = "/webhooks/stripe"
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @asynccontextmanager
    async def by_registry(self) -> AsyncIterator["Shop"]:
        """One whose purchases go by the tenant's default integration, to the same provider."""
        secret = self.running.settings.stripe_webhook_secret
        assert secret is not None
        credentials = {
            "api_key": "sk_test_benchOfTheRegistry",
            "webhook_secret": secret.get_secret_value(),
        }
        wish: dict[str, object] = {
            "connection_code": "stripe",
            "name": "bench",
            "credentials": credentials,
        }
        integration_id = (await self._post("/integrations", wish))["integration_id"]
        await self._post(_LINKS, {"integration_id": integration_id, "is_default": True})
        try:
            yield replace(self, webhooks=f"/webhooks/stripe/{integration_id}")
        finally:
            url = f"{self.running.settings.api_url}{_LINKS}/{integration_id}"
            async with self.http.delete(url, headers=self._key) as answer:
                answer.raise_for_status()

    async def register(self, many: int) -> list[Sale]:
        numbers = [next(self._numbers) for _ in range(many)]
        sales = [Sale(f"quote_bench_{n}", f"alice.{n}@example.com") for n in numbers]
        await at_once(8, sales, self._register)
        return sales

    async def open(self, sale: Sale) -> Bought:
        started = await self._post("/purchases", sale.wish)
        return Bought(str(started["payment_intent_id"]), str(started["session_id"]), sale)

    async def pay(self, bought: Bought) -> float:
        """Post the signed webhook; when that began, by the monotonic clock."""
        began = time.monotonic()
        await self.tell(bought, f"{self.running.settings.api_url}{self.webhooks}")
        return began

    async def tell(self, bought: Bought, url: str) -> None:
        """A signed event more about a purchase, to the real endpoint or to a bare one."""
        ours = {"purchase_id": bought.purchase_id, "tenant_id": "default"}
        opened = stripe_objects.session(0, AMOUNT, CURRENCY.lower(), ours, self.providers)
        opened["id"] = bought.session_id
        subject = stripe_objects.paid(opened, expanded=False)
        body = stripe_objects.completed_event(next(self._numbers), subject)
        secret = self.running.settings.stripe_webhook_secret
        assert secret is not None
        headers = {"Stripe-Signature": stripe_objects.signature(body, secret.get_secret_value())}
        async with self.http.post(url, data=body, headers=headers) as answer:
            answer.raise_for_status()
            await answer.read()

    async def buy(self, sale: Sale) -> Bought:
        """The whole story, until its workflow has ended."""
        bought = await self.open(sale)
        await self.pay(bought)
        await self.ended(bought)
        return bought

    async def ended(self, bought: Bought) -> None:
        await self.temporal.get_workflow_handle(workflow_id_of(bought.purchase_id)).result()

    async def history_events(self, bought: Bought) -> int:
        handle = self.temporal.get_workflow_handle(workflow_id_of(bought.purchase_id))
        return len((await handle.fetch_history()).events)

    async def mail_arrived(self, sale: Sale) -> float:
        """When the mail service answered 202, by the monotonic clock."""
        async with self.http.get(f"{self.providers}/arrivals/{sale.email}") as answer:
            answer.raise_for_status()
            return float((await answer.json())["at"])

    @property
    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.running.api_key}"}

    async def _register(self, sale: Sale) -> None:
        await self._post("/quotes", _quote(sale))

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        url = f"{self.running.settings.api_url}{path}"
        async with self.http.post(url, json=body, headers=self._key) as answer:
            if not answer.ok:
                raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
            return dict(await answer.json())


async def at_once(
    concurrency: int, jobs: Iterable[Job], act: Callable[[Job], Awaitable[Done]]
) -> list[Done]:
    """Each job once, ``concurrency`` of them at any time."""
    waiting, done = iter(jobs), list[Done]()

    async def work() -> None:
        for job in waiting:
            done.append(await act(job))

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return done


def _quote(sale: Sale) -> dict[str, object]:
    today = date.today()
    return {
        "quote_id": sale.quote_id,
        "product_name": PRODUCT,
        "insured_persons": [
            {"name": "Alice Tan", "date_of_birth": "1988-04-12"},
            {"name": "Benjamin Tan", "date_of_birth": "2015-09-30"},
        ],
        "cover": [
            {"name": "Medical expenses abroad", "limit": {"minor": 50000000, "currency": "SGD"}},
            {"name": "Trip cancellation", "limit": {"minor": 1000000, "currency": "SGD"}},
            {"name": "Lost or delayed baggage", "limit": {"minor": 300000, "currency": "SGD"}},
            {"name": "Personal liability", "limit": {"minor": 100000000, "currency": "SGD"}},
            {"name": "Emergency evacuation", "note": "Arranged by the assistance line"},
        ],
        "period": {
            "starts_on": (today + timedelta(days=14)).isoformat(),
            "ends_on": (today + timedelta(days=21)).isoformat(),
        },
        "price": {"minor": AMOUNT, "currency": CURRENCY},
        "tax": {"name": "GST 9 %", "amount": {"minor": 1239, "currency": CURRENCY}},
        "customer_email": sale.email,
        "customer_name": "Alice Tan",
        "valid_until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
