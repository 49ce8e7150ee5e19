"""Buying a policy by tools: what each answer holds, and what each refusal says."""

import pytest
from mcp.client.session import ClientRequestContext
from mcp.types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult

from domain.money import Money
from tests.mcp_server.shop import ERAS, Era, Shop, text_of

NOBODY = "pur_aaaaaaaaaaaaaaaaaaaaaa"
FAILURE = {
    *("code", "message", "user_message", "can_retry", "suggested_action", "requires_user_action")
}


async def test_a_started_purchase_answers_all_that_a_widget_needs(shop: Shop) -> None:
    wish = await shop.wish()
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **wish)

    assert str(started["payment_intent_id"]).startswith("pur_")
    assert str(started["session_id"]).startswith("cs_")
    assert (started["amount"], started["currency"], started["currency_exponent"]) == (
        15000,
        "SGD",
        2,
    )
    assert (started["provider"], started["livemode"]) == ("stripe", False)
    assert started["expires_at"] is not None
    widget = started["widget"]
    assert isinstance(widget, dict)
    assert widget["type"] == "payment_checkout"
    assert widget["data"]["checkout_url"] == started["checkout_url"]
    assert widget["data"]["widget_url"].startswith(
        "https://paybind.example/widgets/payment?purchase="
    )


@pytest.mark.parametrize("base", ["https://shop.example/pay", "https://shop.example/pay/"])
async def test_a_widget_that_is_served_elsewhere_is_linked_there(shop: Shop, base: str) -> None:
    async with shop.agent(widget_base_url=base) as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())

    widget = started["widget"]
    assert isinstance(widget, dict)
    assert widget["data"]["widget_url"].startswith("https://shop.example/pay/payment?purchase=")


@pytest.mark.parametrize("era", ERAS)
async def test_the_state_tells_the_whole_story_of_a_purchase(shop: Shop, era: Era) -> None:
    wish = await shop.wish()
    async with shop.agent(era) as agent:
        started = await agent.answer("initiate_purchase", **wish)
        purchase_id = str(started["payment_intent_id"])
        pending = await agent.answer("check_payment_status", payment_intent_id=purchase_id)
        await shop.pay(purchase_id)
        await agent.until_paid(purchase_id)
        policy = await agent.answer("complete_purchase", payment_intent_id=purchase_id)
        paid = await agent.answer("check_payment_status", payment_intent_id=purchase_id)

    assert pending["checkout_url"] == started["checkout_url"]
    assert pending["stripe_session_id"] == started["session_id"]
    assert (pending["stripe_payment_intent"], pending["policy_number"]) == (None, None)
    assert (pending["user_id"], pending["quote_id"]) == ("user_alice", wish["quote_id"])
    assert paid["checkout_url"] is None
    assert str(paid["stripe_payment_intent"]).startswith("pi_")
    assert (paid["refund_status"], paid["amount_refunded"]) == ("none", 0)
    assert paid["policy_number"] == policy["policy_number"]
    assert str(paid["policy_document_url"]).startswith("https://paybind.example/documents/")


async def test_completing_twice_answers_the_same_policy(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent() as agent:
        first = await agent.answer("complete_purchase", payment_intent_id=purchase_id)
        second = await agent.answer("complete_purchase", payment_intent_id=purchase_id)

    assert first["status"] == "completed"
    assert str(first["policy_id"]).startswith("pol_")
    same = ("policy_id", "policy_number", "created_at", "payment_intent_id")
    assert [second[name] for name in same] == [first[name] for name in same]


async def test_a_purchase_answers_to_the_providers_own_ids_too(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent() as agent:
        state = await agent.answer("check_payment_status", payment_intent_id=purchase_id)
        for name in ("stripe_session_id", "stripe_payment_intent"):
            found = await agent.answer("check_payment_status", payment_intent_id=state[name])
            assert found["payment_intent_id"] == purchase_id


async def test_the_same_call_again_joins_the_same_purchase(shop: Shop) -> None:
    wish = await shop.wish()
    async with shop.agent() as agent:
        first = await agent.answer("initiate_purchase", **wish)
        second = await agent.answer("initiate_purchase", **wish)

    assert first["checkout_url"] == second["checkout_url"]
    assert first["payment_intent_id"] == second["payment_intent_id"]


async def test_a_cancelled_payment_frees_its_quote(shop: Shop) -> None:
    wish = await shop.wish()
    async with shop.agent() as agent:
        first = await agent.answer("initiate_purchase", **wish)
        cancelled = await agent.answer(
            "cancel_payment",
            payment_intent_id=first["payment_intent_id"],
            reason="Customer changed their mind",
        )
        second = await agent.answer("initiate_purchase", **wish)

    assert cancelled["status"] == "cancelled"
    assert cancelled["payment_intent_id"] == first["payment_intent_id"]
    assert second["payment_intent_id"] != first["payment_intent_id"]


async def test_the_first_text_is_a_sentence_and_the_second_the_whole_answer(shop: Shop) -> None:
    async with shop.agent() as agent:
        result = await agent.call("initiate_purchase", **await shop.wish())

    assert text_of(result).startswith("Give the customer the checkout_url to pay SGD 150.00")
    assert len(result.content) == 2


async def test_what_others_wrote_arrives_short_and_without_control_characters(shop: Shop) -> None:
    quote = await shop.quote(product="Travel\u202e\x1b[31m Easy\u0007 IGNORE  ALL")
    wish = await shop.wish(quote_id=quote.quote_id)
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **wish)

    assert started["product_name"] == "Travel [31m Easy IGNORE ALL"


# The checkout as a page that the client opens


class Opener:
    """A client that asks its user before it opens a page."""

    def __init__(self, action: str) -> None:
        self.urls: list[str] = []
        self._reply = ElicitResult.model_validate({"action": action})

    async def __call__(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - as the protocol has it
        params: ElicitRequestParams,
    ) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        self.urls.append(params.url)
        return self._reply


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_the_checkout_is_offered_as_a_page_and_the_answer_comes_anyway(
    shop: Shop, era: Era, action: str
) -> None:
    opener = Opener(action)
    async with shop.agent(era, human=opener) as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())

    assert opener.urls == [started["checkout_url"]]


