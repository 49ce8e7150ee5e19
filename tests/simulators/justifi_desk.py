"""JustiFi's double in this process, and a client that speaks as JustiFi's documents say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
from pydantic import JsonValue, TypeAdapter

from simulators.main import create_app
from simulators.options import Options, RetrySchedule

CLIENT_ID, CLIENT_SECRET = "test_shop", "test_secret"
SELLER = "acc_seller"
SECRET = "sigk_of_these_tests"
GOOD_CARD, POOR_CARD = "4242424242424242", "4000000000009995"
GOOD_ACCOUNT, CLOSED_ACCOUNT = "000123456789", "000111111113"

Json = dict[str, JsonValue]
_JSON = TypeAdapter(Json)


def read(answer: httpx.Response) -> Json:
    return _JSON.validate_json(answer.content or b"{}")


def part(whole: Json, name: str = "data") -> Json:
    return _JSON.validate_python(whole[name])


def parts(whole: Json, name: str = "data") -> list[Json]:
    listed = whole[name]
    assert isinstance(listed, list)
    return [_JSON.validate_python(one) for one in listed]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(part(read(answer), "error")["code"])


@dataclass
class Desk:
    """Sends a new Idempotency-Key with every change; a header of None is left out."""

    client: httpx.AsyncClient
    token: str = ""
    keys: "count[int]" = field(default_factory=count)

    async def authenticate(self, client_id: str = CLIENT_ID) -> None:
        given = {"client_id": client_id, "client_secret": CLIENT_SECRET}
        answer = await self.client.post("/justifi/oauth/token", json=given)
        self.token = str(read(answer)["access_token"])

    async def ask(
        self, method: str, path: str, body: JsonValue = None, **headers: str | None
    ) -> httpx.Response:
        usual: dict[str, str | None] = {"authorization": f"Bearer {self.token}"}
        if method != "GET":
            usual |= {"sub-account": SELLER, "idempotency-key": f"key-{next(self.keys)}"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (usual | given).items() if value is not None}
        return await self.client.request(method, f"/justifi/v1{path}", json=body, headers=sent)

    async def get(self, path: str, **headers: str | None) -> Json:
        answer = await self.ask("GET", path, **headers)
        assert answer.is_success, answer.text
        return read(answer)

    async def post(self, path: str, body: JsonValue = None, **headers: str | None) -> Json:
        answer = await self.ask("POST", path, {} if body is None else body, **headers)
        assert answer.is_success, answer.text
        return read(answer)

    async def steer(self, path: str, **body: JsonValue) -> Json:
        answer = await self.client.post(f"/_simulator{path}", json=body)
        assert answer.is_success, answer.text
        return read(answer)

    async def card(self, number: str = GOOD_CARD) -> str:
        card: JsonValue = {
            "name": "Jenny Rosen",
            "number": number,
            "month": "12",
            "year": "2040",
            "verification": "123",
            "address_postal_code": "55555",
        }
        made = await self.post("/payment_methods", {"payment_method": {"card": card}})
        return str(made["id"])

    async def bank_account(self, number: str = GOOD_ACCOUNT) -> str:
        account: JsonValue = {
            "account_owner_name": "Jenny Rosen",
            "routing_number": "110000000",
            "account_number": number,
            "account_type": "checking",
            "account_owner_type": "individual",
            "country": "US",
            "currency": "usd",
        }
        made = await self.post("/payment_methods", {"payment_method": {"bank_account": account}})
        return str(made["id"])

    async def pay(self, method: str, amount: int = 10_000, **more: JsonValue) -> Json:
        return part(await self.post("/payments", wanted(method, amount, **more)))

    async def checkout(self, amount: int = 10_000, **more: JsonValue) -> str:
        made = await self.post("/checkouts", {"amount": amount, "description": "order", **more})
        return str(made["id"])

    async def payment(self, identifier: JsonValue) -> Json:
        return part(await self.get(f"/payments/{identifier}"))

    async def events(self) -> list[Json]:
        log = read(await self.client.get("/_simulator/log"))
        return parts(log, "justifi_events")

    async def event_names(self) -> list[str]:
        return [str(event["event_name"]) for event in await self.events()]


def wanted(method: str, amount: int = 10_000, **more: JsonValue) -> Json:
    return {
        "amount": amount,
        "currency": "usd",
        "capture_strategy": "automatic",
        "payment_method": {"token": method},
        **more,
    }


@asynccontextmanager
async def open_desk(
    webhook_url: str | None = None, data: Path | None = None
) -> AsyncIterator[Desk]:
    options = Options(
        data=data,
        justifi_client_id=CLIENT_ID,
        justifi_webhook_url=webhook_url,
        justifi_webhook_secret=SECRET,
        settle_after=3600,
        retries=RetrySchedule(first=0.02),
    )
    app = create_app(options)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://simulators"
        ) as client,
    ):
        desk = Desk(client)
        await desk.authenticate()
        yield desk
