"""When a part of the house is down, an agent is told to come back, and when."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from composition import build_services
from persistence.database import Database
from tests.mcp_server.shop import Fields, Shop
from tests.mcp_server.site import HANDSHAKE, opened
from tests.temporal_away import client_of_a_server_gone
from tests.workflows.servers import start_skipping_server

SECONDS = 5


@pytest.fixture
async def without_temporal(shop: Shop) -> AsyncIterator[Shop]:
    """The shop after its Temporal server answered once, and then went away."""
    client = await client_of_a_server_gone(await start_skipping_server(), shop.settings)
    database = Database(shop.settings.database)
    yield replace(shop, services=build_services(shop.settings, client, database))
    await database.close()


@pytest.fixture
async def without_database(shop: Shop, tmp_path: Path) -> AsyncIterator[Shop]:
    gone = Database(f"sqlite:///{tmp_path / 'not' / 'there.db'}")
    client = shop.services.health.client
    yield replace(shop, services=build_services(shop.settings, client, gone))
    await gone.close()


def told(failure: Fields) -> tuple[object, ...]:
    names = ("code", "message", "can_retry", "requires_user_action", "retry_after")
    return tuple(failure.get(name) for name in names)


@pytest.mark.slow
async def test_without_temporal_a_purchase_can_be_asked_for_again(
    shop: Shop, without_temporal: Shop
) -> None:
    wish = await shop.wish()
    async with without_temporal.agent() as agent:
        failure = await agent.failure("initiate_purchase", **wish)
    async with shop.agent() as agent:
        again = await agent.answer("initiate_purchase", **wish)

    message = "Temporal cannot be reached"
    assert told(failure) == ("unavailable", message, True, False, SECONDS)
    assert again["payment_status"] == "pending"


@pytest.mark.parametrize("keys_are_known", [True, False])
async def test_without_the_database_every_tool_says_when_to_come_back(
    shop: Shop, without_database: Shop, keys_are_known: bool
) -> None:
    if keys_are_known:
        known = replace(without_database.services, api_keys=shop.services.api_keys)
        without_database = replace(without_database, services=known)
    wish = await shop.wish()
    purchase = {"payment_intent_id": "pur_" + 22 * "a"}
    async with without_database.agent() as agent:
        failures = [
            await agent.failure("initiate_purchase", **wish),
            await agent.failure("check_payment_status", **purchase),
            await agent.failure("complete_purchase", **purchase),
        ]

    message = "the database is away or busy"
    assert {told(each) for each in failures} == {("unavailable", message, True, False, SECONDS)}


async def test_over_http_a_key_that_cannot_be_looked_up_is_neither_right_nor_wrong(
    without_database: Shop,
) -> None:
    async with opened(without_database) as site, site.http(without_database.key) as http:
        answer = await http.post("/mcp", json=HANDSHAKE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(SECONDS))
    assert told(answer.json())[0] == "unavailable"
    assert answer.json()["retry_after"] == SECONDS
