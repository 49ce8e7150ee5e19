"""`paybind demo`: one purchase, from an agent's tool call to a policy in a mailbox, as it happens.

Everything in it is real but the two providers: the MCP client, the Temporal server, the worker,
the database, the PDF, and the SDKs of Stripe and SendGrid, which speak to the simulators.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import TypeAdapter

from demo_api import ARRIVES_WITHIN
from domain.model import Model
from domain.verification import Verdict
from installation import Installation, installation
from settings import Settings

CUSTOMER = "alice@example.com"
CARD = "4242424242424242"  # Stripe's well-known test card; there is no such account


class DemoFacts(Model):
    """What `paybind demo --json` prints. Paths stay after the demo has ended."""

    purchase_id: str
    session_id: str
    checkout_url: str
    payment_id: str
    policy_number: str
    policy_pdf: str
    sha256: str
    mail_subject: str
    mail_to: str
    mail_attachments: tuple[str, ...]
    workflow_id: str
    seconds: float
    verdict: Verdict


class Mail(Model, extra="ignore"):
    subject: str
    to: tuple[str, ...]
    attachments: tuple["MailAttachment", ...]


class MailAttachment(Model, extra="ignore"):
    filename: str
    sha256: str


@dataclass(frozen=True)
class Demo:
    """The actors: an agent (MCP), a customer (the checkout page) and an operator (HTTP)."""

    running: Installation
    http: aiohttp.ClientSession
    agent: Client
    told: Callable[[str], None]

    async def play(self) -> DemoFacts:
        started = time.monotonic()
        quote_id = f"quote_travel_{int(time.time())}"
        await self._register(quote_id)
        purchase = await self._call("initiate_purchase", self._wish(quote_id))
        purchase_id = str(purchase["payment_intent_id"])
        self.told(f"Agent     got the checkout page {purchase['checkout_url']}")
        await self._pay(str(purchase["session_id"]))
        status = await self._paid(purchase_id)
        policy = await self._call("complete_purchase", {"payment_intent_id": purchase_id})
        number = str(policy["policy_number"])
        self.told(f"Paybind   issued policy {number}")
        pdf = await self._download(number, str(policy["policy_document_url"]))
        mail = await self._mail(number)
        await self._delivered(purchase_id)
        verdict = await self._verify()
        return DemoFacts(
            purchase_id=purchase_id,
            session_id=str(purchase["session_id"]),
            checkout_url=str(purchase["checkout_url"]),
            payment_id=str(status["stripe_payment_intent"]),
            policy_number=number,
            policy_pdf=str(pdf),
            sha256=mail.attachments[0].sha256,
            mail_subject=mail.subject,
            mail_to=mail.to[0],
            mail_attachments=tuple(each.filename for each in mail.attachments),
            workflow_id=f"purchase-{purchase_id}",
            seconds=round(time.monotonic() - started, 2),
            verdict=verdict,
        )

    async def _register(self, quote_id: str) -> None:
        await self._post("/quotes", quote_of_demo(quote_id))
        self.told(f"Quoting   registered {quote_id}: SGD 150.00 of travel insurance for two")

    def _wish(self, quote_id: str) -> dict[str, object]:
        return {
            "user_id": "alice",
            "quote_id": quote_id,
            "amount": 15000,
            "currency": "SGD",
            "product_name": "Premium Travel Insurance",
            "customer_email": CUSTOMER,
        }

    async def _pay(self, session_id: str) -> None:
        url = f"{self.running.settings.stripe_api_base}/_simulator/pay"
        async with self.http.post(url, json={"session_id": session_id, "card": CARD}) as answer:
            answer.raise_for_status()
        self.told("Customer  paid on that page with the test card 4242 4242 4242 4242")

    async def _paid(self, purchase_id: str) -> dict[str, object]:
        """Until Stripe's signed webhook has reached the workflow."""
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            while True:
                status = await self._call(
                    "check_payment_status", {"payment_intent_id": purchase_id}, quietly=True
                )
                if status["payment_status"] == "completed":
                    self.told(f"Stripe    sent its signed webhook: {purchase_id} is paid")
                    return status
                await asyncio.sleep(0.1)

    async def _download(self, number: str, url: str) -> Path:
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            content = await answer.read()
        path = self.running.settings.paybind_home.absolute() / f"{number}.pdf"
        path.write_bytes(content)
        self.told(f"Customer  downloaded the policy: {path} ({len(content) // 1024} kB)")
        return path

    async def _mail(self, number: str) -> Mail:
        url = f"{self.running.settings.sendgrid_api_base}/_simulator/mailbox"
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            while True:
                async with self.http.get(url) as answer:
                    box = TypeAdapter(list[Mail]).validate_python((await answer.json())["messages"])
                for mail in box:
                    if number in mail.subject:
                        names = ", ".join(each.filename for each in mail.attachments)
                        self.told(f"Mailbox   {mail.to[0]} got “{mail.subject}” with {names}")
                        return mail
                await asyncio.sleep(0.1)

    async def _delivered(self, purchase_id: str) -> None:
        """The mail service has the message a moment before its row says so."""
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            while True:
                purchase = await self._get(f"/purchases/{purchase_id}")
                if purchase["policy_status"] == "delivered":
                    return
                await asyncio.sleep(0.1)

    async def _verify(self) -> Verdict:
        from composition import open_verification

        async with open_verification(self.running.settings) as verification:
            verdict = await verification.verify(under_way=timedelta())
        self.told(
            f"Verify    {verdict.paid_purchases} paid: {verdict.charges} charge, "
            f"{verdict.policies} policy, {verdict.delivered_messages} message, "
            f"{len(verdict.findings)} findings"
        )
        return verdict

    async def _call(
        self, tool: str, arguments: dict[str, object], quietly: bool = False
    ) -> dict[str, object]:
        if not quietly:
            self.told(f"Agent     calls the tool {tool}")
        result = await self.agent.call_tool(tool, arguments)
        if result.is_error or result.structured_content is None:
            raise RuntimeError(f"{tool}: {result.content}")
        return dict(result.structured_content)

    async def _post(self, path: str, body: dict[str, object]) -> None:
        url = f"{self.running.settings.api_url}{path}"
        async with self.http.post(url, json=body, headers=_key(self.running)) as answer:
            answer.raise_for_status()

    async def _get(self, path: str) -> dict[str, object]:
        url = f"{self.running.settings.api_url}{path}"
        async with self.http.get(url, headers=_key(self.running)) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


