"""When a part of the house is down, the answer is 503 and nothing is lost."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from api.main import create_app
from composition import build_services
from persistence.database import Database
from tests.api.conftest import client_of
from tests.api.door import Door, code_of, event, signature_of, wanted


def _is_unavailable(answer: Response) -> bool:
    assert code_of(answer) == (503, "unavailable")
    assert answer.json()["can_retry"] is True
    assert answer.json()["retry_after"] == int(answer.headers["retry-after"])
    return True


@pytest.fixture
async def without_database(door: Door, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    app = create_app(door.settings)
    services = door.app.state.services
    gone = Database(f"sqlite:///{tmp_path / 'not' / 'there.db'}")
    broken = build_services(door.settings, services.health.client, gone)
    app.state.services = replace(broken, api_keys=services.api_keys)
    async with client_of(app, door.key) as http:
        yield http
    await gone.close()


@pytest.mark.slow
async def test_without_temporal_a_webhook_is_kept_and_repeated(
    door: Door, without_temporal: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id)
    body = event("checkout.session.completed", purchase_id, f"evt_outage_{purchase_id}")
    headers = {"stripe-signature": signature_of(body)}
    refused = await without_temporal.post("/webhooks/stripe", content=body, headers=headers)
    assert _is_unavailable(refused)
    stored = await door.http.get("/webhook-events", params={"outcome": "received"})
    assert f"evt_outage_{purchase_id}" in stored.text

    repeated = await door.send_webhook(body, signature_of(body))
    assert repeated.status_code == 200
    await door.until(purchase_id, "policy_status", "delivered")


@pytest.mark.slow
async def test_without_temporal_a_purchase_can_be_asked_for_again(
    door: Door, without_temporal: AsyncClient
) -> None:
    quote_id = await door.quote()
    key = {"Idempotency-Key": f"outage {quote_id}"}
    assert _is_unavailable(
        await without_temporal.post("/purchases", json=wanted(quote_id), headers=key)
    )
    again = await door.http.post("/purchases", json=wanted(quote_id), headers=key)
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers


async def test_without_temporal_it_is_alive_but_not_ready(without_temporal: AsyncClient) -> None:
    assert (await without_temporal.get("/healthz")).status_code == 200
    ready = await without_temporal.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["parts"] == {"temporal": False, "database": True}


async def test_without_the_database_everything_says_so(without_database: AsyncClient) -> None:
    body = event("checkout.session.completed", "pur_x")
    headers = {"stripe-signature": signature_of(body)}
    for answer in (
        await without_database.get("/purchases"),
        await without_database.post("/purchases", json=wanted("Q-1")),
        await without_database.post("/webhooks/stripe", content=body, headers=headers),
    ):
        assert _is_unavailable(answer)
    assert (await without_database.get("/readyz")).json()["parts"]["database"] is False


async def test_without_the_database_a_customer_gets_a_page_that_tries_again(
    without_database: AsyncClient,
) -> None:
    answer = await without_database.get("/pay/any")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    assert 'http-equiv="refresh"' in answer.text
