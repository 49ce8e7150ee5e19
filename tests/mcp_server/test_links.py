"""Saving a quote for later, sending its link, finding it again."""

import asyncio

import pytest

from gateways.faults import Busy
from tests.mcp_server.shop import Fields, Shop


async def saved(shop: Shop, **changes: object) -> Fields:
    return {**await shop.wish(), "notes": "Wants to ask her spouse", **changes}


async def test_a_saved_quote_gets_a_link_for_seven_days(shop: Shop) -> None:
    wish = await saved(shop, policy_id="policy_7days")
    async with shop.agent() as agent:
        answer = await agent.answer("save_quote_for_later", **wish)
        again = await agent.answer("save_quote_for_later", **wish)

    assert answer["message"] == "Quote saved! Payment link valid for 7 days."
    assert str(answer["payment_link_url"]).startswith("https://paybind.example/pay/")
    assert str(answer["payment_link_id"]).startswith("lnk_")
    assert again["payment_link_url"] == answer["payment_link_url"]


async def test_a_link_is_really_sent(shop: Shop) -> None:
    wish = await saved(shop)
    async with shop.agent() as agent:
        link = await agent.answer("save_quote_for_later", **wish)
        sent = await agent.answer(
            "send_payment_link",
            quote_id=wish["quote_id"],
            customer_email="bob@example.com",
            customer_name="Bob",
        )

    assert (sent["success"], sent["email_sent_to"]) == (True, "bob@example.com")
    assert sent["message"] == "Payment link sent to bob@example.com"
    message = shop.mail.sent[-1]
    assert message.to == "bob@example.com"
    assert str(link["payment_link_url"]) in message.text


async def test_a_lost_link_is_found_and_a_missing_one_is_made(shop: Shop) -> None:
    quote = await shop.quote()
    async with shop.agent() as agent:
        made = await agent.answer("get_payment_link", quote_id=quote.quote_id)
        found = await agent.answer("get_payment_link", quote_id=quote.quote_id)

    assert made["is_active"] is True
    assert found["payment_link_id"] == made["payment_link_id"]


async def test_the_link_of_a_paid_quote_is_not_active_any_more(shop: Shop) -> None:
    wish = await saved(shop)
    async with shop.agent() as agent:
        await agent.answer("save_quote_for_later", **wish)
        del wish["notes"]
        started = await agent.answer("initiate_purchase", **wish)
        await shop.pay(str(started["payment_intent_id"]))
        await agent.until_paid(str(started["payment_intent_id"]))
        link = await agent.answer("get_payment_link", quote_id=wish["quote_id"])
        failure = await agent.failure(
            "send_payment_link", quote_id=wish["quote_id"], customer_email="bob@example.com"
        )

    assert (link["is_active"], link["status"]) == (False, "paid")
    assert failure["code"] == "link_paid"


@pytest.mark.slow
async def test_a_link_asked_for_twice_during_a_mail_outage_arrives_once(shop: Shop) -> None:
    wish = await saved(shop)
    asked = {"quote_id": wish["quote_id"], "customer_email": "once@example.com"}
    shop.mail.fault = Busy("down")
    try:
        async with shop.agent() as agent, asyncio.TaskGroup() as both:
            await agent.answer("save_quote_for_later", **wish)
            tried = shop.mail.tries
            first = both.create_task(agent.answer("send_payment_link", **asked))
            while shop.mail.tries == tried:  # noqa: ASYNC110 - the fake has no event
                await asyncio.sleep(0.005)
            second = both.create_task(agent.answer("send_payment_link", **asked))
            while shop.mail.tries < tried + 2:  # noqa: ASYNC110 - the fake has no event
                await asyncio.sleep(0.005)
            shop.mail.fault = None
    finally:
        shop.mail.fault = None

    assert first.result()["success"] is second.result()["success"] is True
    assert [each.to for each in shop.mail.sent].count("once@example.com") == 1


async def test_a_paid_quote_that_never_had_a_link_gets_none(shop: Shop) -> None:
    wish = await saved(shop)
    del wish["notes"]
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **wish)
        await shop.pay(str(started["payment_intent_id"]))
        await agent.until_paid(str(started["payment_intent_id"]))
        asked = await agent.failure("get_payment_link", quote_id=wish["quote_id"])
        saved_again = await agent.failure("save_quote_for_later", **wish)

    assert (asked["code"], saved_again["code"]) == ("quote_already_paid", "quote_already_paid")


async def test_links_are_for_known_quotes_at_their_own_price(shop: Shop) -> None:
    async with shop.agent() as agent:
        wrong_price = await agent.failure("save_quote_for_later", **await saved(shop, amount=1))
        unknown = await agent.failure("get_payment_link", quote_id="quote_nobody_knows")
        bad_address = await agent.failure(
            "send_payment_link", quote_id="quote_nobody_knows", customer_email="bob"
        )

    assert wrong_price["code"] == "amount_mismatch"
    assert unknown["code"] == "unknown_quote"
    assert bad_address["code"] == "invalid_email"
