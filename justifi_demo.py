"""`paybind demo --justifi`: a purchase on JustiFi, and its money followed to the bank.

The account is a simulated one, configured as an integration over HTTP; its clock is turned.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from demo import CARD, installed_for_a_demo, quote_of_demo
from demo_api import ARRIVES_WITHIN, DemoApi, Json
from domain.model import Model
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from installation import Installation

TURN_SECONDS = 6 * 3600
OPERATOR = Caller(tenant_id=PLATFORM_TENANT, key_id="demo", scopes=frozenset({Scope.ADMIN}))
MOST_TURNS = 60  # fifteen days: the money is due long before


class Sum(Model, extra="ignore"):
    minor: int
    formatted: str


class Payout(Model, extra="ignore"):
    payout_id: str
    provider_payout_id: str
    status: str
    amount: Sum
    seen_at: datetime


class JustifiFacts(Model):
    """What `paybind demo --justifi --json` prints. ``payout_statuses``: as they were seen."""

    purchase_id: str
    integration_id: str
    provider: str
    payment_status: str
    policy_number: str
    payout: Payout
    payout_statuses: tuple[str, ...]
    workflow_id: str
    seconds: float


@dataclass(frozen=True)
class JustifiDemo:
    """The actors: an operator and a service (both HTTP), and a customer on the seller's page."""

    running: Installation
    http: aiohttp.ClientSession
    api: DemoApi
    told: Callable[[str], None]

    async def play(self) -> JustifiFacts:
        started = time.monotonic()
        client_id = f"test_demo{secrets.token_hex(8)}"
        integration_id = await self._configure(client_id)
        purchase_id = await self._buy(integration_id)
        purchase = await self.api.completed(purchase_id)
        self.told(f"JustiFi   sent its signed webhook: {purchase_id} is paid")
        policy_number = await self.api.policy_number(purchase_id)
        self.told(f"Paybind   issued policy {policy_number}")
        seen = await self._follow_payout(integration_id, client_id)
        await self._reconcile(seen[-1])
        return JustifiFacts(
            purchase_id=purchase_id,
            integration_id=integration_id,
            provider=str(purchase["provider"]),
            payment_status=str(purchase["payment_status"]),
            policy_number=policy_number,
            payout=seen[-1],
            payout_statuses=tuple(each.status for each in seen),
            workflow_id=f"purchase-{purchase_id}",
            seconds=round(time.monotonic() - started, 2),
        )

    async def _configure(self, client_id: str) -> str:
        """The id of an integration whose account tells of its payments here."""
        base = self.running.settings.justifi_base_url
        credentials: Json = {
            "client_id": client_id,
            "client_secret": f"test_{secrets.token_hex(16)}",
            "sub_account_id": "acc_demo",
            "checkout_page": f"{base}/checkout/{{checkout_id}}",
        }
        wish: Json = {"connection_code": "justifi", "name": "JustiFi", "credentials": credentials}
        integration_id = str((await self.api("POST", "/integrations", wish))["integration_id"])
        address = f"{self.running.settings.api_url}/webhooks/justifi/{integration_id}"
        told = await self._steer("event_publishers", {"client_id": client_id, "url": address})
        secret: Json = {"credentials": {"webhook_secret": told["secret"]}}
        await self.api("PUT", f"/integrations/{integration_id}", secret)
        self.told(f"Operator  made the integration {integration_id} (justifi, {client_id[-4:]})")
        return integration_id

    async def _buy(self, integration_id: str) -> str:
        quote_id = f"quote_justifi_{int(time.time())}"
        await self.api("POST", "/quotes", quote_of_demo(quote_id, "USD"))
        self.told(f"Quoting   registered {quote_id}: USD 150.00 of travel insurance for two")
        wish: Json = {"quote_id": quote_id, "user_id": "alice", "amount": 15000, "currency": "USD"}
        purchase = await self.api("POST", "/purchases", {**wish, "integration_id": integration_id})
        self.told(f"Service   started {purchase['purchase_id']}")
        self.told(f"Service   got the page with JustiFi's form {purchase['checkout_url']}")
        await self._steer(f"checkouts/{purchase['session_id']}/pay", {"number": CARD})
        self.told("Customer  paid on that page with the test card 4242 4242 4242 4242")
        return str(purchase["purchase_id"])

    async def _follow_payout(self, integration_id: str, client_id: str) -> list[Payout]:
        """As its watch saw it in each of its states, while JustiFi's clock is turned."""
        from composition import open_services

        await self._steer("payouts", {"client_id": client_id})
        seen: list[Payout] = []
        async with open_services(self.running.settings) as services:
            for turn in range(MOST_TURNS):
                asked_at = datetime.now(UTC)
                await services.payouts.watch_any(OPERATOR, integration_id)
                payout = await self._seen_after(asked_at, integration_id)
                if not seen or payout.status != seen[-1].status:
                    seen.append(payout)
                    hours = turn * TURN_SECONDS // 3600
                    later = f" {hours} hours later" if hours else ""
                    self.told(f"Payout    {payout.provider_payout_id} is {payout.status}{later}")
                if payout.status == "paid":
                    return seen
                await self._steer("clock", {"seconds": TURN_SECONDS})
        raise RuntimeError(f"the payout was not paid within {MOST_TURNS} turns of the clock")

    async def _seen_after(self, asked_at: datetime, integration_id: str) -> Payout:
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            while True:
                listed = await self.api("GET", f"/payouts?integration_id={integration_id}")
                for payout in _Payouts.model_validate(listed).items:
                    if payout.seen_at > asked_at:
                        return payout
                await asyncio.sleep(0.05)

    async def _reconcile(self, payout: Payout) -> None:
        path = f"/payouts/{payout.payout_id}/reconciliation"
        compared = _Reconciliation.model_validate(await self.api("GET", path))
        if not compared.reconciles:
            raise RuntimeError(f"{payout.payout_id} does not reconcile")
        self.told(f"Finance   {payout.amount.formatted} reconcile, {compared.purchases} purchase")

    async def _steer(self, door: str, body: Json) -> Json:
        url = f"{self.running.settings.stripe_api_base}/_simulator/justifi/{door}"
        async with self.http.post(url, json=body) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


class _Payouts(Model, extra="ignore"):
    items: tuple[Payout, ...]


class _Reconciliation(Model, extra="ignore"):
    reconciles: bool
    purchases: int


async def run_justifi_demo(told: Callable[[str], None]) -> JustifiFacts:
    """In a home of its own, as the other demos."""
    async with _stage(told) as demo:
        told(f"Temporal  shows every step at {demo.running.announcement['temporal_ui']}")
        return await demo.play()


@asynccontextmanager
async def _stage(told: Callable[[str], None]) -> AsyncIterator[JustifiDemo]:
    async with (
        installed_for_a_demo(Path(".paybind/justifi-demo"), told) as running,
        aiohttp.ClientSession() as http,
    ):
        yield JustifiDemo(running, http, DemoApi(running, http), told)
