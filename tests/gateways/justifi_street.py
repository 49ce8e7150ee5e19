"""A seller at JustiFi's double: the gateway, its customers, and what the double was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx
from pydantic import JsonValue

from domain.identifiers import new_id
from domain.money import Money
from domain.payments import Checkout, CheckoutRequest, RefundOrder
from gateways.justifi_payments import JustifiPayments
from tests.gateways.simulated_justifi import GOOD_CARD, SimulatedJustifi

PRICE = Money(minor=15000, currency="USD")


class Try(NamedTuple):
    status: int
    key: str


class Street:
    """The gateway, and the customer's and the house's side of the double."""

    def __init__(self, justifi: SimulatedJustifi, http: httpx.AsyncClient) -> None:
        self.justifi = justifi
        self.http = http
        self.root = justifi.url.removesuffix("/justifi")
        self.page = f"{justifi.url}/checkout/{{checkout_id}}"
        self.payments = JustifiPayments(justifi.client, self.page)

    async def open(self, **changed: object) -> Checkout:
        return await self.payments.open_checkout(request(**changed))

    async def steer(self, door: str, **body: JsonValue) -> dict[str, JsonValue]:
        answer = await self.http.post(f"{self.root}/_simulator/{door}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def pay(self, checkout: Checkout, **how: JsonValue) -> str:
        how = how or {"number": GOOD_CARD}
        paid = await self.steer(f"justifi/checkouts/{checkout.session_id}/pay", **how)
        return str(paid["payment_id"])

    async def method(self, number: str = GOOD_CARD) -> str:
        return str((await self.justifi.payment_method(number)).id)

    async def bought(self) -> str:
        return await self.pay(await self.open())

    async def fails(self, kind: str, path: str, method: str = "POST", seconds: float = 1.0) -> None:
        match: JsonValue = {"path_prefix": path, "method": method}
        await self.steer("faults", target="justifi", kind=kind, match=match, seconds=seconds)

    async def tries(self, path: str) -> list[Try]:
        """Every POST there, in the order of the answers."""
        log = (await self.http.get(f"{self.root}/_simulator/log")).json()
        there = [each for each in log["requests"] if each["path"] == path]
        return [
            Try(each["status"], each["idempotency_key"])
            for each in there
            if each["method"] == "POST"
        ]

    async def asked(self, method: str, path: str) -> int:
        """How often, of what JustiFi let in."""
        log = (await self.http.get(f"{self.root}/_simulator/log")).json()
        one = (method, path)
        asked = [each for each in log["requests"] if (each["method"], each["path"]) == one]
        return len([each for each in asked if each["status"] < 400])


@asynccontextmanager
async def street_at(justifi: SimulatedJustifi) -> AsyncIterator[Street]:
    """Nobody was there before."""
    async with httpx.AsyncClient(verify=False) as http:
        opened = Street(justifi, http)
        await opened.steer("reset")
        yield opened


def request(**changed: object) -> CheckoutRequest:
    purchase_id = str(changed.get("purchase_id", new_id("pur")))
    wish = {
        "purchase_id": purchase_id,
        "tenant_id": new_id("ten"),
        "quote_id": "Q-1",
        "product_name": "Travel\n cover",
        "price": PRICE,
        "customer_email": "jane@customer.example",
        "expires_at": datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1),
        "success_url": "https://insurer.example/done?p=1",
        "cancel_url": "https://insurer.example/cancel",
        "idempotency_key": f"{purchase_id}:checkout:1",
    }
    return CheckoutRequest.model_validate({**wish, **changed})


def order(
    payment_id: str, minor: int, refund_id: str | None = None, **changed: object
) -> RefundOrder:
    refund_id = refund_id or new_id("ref")
    wish = {
        "refund_id": refund_id,
        "purchase_id": new_id("pur"),
        "payment_id": payment_id,
        "amount": Money(minor=minor, currency="USD"),
        "reason": "requested_by_customer",
        "idempotency_key": f"{refund_id}:refund:1",
    }
    return RefundOrder.model_validate({**wish, **changed})
