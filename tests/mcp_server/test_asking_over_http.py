"""Who is asked over HTTP: the user of a client that speaks in rounds, never an older client's.

An older client is asked in the middle of a call, and its answer is a request of its own: that needs
a session, which no process here keeps for the others.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from domain.tenants import Caller, Scope
from services.integrations import IntegrationWish
from tests.harbour import CODE
from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import Agent, Era, Shop
from tests.mcp_server.site import Site, opened

pytestmark = pytest.mark.slow  # most are a whole purchase


@asynccontextmanager
async def visiting(shop: Shop, site: Site, era: Era, person: Person) -> AsyncIterator[Agent]:
    """An agent over HTTP with ``person`` as its user, whom its client offers to ask."""
    async with site.http(shop.key) as http:
        transport = streamable_http_client(f"{site.url}/mcp", http_client=http)
        async with Client(transport, mode=era, elicitation_callback=person) as client:
            yield Agent(client)


async def test_since_rounds_the_clients_user_is_asked_over_http_too(shop: Shop, site: Site) -> None:
    purchase_id, person = await shop.paid_purchase(), yes()
    async with visiting(shop, site, "auto", person) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)

    assert len(person.asked) == 1
    assert answer["status"] in ("pending", "succeeded")


async def test_an_older_clients_user_is_not_asked_and_told_where_an_operator_approves(
    shop: Shop, site: Site
) -> None:
    purchase_id, person = await shop.paid_purchase(), yes()
    async with visiting(shop, site, "legacy", person) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)
        state = await agent.answer("check_payment_status", payment_intent_id=purchase_id)

    assert person.asked == []
    assert answer["status"] == "awaiting_approval"
    assert "an operator must approve it within 72 hours" in str(answer["message"])
    approve_at = f"POST https://paybind.example/refunds/{answer['refund_id']}/approve"
    assert answer["approve_at"] == approve_at
    assert state["refund_status"] == "none"


@pytest.mark.parametrize(("era", "offers"), [("auto", 1), ("legacy", 0)])
async def test_the_checkout_is_offered_as_a_page_to_clients_that_speak_in_rounds(
    shop: Shop, site: Site, era: Era, offers: int
) -> None:
    person = yes()
    async with visiting(shop, site, era, person) as agent:
        answer = await agent.answer("initiate_purchase", **await shop.wish())

    assert person.offered == [answer["checkout_url"]] * offers


async def test_what_is_done_over_http_is_written_down_with_where_it_was_asked_from(
    shop: Shop,
) -> None:
    offering = shop.settings.model_copy(update={"paybind_mcp_toolsets": "integrations"})
    owner = Caller(tenant_id=shop.tenant_id, key_id="key_owner", scopes=frozenset(Scope))
    wish = IntegrationWish(
        connection_code=CODE, name="Quay", credentials={"token": "token-http"}, metadata={}
    )
    made = await shop.services.integrations.create(owner, wish)
    asked = {"integration_id": made.integration_id, "capability_code": "SEND_NOTE"}
    async with (
        opened(replace(shop, settings=offering)) as site,
        visiting(shop, site, "auto", yes()) as agent,
    ):
        await agent.answer("execute_capability", **asked, parameters={"text": "hello"})

    log = await shop.services.audit.page(owner, made.integration_id, None, 10)
    (used,) = [each for each in log.items if each.action == "integration.used"]
    assert used.actor == (await shop.caller()).key_id
    assert used.address == "127.0.0.1"
