"""The whole way of a letter: written, sent by the SDK, kept in a mailbox, told of and believed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import JsonValue

from domain.emails import Attachment, EmailTemplate, Letter, email_id_of
from domain.money import Money
from domain.payments import EmailBounced, Fact
from gateways.brand import Brand
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, RefusedByProvider
from gateways.integrations import Ask
from gateways.letters import LetterWriter
from gateways.sendgrid_emails import SendGridEmails
from gateways.sendgrid_integration import SendGridProvider
from gateways.sendgrid_webhooks import SendGridWebhooks

pytestmark = pytest.mark.slow

HOUSE = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds
EMAIL_ID = email_id_of("pur_1", EmailTemplate.PAYMENT_CONFIRMATION)


@dataclass
class Simulated:
    http: aiohttp.ClientSession
    url: str
    public_key: str
    told: "asyncio.Queue[tuple[bytes, Mapping[str, str]]]" = field(default_factory=asyncio.Queue)

    async def messages(self) -> list[dict[str, JsonValue]]:
        async with self.http.get(f"{self.url}/_simulator/mailbox") as answer:
            messages: list[dict[str, JsonValue]] = (await answer.json())["messages"]
            return messages

    async def fails(self, kind: str, **more: JsonValue) -> None:
        fault = {"target": "sendgrid", "kind": kind, **more}
        async with self.http.post(f"{self.url}/_simulator/faults", json=fault) as answer:
            assert answer.status == 201


@asynccontextmanager
async def receiver(simulated: list[Simulated]) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        simulated[0].told.put_nowait((await request.read(), request.headers))
        return web.Response()

    app = web.Application()
    app.router.add_post("/sendgrid", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/sendgrid"
    await runner.cleanup()


@pytest.fixture
async def simulated() -> AsyncIterator[Simulated]:
    running: list[Simulated] = []
    async with receiver(running) as webhook_url, aiohttp.ClientSession() as http:
        arguments = ["-m", "simulators", "--port", "0", "--sendgrid-webhook-url", webhook_url]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=HOUSE, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                said = json.loads(await process.stdout.readline())
            running.append(Simulated(http, said["simulators"], said["sendgrid_public_key"]))
            yield running[0]
        finally:
            process.kill()
            await process.wait()


@pytest.fixture
async def emails(simulated: Simulated) -> AsyncIterator[SendGridEmails]:
    gateway = SendGridEmails("SG.tests", Brand(), simulated.url, timeout_seconds=2)
    yield gateway
    await gateway.close()


def confirmation(to: str) -> Letter:
    return Letter(
        email_id=EMAIL_ID,
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        livemode=True,
        to=to,
        to_name="Tan Wei Ling",
        product_name="Travel cover",
        price=Money(minor=15000, currency="SGD"),
        policy_number="POL-2026-000123",
        attachments=(
            Attachment(filename="POL-2026-000123.pdf", media_type="application/pdf", content=b"%P"),
        ),
    )


async def test_a_letter_reaches_the_mailbox_and_its_bounce_comes_back(
    simulated: Simulated, emails: SendGridEmails
) -> None:
    letter = confirmation(to="bounce@example.com")
    assert await emails.send(LetterWriter(Brand()).write(letter))

    (message,) = await simulated.messages()
    assert message["subject"] == "Your policy POL-2026-000123: Travel cover"
    assert message["custom_args"] == {"email_id": EMAIL_ID}
    assert "attached to this message" in str(message["text"])

    webhooks = SendGridWebhooks(simulated.public_key)
    facts: list[Fact] = []
    async with asyncio.timeout(PATIENCE):
        while not facts:
            events = webhooks.verify(*await simulated.told.get())
            facts = [fact for event in events if (fact := webhooks.translate(event, "evt_1"))]
    assert facts == [EmailBounced(event_id="evt_1", email_id=EMAIL_ID)]


async def test_what_went_wrong_tells_whether_the_mail_was_taken(
    simulated: Simulated, emails: SendGridEmails
) -> None:
    message = LetterWriter(Brand()).write(confirmation(to="wei@example.com"))

    await simulated.fails("rate_limit", retry_after=3)
    with pytest.raises(Busy):
        await emails.send(message)
    assert await simulated.messages() == []

    await simulated.fails("timeout_after_effect")
    with pytest.raises(OutcomeUnknown):
        await emails.send(message)
    await simulated.fails("cut_after_effect")
    with pytest.raises(OutcomeUnknown):
        await emails.send(message)
    assert len(await simulated.messages()) == 2


async def test_a_tenants_own_key_sends_once_and_one_that_may_not_is_told(
    simulated: Simulated,
) -> None:
    provider = SendGridProvider(simulated.url)
    credentials = {"api_key": "SG.a-tenants", "from_email": "desk@broker.example"}
    letter = {"to": "wei@example.com", "subject": "Your cover", "text": "It begins today."}
    ask = Ask(execution_id="exe_1", parameters=letter, idempotency_key="exe_1:1")
    tenants = provider.connect(credentials)
    narrow = provider.connect({**credentials, "api_key": "SG.without_mail"})
    try:
        await tenants.probe()
        await simulated.fails("cut_after_effect")
        with pytest.raises(RefusedByProvider):
            await tenants.send_email(ask)
        with pytest.raises(Misconfigured):
            await narrow.probe()
        with pytest.raises(Misconfigured):
            await narrow.send_email(ask)
    finally:
        await tenants.close()
        await narrow.close()

    (message,) = await simulated.messages()
    assert message["custom_args"] == {"execution_id": "exe_1"}
