"""Who is asked over HTTP: the user of a client that speaks in rounds, never an older client's.

An older client is asked in the middle of a call, and its answer is a request of its own: that needs
a session, which no process here keeps for the others.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import Agent, Era, Shop
from tests.mcp_server.site import Site

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