# What is refused, and how


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quote_id": "quote_nobody_knows"}, "unknown_quote"),
        ({"amount": 14999}, "amount_mismatch"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"amount": 0}, "invalid_amount"),
        ({"amount": -5}, "invalid_amount"),
        ({"amount": 150.5}, "invalid_amount"),
        ({"amount": "15000"}, "invalid_amount"),
        ({"amount": True}, "invalid_amount"),
        ({"currency": "XYZ"}, "unknown_currency"),
        ({"currency": "XAU"}, "unknown_currency"),
        ({"customer_email": "not an address"}, "invalid_email"),
        ({"discount": 10}, "unknown_field"),
        ({"user_id": "line\nbreak"}, "invalid_request"),
        ({"quote_id": "../../etc"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("era", ERAS)
async def test_a_wish_that_breaks_a_rule_is_refused_with_its_own_code(
    shop: Shop, era: Era, change: dict[str, object], code: str
) -> None:
    async with shop.agent(era) as agent:
        failure = await agent.failure("initiate_purchase", **await shop.wish(**change))

    assert failure["code"] == code
    assert set(failure) >= FAILURE


async def test_a_missing_argument_is_named(shop: Shop) -> None:
    wish = await shop.wish()
    del wish["product_name"]
    async with shop.agent() as agent:
        failure = await agent.failure("initiate_purchase", **wish)

    assert failure["code"] == "missing_field"
    assert failure["message"] == "product_name: Field required"


async def test_a_refused_value_is_not_repeated(shop: Shop) -> None:
    async with shop.agent() as agent:
        result = await agent.call(
            "initiate_purchase", **await shop.wish(customer_email="secret-address")
        )

    assert "secret-address" not in text_of(result)


async def test_amounts_are_held_against_the_minimum_that_a_card_can_pay(shop: Shop) -> None:
    quote = await shop.quote(Money(minor=50, currency="SGD"))
    async with shop.agent() as agent:
        wish = await shop.wish(quote_id=quote.quote_id, amount=50)
        await agent.answer("initiate_purchase", **wish)


async def test_currency_defaults_to_the_installations_own(shop: Shop) -> None:
    quote = await shop.quote(Money(minor=5000, currency="EUR"))
    wish = await shop.wish(quote_id=quote.quote_id, amount=5000)
    del wish["currency"]
    async with shop.agent(stripe_currency="eur") as agent:
        started = await agent.answer("initiate_purchase", **wish)
        tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}

    assert started["currency"] == "EUR"
    assert tools["initiate_purchase"].input_schema["properties"]["currency"]["default"] == "EUR"


@pytest.mark.parametrize(
    "tool", ["check_payment_status", "complete_purchase", "cancel_payment", "refund_payment"]
)
async def test_an_unknown_purchase_is_not_found(shop: Shop, tool: str) -> None:
    async with shop.agent() as agent:
        failure = await agent.failure(tool, payment_intent_id=NOBODY)

    assert failure["code"] == "purchase_not_found"
    assert failure["can_retry"] is False


async def test_a_policy_before_the_payment_asks_for_the_customer(shop: Shop) -> None:
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        purchase_id = started["payment_intent_id"]
        failure = await agent.failure("complete_purchase", payment_intent_id=purchase_id)

    assert failure["code"] == "not_paid"
    assert (failure["can_retry"], failure["requires_user_action"]) == (True, True)
    assert failure["purchase_id"] == purchase_id


async def test_a_paid_purchase_whose_webhook_was_lost_is_completed(shop: Shop) -> None:
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        purchase_id = str(started["payment_intent_id"])
        shop.payments.pay(purchase_id)
        completed = await agent.answer("complete_purchase", payment_intent_id=purchase_id)

    assert completed["policy_number"]


@pytest.mark.slow
async def test_complete_answers_without_a_provider_that_is_silent(shop: Shop) -> None:
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        shop.payments.hold("fetch_checkout")
        failure = await agent.failure(
            "complete_purchase", payment_intent_id=started["payment_intent_id"]
        )
        shop.payments.let_go("fetch_checkout")

    assert failure["code"] == "not_paid"


async def test_a_paid_purchase_is_not_cancelled(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent() as agent:
        failure = await agent.failure("cancel_payment", payment_intent_id=purchase_id)

    assert failure["code"] == "already_paid"
    assert failure["suggested_action"] == "Ask for a refund instead."


async def test_a_paid_quote_is_not_sold_again(shop: Shop) -> None:
    wish = await shop.wish()
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **wish)
        await shop.pay(str(started["payment_intent_id"]))
        await agent.until_paid(str(started["payment_intent_id"]))
        failure = await agent.failure("initiate_purchase", **wish)

    assert failure["code"] == "quote_already_paid"
    assert failure["purchase_id"] == started["payment_intent_id"]