async def run_demo(told: Callable[[str], None]) -> DemoFacts:
    """In a home of its own: it disturbs nothing."""
    async with (
        installed_for_a_demo(Path(".paybind/demo"), told) as running,
        _actors(running, told) as demo,
    ):
        told(f"Temporal  shows every step at {running.announcement['temporal_ui']}")
        return await demo.play()


@asynccontextmanager
async def installed_for_a_demo(
    home: Path, told: Callable[[str], None]
) -> AsyncIterator[Installation]:
    """On free ports, always with simulators."""
    settings = Settings(_env_file=None).model_copy(update={**_ON_ITS_OWN, "paybind_home": home})
    shutil.rmtree(home, ignore_errors=True)  # of the demo before
    async with installation(settings, told) as running:
        yield running


_ON_ITS_OWN: dict[str, object] = {
    "public_url": None,
    "temporal_address": None,
    "temporal_port": 0,
    "temporal_ui_port": 0,
    "database_url": None,
    "paybind_documents_url": None,
    "api_port": 0,
    "simulators_port": 0,
    "stripe_secret_key": None,  # nosec B105 - no key is the point
    "justifi_client_id": None,
    "justifi_client_secret": None,  # nosec B105 - likewise
    "justifi_base_url": None,
    "sendgrid_api_key": None,
    "stripe_api_base": None,
    "sendgrid_api_base": None,
}


@asynccontextmanager
async def _actors(running: Installation, told: Callable[[str], None]) -> AsyncIterator[Demo]:
    door = f"{running.settings.api_url}/mcp"
    async with (
        aiohttp.ClientSession() as http,
        httpx2.AsyncClient(headers=_key(running), timeout=60) as agent_http,
        Client(streamable_http_client(door, http_client=agent_http)) as agent,
    ):
        yield Demo(running, http, agent, told)


def _key(running: Installation) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.api_key}"}


def quote_of_demo(quote_id: str, currency: str = "SGD") -> dict[str, object]:
    today = date.today()
    return {
        "quote_id": quote_id,
        "product_name": "Premium Travel Insurance",
        "insured_persons": [
            {"name": "Alice Tan", "date_of_birth": "1988-04-12"},
            {"name": "Benjamin Tan", "date_of_birth": "2015-09-30"},
        ],
        "cover": [
            {"name": "Medical expenses abroad", "limit": {"minor": 50000000, "currency": currency}},
            {"name": "Trip cancellation", "limit": {"minor": 1000000, "currency": currency}},
            {"name": "Lost or delayed baggage", "limit": {"minor": 300000, "currency": currency}},
            {"name": "Personal liability", "limit": {"minor": 100000000, "currency": currency}},
            {"name": "Emergency evacuation", "note": "Arranged by the assistance line"},
        ],
        "period": {
            "starts_on": (today + timedelta(days=14)).isoformat(),
            "ends_on": (today + timedelta(days=21)).isoformat(),
        },
        "price": {"minor": 15000, "currency": currency},
        "tax": {"name": "GST 9 %", "amount": {"minor": 1239, "currency": currency}},
        "customer_email": CUSTOMER,
        "customer_name": "Alice Tan",
        "valid_until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
