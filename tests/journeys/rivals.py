"""A tenant with an account at Stripe and one at JustiFi, sold to in dollars."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from uuid import uuid4

import httpx
from pydantic import JsonValue

from api.purchase_answers import PurchaseStarted
from domain.tenants import Scope
from gateways.justifi_client import JustifiClient
from gateways.justifi_models import Payment
from gateways.justifi_snapshots import RECEIVED, noted
from tests.journeys.branches import Account
from tests.journeys.house import House, Sold, quote_of, wish
from tests.journeys.providers import GOOD_CARD

_numbers = count(1)


@dataclass(frozen=True)
class Seller:
    """The account at JustiFi, and the integration that is for it."""

    integration_id: str
    client: JustifiClient

    async def payments(self) -> list[Payment]:
        """Received ones, newest first."""
        listed = self.client.listed(Payment, self.client.endpoints.list_payments)
        return [each async for each in listed if each.status in RECEIVED]

    async def paid(self) -> list[str | None]:
        return [noted(each.metadata, "purchase_id") for each in await self.payments()]


@dataclass(frozen=True)
class Rivals:
    """``house`` speaks with the tenant's own key."""

    house: House
    tenant_id: str
    stripe: Account
    justifi: Seller

    async def prefer(self, first: str, then: str) -> None:
        """The default, and its backup."""
        path = f"/entities/tenant/{self.tenant_id}/integrations"
        for integration_id in (first, then):
            link: JsonValue = {
                "integration_id": integration_id,
                "is_default": integration_id == first,
            }
            await _posted(self.house.http, path, link)

    async def pause(self, integration_id: str) -> None:
        path = f"/integrations/{integration_id}/pause"
        await _posted(self.house.http, path, {"reason": "maintenance"})

    async def start(self, integration_id: str | None = None) -> PurchaseStarted:
        """At the account that is named, or where the links lead."""
        sold = await self.quote()
        body: JsonValue = {**wish(sold), "currency": "USD", "integration_id": integration_id}
        answer = await self.house.http.post("/purchases", json=body)
        assert answer.status_code == 201, answer.text
        return PurchaseStarted.model_validate_json(answer.content)

    async def quote(self) -> Sold:
        name = f"rivals-{next(_numbers)}-{uuid4().hex[:8]}"
        sold = Sold(quote_id=f"quote-{name}", customer=f"{name}@example.com")
        in_dollars = json.loads(json.dumps(quote_of(sold)).replace("SGD", "USD"))
        answer = await self.house.http.post("/quotes", json=in_dollars)
        assert answer.status_code == 201, answer.text
        return sold

    async def pay_at_justifi(self, checkout_id: str, number: str = GOOD_CARD) -> None:
        path = f"/_simulator/justifi/checkouts/{checkout_id}/pay"
        await _posted(self.house.providers.http, path, {"number": number})


@asynccontextmanager
async def rivals(house: House) -> AsyncIterator[Rivals]:
    tenant_id = f"ten_rivals_{next(_numbers)}"
    headers = await house.key_of(tenant_id, *Scope)
    address = house.running.settings.api_url
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http:
        theirs = replace(house, http=http)
        justifi = await _seller(theirs)
        try:
            yield Rivals(theirs, tenant_id, await _account(theirs), justifi)
        finally:
            await justifi.client.close()


async def _account(house: House) -> Account:
    key = f"sk_test_rival{uuid4().hex[:12]}"
    credentials: dict[str, JsonValue] = {"api_key": key}
    body: JsonValue = {"connection_code": "stripe", "name": "Stripe", "credentials": credentials}
    integration_id = str((await _posted(house.http, "/integrations", body))["integration_id"])
    endpoint = await house.providers.http.post(
        "/v1/webhook_endpoints",
        data={"url": _address(house, "stripe", integration_id), "enabled_events[]": "*"},
        headers={"Authorization": f"Bearer {key}"},
    )
    await _put_secret(house, integration_id, str(endpoint.json()["secret"]))
    return Account(integration_id, "Stripe", key, house.providers.http)


async def _seller(house: House) -> Seller:
    """Its client id opens a platform of its own at the double."""
    client_id, base = f"test_{uuid4().hex[:16]}", str(house.running.settings.justifi_base_url)
    credentials: dict[str, JsonValue] = {
        "client_id": client_id,
        "client_secret": "test_secret",
        "sub_account_id": "acc_rival",
        "checkout_page": f"{base}/checkout/{{checkout_id}}",
    }
    body: JsonValue = {"connection_code": "justifi", "name": "JustiFi", "credentials": credentials}
    integration_id = str((await _posted(house.http, "/integrations", body))["integration_id"])
    publisher: JsonValue = {
        "client_id": client_id,
        "url": _address(house, "justifi", integration_id),
    }
    made = await _posted(house.providers.http, "/_simulator/justifi/event_publishers", publisher)
    await _put_secret(house, integration_id, str(made["secret"]))
    return Seller(integration_id, JustifiClient(client_id, "test_secret", base, "acc_rival"))


def _address(house: House, provider: str, integration_id: str) -> str:
    return f"{house.running.settings.api_url}/webhooks/{provider}/{integration_id}"


async def _put_secret(house: House, integration_id: str, secret: str) -> None:
    changed = await house.http.put(
        f"/integrations/{integration_id}", json={"credentials": {"webhook_secret": secret}}
    )
    assert changed.status_code == 200, changed.text


async def _posted(http: httpx.AsyncClient, path: str, body: JsonValue) -> dict[str, JsonValue]:
    answer = await http.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())
