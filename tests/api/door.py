"""The whole HTTP door in process: real services and rows; provider and mail service in memory."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.examples import QUOTE
from api.purchase_answers import PurchaseAnswer
from api.webhook_events import EventAnswer
from settings import Settings
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail, FakePrinter
from tests.harbour import Harbour

SECRET = "whsec_test"
PRICE = 15_000
_numbers = count(1)

Json = dict[str, object]


@dataclass(frozen=True)
class Door:
    app: FastAPI
    settings: Settings
    payments: FakePayments
    mail: FakeMail
    printer: FakePrinter
    key: str  # every scope, of the tenant that runs the installation
    http: AsyncClient  # with that key
    sendgrid: ec.EllipticCurvePrivateKey
    harbour: Harbour

    async def quote(self, **changes: object) -> str:
        body = {**QUOTE, "quote_id": f"sold-{next(_numbers)}", **changes}
        answer = await self.http.post("/quotes", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["quote_id"])

    async def purchase(self, quote_id: str | None = None, **changes: object) -> Json:
        body = wanted(quote_id or await self.quote(), **changes)
        answer = await self.http.post("/purchases", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def paid(self, quote_id: str | None = None) -> str:
        """A purchase whose policy is issued."""
        purchase_id = str((await self.purchase(quote_id))["purchase_id"])
        self.payments.pay(purchase_id)
        await self.tell("checkout.session.completed", purchase_id)
        await self.until(purchase_id, "payment_status", "completed")
        answer = await self.http.post(f"/purchases/{purchase_id}/complete")
        assert answer.status_code == 200, answer.text
        return purchase_id

    async def declined(self) -> str:
        purchase_id = str((await self.purchase())["purchase_id"])
        self.payments.decline(purchase_id)
        await self.tell("payment_intent.payment_failed", purchase_id)
        await self.until(purchase_id, "payment_status", "failed")
        return purchase_id

    async def seen(self, purchase_id: str) -> PurchaseAnswer:
        answer = await self.http.get(f"/purchases/{purchase_id}")
        return PurchaseAnswer.model_validate_json(answer.content)

    async def stored(self, provider_event_id: str) -> EventAnswer:
        """An event as operators find it."""
        listed = await self.http.get("/webhook-events", params={"limit": 100})
        events = [EventAnswer.model_validate(each) for each in listed.json()["items"]]
        return next(each for each in events if each.provider_event_id == provider_event_id)

    async def until(self, purchase_id: str, field: str, value: object) -> None:
        """The workflow answers a webhook after it was taken: its word is awaited in the rows."""
        async with asyncio.timeout(20):
            seen = None
            while seen != value:
                await asyncio.sleep(0.02)
                seen = getattr(await self.seen(purchase_id), field)

    async def tell(self, kind: str, purchase_id: str, event_id: str | None = None) -> Response:
        """A signed webhook of the provider about a purchase."""
        answer = await self.deliver(event(kind, purchase_id, event_id))
        assert answer.status_code == 200, answer.text
        return answer

    async def deliver(self, body: bytes) -> Response:
        """A webhook as the provider signs it."""
        return await self.send_webhook(body, signature_of(body))

    async def send_webhook(
        self, body: bytes, signature: str | None, path: str = "/webhooks/stripe"
    ) -> Response:
        signed = {"stripe-signature": signature} if signature is not None else {}
        headers = {"authorization": "", "content-type": "application/json", **signed}
        return await self.http.post(path, content=body, headers=headers)


def wanted(quote_id: str, **changes: object) -> Json:
    """The body that starts a purchase."""
    return {
        "quote_id": quote_id,
        "user_id": "user_mei",
        "amount": PRICE,
        "currency": "SGD",
        **changes,
    }


def event(kind: str, purchase_id: str, event_id: str | None = None) -> bytes:
    subject = {"id": "cs_1", "object": "checkout.session", "metadata": {"purchase_id": purchase_id}}
    return event_about(subject, kind, event_id)


def event_about(
    subject: Mapping[str, object], kind: str, event_id: str | None = None, livemode: bool = False
) -> bytes:
    return json.dumps(
        {
            "id": event_id or f"evt_{next(_numbers)}",
            "object": "event",
            "type": kind,
            "livemode": livemode,
            "data": {"object": subject},
        }
    ).encode()


def signature_of(body: bytes, age: int = 0, secret: str = SECRET) -> str:
    """As Stripe makes it; ``age`` in seconds."""
    at = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def code_of(answer: Response) -> tuple[int, str]:
    """Status and code of a refusal, once it is sure to be a proper one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: Mapping[str, object] = answer.json()
    required = {"type", "title", "status", "detail", "code", "user_message", "can_retry"}
    assert required | {"suggested_action", "requires_user_action"} <= problem.keys()
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return answer.status_code, str(problem["code"])
