"""Buying a policy as an agent does: the tools over HTTP, by clients of several makers."""

import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import fastmcp
import httpx2
import pytest
from fastmcp.client.transports import StreamableHttpTransport
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from domain.refunds import RefundStatus
from tests.journeys.house import PRICE, House, Sold
from tests.mcp_server.shop import Agent, Era, Fields

pytestmark = [pytest.mark.slow]
CHECKOUT = Path(__file__).parents[3]
ERAS: tuple[Era, ...] = ("auto", "legacy")


@asynccontextmanager
async def agent_of(house: House, era: Era = "auto") -> AsyncIterator[Agent]:
    """The official client. Nobody sits behind it who could be asked."""
    key = {"Authorization": f"Bearer {house.running.api_key}"}
    door = f"{house.running.settings.api_url}/mcp"
    async with (
        httpx2.AsyncClient(headers=key, timeout=60) as http,
        Client(streamable_http_client(door, http_client=http), mode=era) as client,
    ):
        yield Agent(client)


def wish(sold: Sold) -> Fields:
    return {
        "user_id": "alice",
        "quote_id": sold.quote_id,
        "amount": PRICE,
        "currency": "SGD",
        "product_name": "Premium Travel Insurance",
        "customer_email": sold.customer,
    }


@pytest.mark.parametrize("told_in", ["README.md", "docs/guides/agents.md"])
async def test_a_client_set_up_as_described_finds_the_installation_that_runs(
    house: House, tmp_path: Path, told_in: str
) -> None:
    # Given what a client's configuration says, an .env, and a working directory of the client's own
    env_file = tmp_path / "checkout.env"
    env_file.write_text("WIDGET_BASE_URL=https://shop.example\n")
    told = (CHECKOUT / told_in).read_text("utf-8")
    for path, ours in (
        ("/path/to/paybind/.venv/bin/python", sys.executable),
        ("/path/to/paybind/.paybind", str(house.running.settings.paybind_home)),
        ("/path/to/paybind/.env", str(env_file)),
        ("/path/to/paybind", str(CHECKOUT)),
    ):
        told = told.replace(path, ours)
    [server] = [
        StdioServerParameters.model_validate(json.loads(block)["mcpServers"]["paybind"])
        for block in re.findall(r"```json\n(.*?)```", told, re.DOTALL)
        if '"command"' in block
    ]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    # When the client starts the server there
    sold = await house.quote()
    async with Client(server.model_copy(update={"cwd": elsewhere})) as client:
        started = await Agent(client).answer("initiate_purchase", **wish(sold))

    # Then it has sold what this installation sells
    seen = await house.purchase(str(started["payment_intent_id"]))
    assert seen.quote_id == sold.quote_id
    widget = started["widget"]
    assert isinstance(widget, dict)
    assert widget["data"]["widget_url"].startswith("https://shop.example/payment?")


@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_buys_a_policy(house: House, era: Era) -> None:
    sold = await house.quote()
    async with agent_of(house, era) as agent:
        # Given the checkout page that the agent was given
        started = await agent.answer("initiate_purchase", **wish(sold))
        purchase_id = str(started["payment_intent_id"])

        # When the customer has paid there
        await house.providers.pay(str(started["session_id"]))
        await agent.until_paid(purchase_id)

        # Then it gets the policy, each time the same one
        policy = await agent.answer("complete_purchase", payment_intent_id=purchase_id)
        again = await agent.answer("complete_purchase", payment_intent_id=purchase_id)
    assert policy["policy_number"] == again["policy_number"]
    await house.prove(purchase_id, sold)


async def test_an_agent_of_another_make_buys_a_policy(house: House) -> None:
    sold = await house.quote()
    key = {"Authorization": f"Bearer {house.running.api_key}"}
    transport = StreamableHttpTransport(f"{house.running.settings.api_url}/mcp", headers=key)
    async with fastmcp.Client(transport) as client:
        started = await client.call_tool("initiate_purchase", wish(sold))
        purchase_id = started.structured_content["payment_intent_id"]
        await house.providers.pay(started.structured_content["session_id"])
        await house.delivered(purchase_id)
        policy = await client.call_tool("complete_purchase", {"payment_intent_id": purchase_id})
    assert policy.structured_content["policy_number"].startswith("POL-")
    await house.prove(purchase_id, sold)


async def test_an_agent_that_is_too_early_is_told_to_wait(house: House) -> None:
    sold = await house.quote()
    async with agent_of(house) as agent:
        started = await agent.answer("initiate_purchase", **wish(sold))
        failure = await agent.failure(
            "complete_purchase", payment_intent_id=started["payment_intent_id"]
        )
    assert failure["code"] == "not_paid"


@pytest.mark.parametrize("era", ERAS)
async def test_an_agents_refund_waits_until_an_operator_approves(house: House, era: Era) -> None:
    # Given a paid purchase, and an agent with nobody behind it who could say yes
    sold = await house.quote()
    bought = await house.bought(sold)
    async with agent_of(house, era) as agent:
        asked = await agent.answer(
            "refund_payment", payment_intent_id=bought.purchase_id, amount=5_000
        )

    # Then nothing has moved
    refund_id = str(asked["refund_id"])
    assert asked["status"] == "awaiting_approval"
    assert await house.providers.refunds(str(bought.provider_payment_id)) == []

    # When an operator says yes
    answer = await house.http.post(f"/refunds/{refund_id}/approve", json={"note": "fine"})
    assert answer.status_code == 200, answer.text

    # Then the money goes back, once, and the customer is told
    await house.until_refund(refund_id, RefundStatus.SUCCEEDED)
    [refund] = await house.providers.refunds(str(bought.provider_payment_id))
    assert refund["amount"] == 5_000
    assert "50.00" in (await house.mail(sold.customer, "refund")).text


async def test_an_agent_saves_a_quote_and_sends_its_link(house: House) -> None:
    sold = await house.quote()
    async with agent_of(house) as agent:
        saved = await agent.answer(
            "save_quote_for_later", **wish(sold), notes="wants to sleep on it"
        )
        await agent.answer(
            "send_payment_link", quote_id=sold.quote_id, customer_email=sold.customer
        )
        found = await agent.answer("get_payment_link", quote_id=sold.quote_id)

    assert found["payment_link_url"] == saved["payment_link_url"]
    assert str(saved["payment_link_url"]) in (await house.mail(sold.customer, "")).text


async def test_an_agent_cancels_what_the_customer_no_longer_wants(house: House) -> None:
    sold = await house.quote()
    async with agent_of(house) as agent:
        started = await agent.answer("initiate_purchase", **wish(sold))
        purchase_id = str(started["payment_intent_id"])
        cancelled = await agent.answer("cancel_payment", payment_intent_id=purchase_id)
        assert cancelled["status"] == "cancelled"

        bought = await house.bought(await house.quote())
        failure = await agent.failure("cancel_payment", payment_intent_id=bought.purchase_id)
    assert failure["code"] == "already_paid"
    [session] = await house.providers.sessions(purchase_id)
    assert session["status"] == "expired"
