"""`paybind demo --failover`: a purchase whose first processor is paused, completed by its backup.

Both accounts are simulated Stripe accounts, each configured as an integration over HTTP.
"""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from demo import CARD, installed_for_a_demo, quote_of_demo
from demo_api import DemoApi, Json
from domain.model import Model
from domain.tenants import PLATFORM_TENANT
from installation import Installation

PAUSED_BECAUSE = "Stripe maintains this account"


class Account(Model):
    """A simulated account and its integration. Its key is made up for this one demo."""

    name: str
    integration_id: str
    payments: tuple[str, ...] = ()  # what its own books say was received


class Reason(Model):
    what: str
    detail: str | None


class FailoverFacts(Model):
    """What `paybind demo --failover --json` prints."""

    purchase_id: str
    payment_status: str
    policy_number: str
    primary: Account
    backup: Account
    routing: tuple[Reason, ...]
    workflow_id: str
    seconds: float


@dataclass(frozen=True)
class FailoverDemo:
    """The actors: an operator and a service (both HTTP), and a customer on the checkout page."""

    running: Installation
    http: aiohttp.ClientSession
    api: DemoApi
    told: Callable[[str], None]

    async def play(self) -> FailoverFacts:
        started = time.monotonic()
        keys = {name: f"sk_test_{name}{secrets.token_hex(8)}" for name in ("primary", "backup")}
        primary, backup = [await self._configure(name, key) for name, key in keys.items()]
        await self._link(primary, is_default=True)
        await self._link(backup, is_default=False)
        await self.api("POST", f"/integrations/{primary}/pause", {"reason": PAUSED_BECAUSE})
        self.told(f"Operator  paused the primary: {PAUSED_BECAUSE}")
        purchase_id = await self._buy()
        purchase = await self.api.completed(purchase_id)
        self.told(f"Stripe    told the backup's address: {purchase_id} is paid")
        routing = await self._routing(purchase_id)
        policy_number = await self.api.policy_number(purchase_id)
        return FailoverFacts(
            purchase_id=purchase_id,
            payment_status=str(purchase["payment_status"]),
            policy_number=policy_number,
            primary=await self._account("primary", primary, keys),
            backup=await self._account("backup", backup, keys),
            routing=routing,
            workflow_id=f"purchase-{purchase_id}",
            seconds=round(time.monotonic() - started, 2),
        )

    async def _configure(self, name: str, key: str) -> str:
        """The id of an integration whose account tells of its payments here."""
        credentials: Json = {"api_key": key}
        wish: Json = {"connection_code": "stripe", "name": name, "credentials": credentials}
        integration_id = str((await self.api("POST", "/integrations", wish))["integration_id"])
        address = f"{self.running.settings.api_url}/webhooks/stripe/{integration_id}"
        endpoint = await self._stripe(
            "POST", "/v1/webhook_endpoints", key, {"url": address, "enabled_events[]": "*"}
        )
        credentials["webhook_secret"] = endpoint["secret"]
        await self.api("PUT", f"/integrations/{integration_id}", {"credentials": credentials})
        self.told(f"Operator  made the integration {name}: {integration_id} (stripe, {key[-4:]})")
        return integration_id

    async def _link(self, integration_id: str, is_default: bool) -> None:
        link: Json = {"integration_id": integration_id, "is_default": is_default}
        await self.api("POST", f"/entities/tenant/{PLATFORM_TENANT}/integrations", link)
        self.told(f"Operator  linked it as the tenant's {'default' if is_default else 'backup'}")

    async def _buy(self) -> str:
        quote_id = f"quote_failover_{int(time.time())}"
        await self.api("POST", "/quotes", quote_of_demo(quote_id))
        wish: Json = {"quote_id": quote_id, "user_id": "alice", "amount": 15000, "currency": "SGD"}
        purchase = await self.api("POST", "/purchases", wish)
        self.told(f"Service   started {purchase['purchase_id']}")
        pay = f"{self.running.settings.stripe_api_base}/_simulator/pay"
        payment = {"session_id": purchase["session_id"], "card": CARD}
        async with self.http.post(pay, json=payment) as answer:
            answer.raise_for_status()
        self.told("Customer  paid on its page with the test card 4242 4242 4242 4242")
        return str(purchase["purchase_id"])

    async def _routing(self, purchase_id: str) -> tuple[Reason, ...]:
        timeline = _Timeline.model_validate(
            await self.api("GET", f"/purchases/{purchase_id}/timeline")
        )
        routing = tuple(
            Reason(what=each.what, detail=each.detail)
            for each in timeline.entries
            if each.source == "routing"
        )
        for reason in routing:
            self.told(f"Timeline  {reason.what}: {reason.detail}")
        return routing

    async def _account(self, name: str, integration_id: str, keys: dict[str, str]) -> Account:
        listed = _Payments.model_validate(
            await self._stripe("GET", "/v1/payment_intents", keys[name])
        )
        payments = tuple(each.id for each in listed.data)
        self.told(f"Stripe    the books of the {name}: {len(payments)} payments")
        return Account(name=name, integration_id=integration_id, payments=payments)

    async def _stripe(
        self, method: str, path: str, key: str, form: dict[str, str] | None = None
    ) -> Json:
        url = f"{self.running.settings.stripe_api_base}{path}"
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.request(method, url, data=form, headers=headers) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


class _Entry(Model, extra="ignore"):
    what: str
    source: str
    detail: str | None


class _Timeline(Model, extra="ignore"):
    entries: tuple[_Entry, ...]


class _Payment(Model, extra="ignore"):
    id: str


class _Payments(Model, extra="ignore"):
    data: tuple[_Payment, ...]


async def run_failover_demo(told: Callable[[str], None]) -> FailoverFacts:
    """In a home of its own, as the other demo."""
    async with _stage(told) as demo:
        told(f"Temporal  shows every step at {demo.running.announcement['temporal_ui']}")
        return await demo.play()


@asynccontextmanager
async def _stage(told: Callable[[str], None]) -> AsyncIterator[FailoverDemo]:
    async with (
        installed_for_a_demo(Path(".paybind/failover-demo"), told) as running,
        aiohttp.ClientSession() as http,
    ):
        yield FailoverDemo(running, http, DemoApi(running, http), told)
