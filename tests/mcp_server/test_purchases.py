"""Buying a policy by tools, in both protocol eras."""

import pytest

from tests.mcp_server.shop import Era, Shop

ERAS: tuple[Era, ...] = ("auto", "legacy")


@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_buys_a_policy_from_quote_to_document(shop: Shop, era: Era) -> None:
    async with shop.agent(era) as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        purchase_id = str(started["payment_intent_id"])

        assert str(started["checkout_url"]).startswith("https://pay.example/cs_")
        before = await agent.answer("check_payment_status", payment_intent_id=purchase_id)
        assert (before["payment_status"], before["checkout_url"]) == (
            "pending",
            started["checkout_url"],
        )

        await shop.pay(purchase_id)
        await agent.until_paid(purchase_id)
        policy = await agent.answer("complete_purchase", payment_intent_id=purchase_id)

        assert policy["status"] == "completed"
        assert str(policy["policy_number"]).startswith("POL-")
