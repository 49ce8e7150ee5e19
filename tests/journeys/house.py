"""A whole installation for the journeys: its doors, its providers, and the proof at the end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
from pydantic import JsonValue
from temporalio.client import Client

from api.purchase_answers import PurchaseAnswer, PurchaseStarted
from api.refund_answers import RefundAnswer
from composition import open_services, open_verification
from connections import connect_temporal
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus
from domain.refunds import RefundStatus
from domain.tenants import Scope
from domain.verification import Finding
from installation import Installation, installation
from services.catalogue import Services
from services.verification import VerificationService
from settings import Settings
from tests.journeys.providers import GOOD_CARD, Mail, Providers
from tests.journeys.waiting import Away, until

PRICE = 15_000
_numbers = count(1)


@dataclass(frozen=True)
class Sold:
    """A quote of a customer of its own: one mailbox tells of one purchase."""

    quote_id: str
    customer: str


@dataclass(frozen=True)
class House:
    """``http`` speaks to the API with the key that the installation announced."""

    running: Installation
    http: httpx.AsyncClient
    providers: Providers
    services: Services
    verification: VerificationService
    temporal: Client

    async def quote(self, customer: str = "customer", price: int = PRICE) -> Sold:
        number = f"{next(_numbers)}-{uuid4().hex[:8]}"
        sold = Sold(quote_id=f"quote-{number}", customer=f"{customer}-{number}@example.com")
        answer = await self.http.post("/quotes", json=quote_of(sold, price))
        assert answer.status_code == 201, answer.text
        return sold

    async def start(self, sold: Sold, price: int = PRICE) -> PurchaseStarted:
        answer = await self.ask_to_start(sold, price)
        assert answer.status_code in (200, 201), answer.text
        return PurchaseStarted.model_validate_json(answer.content)

    async def joined(self, sold: Sold, within: float = 60) -> PurchaseStarted:
        """The quote's purchase, asked for until nobody says that it must wait."""

        async def asked() -> PurchaseStarted:
            answer = await self.ask_to_start(sold)
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) > 0
                raise Away(answer.text)
            assert answer.status_code in (200, 201), answer.text
            return PurchaseStarted.model_validate_json(answer.content)

        return await until(asked, within=within)

    async def ask_to_start(
        self, sold: Sold, price: int = PRICE, key: str | None = None
    ) -> httpx.Response:
        """``key``: an Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post("/purchases", json=wish(sold, price), headers=headers)

    async def key_of(self, tenant_id: str, *scopes: Scope) -> dict[str, str]:
        """The header of a fresh key of this tenant."""
        _, key = await self.services.api_keys.issue(tenant_id, "journey", frozenset(scopes))
        return {"Authorization": f"Bearer {key}"}

    async def purchase(self, purchase_id: str) -> PurchaseAnswer:
        return PurchaseAnswer.model_validate_json(await self.read(f"/purchases/{purchase_id}"))

    async def refund(self, refund_id: str) -> RefundAnswer:
        return RefundAnswer.model_validate_json(await self.read(f"/refunds/{refund_id}"))

    async def read(self, path: str) -> bytes:
        answer = await self.http.get(path)
        if answer.status_code == 503:
            raise Away(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def bought(self, sold: Sold, card: str = GOOD_CARD, price: int = PRICE) -> PurchaseAnswer:
        """Started, paid by card, and delivered."""
        started = await self.start(sold, price)
        await self.providers.pay(started.session_id, card)
        return await self.delivered(started.purchase_id)

    async def until_status(
        self, purchase_id: str, status: PaymentStatus, within: float = 60
    ) -> PurchaseAnswer:
        return await until(
            lambda: self.purchase(purchase_id), lambda seen: seen.payment_status is status, within
        )

    async def processing(self, purchase_id: str) -> PurchaseAnswer:
        """Until the bank has it and will answer later."""
        return await until(lambda: self.purchase(purchase_id), lambda seen: seen.processing)

    async def in_review(self, purchase_id: str) -> PurchaseAnswer:
        """Until a person is asked."""
        return await until(lambda: self.purchase(purchase_id), lambda seen: seen.needs_review)

    async def delivered(self, purchase_id: str, within: float = 60) -> PurchaseAnswer:
        """Until the policy is with the customer."""
        return await until(
            lambda: self.purchase(purchase_id),
            lambda seen: seen.policy_status is PolicyStatus.DELIVERED,
            within,
        )

    async def until_refund(
        self, refund_id: str, status: RefundStatus, within: float = 60
    ) -> RefundAnswer:
        return await until(
            lambda: self.refund(refund_id), lambda seen: seen.status is status, within
        )

    async def asked_for(self, refund_id: str) -> RefundAnswer:
        """Until the provider knows of it."""
        return await until(lambda: self.refund(refund_id), lambda seen: seen.provider_refund_id)

    async def mail(self, address: str, subject: str) -> Mail:
        """The one message with these words in its subject, once it is there."""

        async def found() -> list[Mail]:
            mails = await self.providers.mails_to(address)
            return [mail for mail in mails if subject in mail.subject]

        mails = await until(found)
        assert len(mails) == 1, mails
        return mails[0]

    async def prove(self, purchase_id: str, sold: Sold) -> None:
        """One session, one charge, one policy, one delivered message; and so says verify."""
        purchase = await self.delivered(purchase_id)
        assert purchase.policy is not None
        assert len(await self.providers.sessions(purchase_id)) == purchase.attempt == 1
        assert len(await self.providers.charges(purchase_id)) == 1
        mail = await self.mail(sold.customer, purchase.policy.number)
        assert [each.sha256 for each in mail.attachments] == [purchase.policy.sha256]
        assert await self.findings(purchase_id) == []

    async def findings(self, purchase_id: str) -> list[Finding]:
        """What `paybind verify` holds against this purchase, at rest or under way."""
        verdict = await until(lambda: self.verification.verify(under_way=timedelta()))
        return [found for found in verdict.findings if purchase_id in found.purchase_ids]


def wish(sold: Sold, price: int = PRICE) -> dict[str, JsonValue]:
    return {"quote_id": sold.quote_id, "user_id": "alice", "amount": price, "currency": "SGD"}


def quote_of(sold: Sold, price: int = PRICE) -> dict[str, JsonValue]:
    today = date.today()
    return {
        "quote_id": sold.quote_id,
        "product_name": "Premium Travel Insurance",
        "insured_persons": [{"name": "Alice Tan", "date_of_birth": "1988-04-12"}],
        "cover": [{"name": "Medical expenses", "limit": {"minor": 10**8, "currency": "SGD"}}],
        "period": {
            "starts_on": (today + timedelta(days=14)).isoformat(),
            "ends_on": (today + timedelta(days=21)).isoformat(),
        },
        "price": {"minor": price, "currency": "SGD"},
        "customer_email": sold.customer,
        "valid_until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }


def settings_for(home: Path, **changes: object) -> Settings:
    """In a home of its own, on free ports, with simulators."""
    ports = ("temporal_port", "temporal_ui_port", "api_port", "simulators_port")
    anywhere = dict.fromkeys((*ports, "worker_metrics_port"), 0)
    return Settings(_env_file=None, paybind_home=home).model_copy(update={**anywhere, **changes})


@asynccontextmanager
async def house_at(settings: Settings) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(installation(settings, print))
        services = await stack.enter_async_context(open_services(running.settings))
        verification = await stack.enter_async_context(open_verification(running.settings))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=running.settings.api_url,
                headers={"Authorization": f"Bearer {running.api_key}"},
                timeout=60,
            )
        )
        simulators = await stack.enter_async_context(
            httpx.AsyncClient(base_url=str(running.settings.stripe_api_base), timeout=30)
        )
        temporal = await connect_temporal(running.settings)
        yield House(running, http, Providers(simulators), services, verification, temporal)
