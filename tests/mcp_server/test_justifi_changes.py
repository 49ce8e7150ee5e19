"""What agents change at JustiFi: test cards only, and money only with a person's yes."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from domain.identifiers import new_id
from domain.tenants import Scope
from tests.harbour import CODE
from tests.mcp_server.justifi_agent import (
    ACCOUNT,
    CARD,
    JustifiAgent,
    at_justifi,
    integration_of,
    part,
    parts,
)
from tests.mcp_server.justifi_double import JustifiDouble
from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import ERAS, Era, Fields, Shop

REAL_CARD = "4111111111111111"
REAL_ACCOUNT: Fields = {**ACCOUNT, "account_number": "000999999991"}
REFUSING = Person(approve=False)


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> Era:
    found: Era = request.param
    return found


def beyond_limit(shop: Shop, limit: int) -> AbstractAsyncContextManager[JustifiAgent]:
    return at_justifi(shop.with_approval_above(limit))


async def test_a_test_account_is_stored_and_a_debit_of_it_is_pending(shop: Shop, era: Era) -> None:
    async with at_justifi(shop, era) as agent:
        stored = await agent.answer("create_payment_method", bank_account=ACCOUNT)
        paid = await agent.pay(payment_method_id=part(stored, "payment_method")["id"])

    assert part(part(stored, "payment_method"), "bank_account")["acct_last_four"] == "6789"
    assert part(paid, "payment")["status"] == "pending"


async def test_a_customer_id_becomes_a_group_or_is_noted_with_the_card(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        for customer in ("pmg_family", "cust_abc"):
            card = {**CARD, "name": customer}
            await agent.answer("create_payment_method", customer_id=customer, card=card)
        grouped = await agent.answer("list_payment_methods", customer_id="pmg_family")
        deprecated = await agent.answer("list_payment_methods", customer_id="cust_abc")

    assert len(parts(grouped, "payment_methods")) == 1
    assert parts(deprecated, "payment_methods") == []
    sent = [str(each) for each in await justifi.requests("POST", "payment_methods")]
    assert any("cust_abc" in each and "metadata" in each for each in sent)


async def test_a_repeated_call_stores_one_method(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        first, again = [await agent.stored(name="Once Only") for _ in range(2)]
        other = await agent.stored(name="Another One")

    assert first == again != other


async def test_a_card_that_is_refused_is_an_answer(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        told = await agent.answer(
            "create_payment_method", card={**CARD, "number": "4242424242424241"}
        )

    assert told["status"] == "declined"
    assert part(told, "decline")["code"] == "card_number_invalid"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ({"card": {**CARD, "number": REAL_CARD}}, "card_number_refused"),
        ({"card": {**CARD, "number": "4111111111111112"}}, "card_number_refused"),
        ({"card": {**CARD, "name": REAL_CARD}}, "card_number_refused"),
        ({"bank_account": REAL_ACCOUNT}, "bank_account_refused"),
        ({"bank_account": {**ACCOUNT, "routing_number": "021000021"}}, "bank_account_refused"),
        ({}, "invalid_request"),
        ({"card": CARD, "bank_account": ACCOUNT}, "invalid_request"),
    ],
)
async def test_what_is_no_test_number_is_refused_before_anybody_sees_it(
    shop: Shop, justifi: JustifiDouble, method: Fields, code: str
) -> None:
    async with at_justifi(shop) as agent:
        failure = await agent.failure("create_payment_method", **method)

    assert failure["code"] == code
    assert REAL_CARD not in str(failure)
    sent = str(await justifi.requests("POST", "payment_methods"))
    assert "000999999991" not in sent


async def test_no_other_tool_takes_a_test_card(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        failure = await agent.failure("retrieve_payment", payment_id="py_1", card=CARD)

    assert failure["code"] == "card_number_refused"


async def test_in_live_mode_a_test_card_is_a_card_like_any_other(shop: Shop) -> None:
    operations = replace(shop.services.operations, livemode=True)
    live = replace(shop, services=replace(shop.services, operations=operations))
    async with at_justifi(live) as agent:
        told = await agent.failure("create_payment_method", card=CARD)
        account = await agent.failure("create_payment_method", bank_account=ACCOUNT)

    assert (told["code"], account["code"]) == ("card_number_refused", "bank_account_refused")


async def test_a_payment_is_made_once_a_person_has_seen_all_of_it_and_agreed(
    shop: Shop, era: Era, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop, era) as agent:
        told = await agent.pay(1234, description="Lunch")

    assert told["status"] == "done"
    assert part(told, "payment")["status"] == "succeeded"
    asked = agent.person.asked[0]
    assert "USD 12.34" in asked
    assert "Lunch" in asked
    made = (await justifi.requests("POST", "payments"))[-1]
    assert "opn_" in str(made)


async def test_nothing_is_sent_where_a_person_says_no(
    shop: Shop, era: Era, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop, era, REFUSING) as agent:
        before = len(await justifi.requests("POST", "payments"))
        told = await agent.pay()
        after = len(await justifi.requests("POST", "payments"))

    assert told["status"] == "not_agreed"
    assert before == after


async def test_what_nobody_can_be_asked_about_is_left_to_a_person(shop: Shop) -> None:
    integration_id = await integration_of(shop)
    async with shop.agent(paybind_mcp_toolsets="justifi") as agent:
        failure = await agent.failure(
            "create_payment",
            amount_cents=1500,
            currency="usd",
            payment_method_id="pm_1",
            integration_id=integration_id,
        )

    assert failure["code"] == "approval_required"


async def test_more_than_a_user_may_agree_to_is_left_to_a_person(shop: Shop) -> None:
    async with beyond_limit(shop, 1000) as agent:
        card = await agent.stored()
        wish: Fields = {"currency": "usd", "payment_method_id": card}
        refused = await agent.failure("create_payment", amount_cents=1001, **wish)
        made = await agent.answer("create_payment", amount_cents=1000, **wish)
        long = await agent.failure(
            "create_payment", amount_cents=900, metadata={"note": "x" * 1000}, **wish
        )

    assert (refused["code"], long["code"]) == ("approval_required", "approval_required")
    assert made["status"] == "done"


async def test_a_declined_card_is_an_answer_with_its_reason(shop: Shop, era: Era) -> None:
    async with at_justifi(shop, era) as agent:
        told = await agent.pay(metadata={"payment_test": {"scenario": "insufficient_funds"}})

    assert told["status"] == "declined"
    assert told["payment"] is None
    assert part(told, "decline")["decline_code"] == "insufficient_funds"


async def test_a_call_with_a_key_of_its_own_is_one_payment_however_often_it_is_repeated(
    shop: Shop,
) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored()
        first, again = [
            await agent.pay(payment_method_id=card, idempotency_key="order-7") for _ in range(2)
        ]
        other = await agent.failure(
            "create_payment",
            amount_cents=9999,
            currency="usd",
            payment_method_id=card,
            idempotency_key="order-7",
        )

    assert part(first, "payment")["id"] == part(again, "payment")["id"]
    assert other["code"] == "idempotency_key_reused"


async def test_equal_calls_that_a_person_agreed_to_twice_are_two_payments(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored()
        first, second = [await agent.paid(payment_method_id=card) for _ in range(2)]

    assert first != second


async def test_a_payment_whose_answer_was_lost_is_made_once(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored()
        await justifi.fails("cut_after_effect", "POST", "payments")
        told = await agent.pay(payment_method_id=card)
        mine = await agent.answer("list_payments", payment_method_id=card)

    assert [each["id"] for each in parts(mine, "payments")] == [part(told, "payment")["id"]]


async def test_a_provider_that_refuses_for_now_is_not_asked_behind_anybodys_back(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored()
        before = len(await justifi.requests("POST", "payments"))
        await justifi.fails("unavailable", "POST", "payments")
        failure = await agent.failure(
            "create_payment", amount_cents=1500, currency="usd", payment_method_id=card
        )
        after = len(await justifi.requests("POST", "payments"))

    assert (failure["code"], failure["can_retry"]) == ("unavailable", True)
    assert after - before == 1


async def test_an_authorised_payment_is_captured(shop: Shop, era: Era) -> None:
    async with at_justifi(shop, era) as agent:
        held = await agent.pay(2000, capture_strategy="manual")
        told = await agent.answer("capture_payment", payment_id=part(held, "payment")["id"])
        again = await agent.failure("capture_payment", payment_id=part(held, "payment")["id"])

    assert part(held, "payment")["status"] == "authorized"
    assert (told["status"], part(told, "payment")["captured"]) == ("done", True)
    assert again["provider_code"] == "payment_already_captured"
    assert "USD 20.00" in agent.person.asked[1]


async def test_a_payment_is_voided_soon_after_it_was_made(shop: Shop, era: Era) -> None:
    async with at_justifi(shop, era) as agent:
        told = await agent.answer("void_payment", payment_id=await agent.paid())

    assert part(told, "payment")["status"] == "canceled"


async def test_no_capture_and_no_void_without_a_yes(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        held = await agent.paid(capture_strategy="manual")
    async with at_justifi(shop, person=REFUSING) as other:
        captured = await other.answer("capture_payment", payment_id=held)
        voided = await other.answer("void_payment", payment_id=held)
        still = await other.answer("retrieve_payment", payment_id=held)

    assert (captured["status"], voided["status"]) == ("not_agreed", "not_agreed")
    assert part(still, "payment")["status"] == "authorized"


async def test_a_payment_of_justifis_goes_back_by_its_own_id(shop: Shop, era: Era) -> None:
    async with at_justifi(shop, era) as agent:
        payment_id = await agent.paid(2000)
        some = await agent.answer("refund_payment", payment_intent_id=payment_id, amount=500)
        rest = await agent.answer("refund_payment", payment_intent_id=payment_id)
        told = await agent.answer("retrieve_payment", payment_id=payment_id)

    assert [each["payment_intent_id"] for each in (some, rest)] == [payment_id, payment_id]
    assert (some["amount"], rest["amount"]) == (500, 1500)
    assert part(told, "payment")["status"] == "fully_refunded"
    assert "USD 5.00 went back before" in agent.person.asked[-1]


async def test_a_purchase_is_refunded_by_the_same_tool(shop: Shop, era: Era) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(era, yes(), paybind_mcp_toolsets="justifi") as agent:
        told = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)
        unknown = await agent.failure("refund_payment", payment_intent_id="pur_unknown")

    assert (told["payment_intent_id"], told["amount"]) == (purchase_id, 5000)
    assert unknown["code"] == "purchase_not_found"


@pytest.mark.parametrize("name", ["purchase_id", "refund_id", "execution_id", "operation_id"])
async def test_metadata_that_would_be_taken_for_paybinds_own_is_refused_before_anybody_is_asked(
    shop: Shop, justifi: JustifiDouble, name: str
) -> None:
    async with at_justifi(shop) as agent:
        before = await justifi.requests("POST", "payments")
        failure = await agent.failure(
            "create_payment",
            amount_cents=1500,
            currency="usd",
            payment_method_id="pm_1",
            metadata={"order": 7, name: new_id("pur")},
        )
        after = await justifi.requests("POST", "payments")

    assert failure["code"] == "invalid_request"
    assert name in str(failure["message"])
    assert (before, agent.person.asked) == (after, [])


async def test_a_payment_that_a_purchase_was_paid_by_is_left_to_the_purchase(
    shop: Shop, justifi: JustifiDouble
) -> None:
    person = yes()
    async with at_justifi(shop, person=person) as agent:
        payment_id = await justifi.paid(await agent.stored(), purchase_id=new_id("pur"))
        for tool, named in (
            ("refund_payment", "payment_intent_id"),
            ("void_payment", "payment_id"),
            ("capture_payment", "payment_id"),
        ):
            failure = await agent.failure(tool, **{named: payment_id})

            assert failure["provider_code"] == "payment_of_a_purchase"
    assert person.asked == []


async def test_nobody_is_asked_to_give_back_more_than_is_left(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        payment_id = await agent.paid(2000)
        await agent.answer("refund_payment", payment_intent_id=payment_id, amount=1500)
    person = yes()
    async with at_justifi(shop, person=person) as agent:
        above = await agent.failure("refund_payment", payment_intent_id=payment_id, amount=501)
        await agent.answer("refund_payment", payment_intent_id=payment_id)
        nothing = await agent.failure("refund_payment", payment_intent_id=payment_id)

    assert (above["code"], nothing["code"]) == ("refund_above_cap", "refund_above_cap")
    assert len(person.asked) == 1


async def test_a_refund_needs_a_yes_and_stays_below_what_a_user_may_agree_to(shop: Shop) -> None:
    async with at_justifi(shop) as agent:
        payment_id = await agent.paid(2000)
    async with at_justifi(shop, person=REFUSING) as other:
        told = await other.answer("refund_payment", payment_intent_id=payment_id)
    async with beyond_limit(shop, 1000) as third:
        large = await third.failure("refund_payment", payment_intent_id=payment_id)

    assert (told["status"], told["refund_id"]) == ("declined", None)
    assert large["code"] == "approval_required"


@pytest.mark.parametrize(
    ("tool", "named", "scopes"),
    [
        ("refund_payment", "payment_intent_id", {Scope.READ, Scope.WRITE}),
        ("void_payment", "payment_id", {Scope.READ, Scope.WRITE}),
        ("capture_payment", "payment_id", {Scope.READ}),
    ],
)
async def test_a_key_that_lacks_the_scope_moves_nothing(
    shop: Shop, tool: str, named: str, scopes: set[Scope]
) -> None:
    _, key = await shop.services.api_keys.issue(shop.tenant_id, "lesser", frozenset(scopes))
    async with at_justifi(shop) as agent:
        payment_id = await agent.paid(capture_strategy="manual")
    async with at_justifi(replace(shop, key=key)) as lesser:
        failure = await lesser.failure(tool, **{named: payment_id})

    assert failure["code"] == "missing_scope"


async def test_an_integration_of_another_provider_is_refused(shop: Shop) -> None:
    harbour = await integration_of(shop, CODE, {"token": "token-justifi"})
    async with shop.agent(paybind_mcp_toolsets="justifi") as agent:
        none = await agent.failure("list_payments", integration_id="nowhere")
        other = await agent.failure("list_payments", integration_id=harbour)

    assert none["code"] == "integration_not_found"
    assert "list_integrations" in str(none["suggested_action"])
    assert other["code"] == "invalid_request"
    assert f"{harbour} is an integration of {CODE}" in str(other["message"])
