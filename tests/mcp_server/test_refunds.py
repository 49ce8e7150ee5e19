"""Money goes back when a human agrees, once for each yes, in both protocol eras."""

import pytest
from mcp import Client
from mcp.types import ElicitResult, InputRequiredResult, InputResponses

from domain.tenants import Scope
from mcp_server.assembly import build_server
from mcp_server.callers import KeyOfProcess
from mcp_server.http import door_of
from tests.mcp_server.person import Person, yes
from tests.mcp_server.shop import ERAS, Agent, Era, Fields, Shop, until

pytestmark = pytest.mark.slow  # each is a whole purchase, and most are told in two eras

LARGE = 1000  # above what an agent's user may agree to alone, in minor units


async def refunded(shop: Shop, purchase_id: str) -> int:
    """What the provider has really given back."""
    state = await shop.services.purchases.get(await shop.caller(), purchase_id)
    assert state.provider_payment_id is not None
    return shop.payments.refunded(state.provider_payment_id)


async def settled(shop: Shop, purchase_id: str, minor: int) -> None:
    async def look() -> Fields:
        return {"minor": await refunded(shop, purchase_id)}

    await until(look, lambda seen: seen["minor"] == minor)


@pytest.mark.parametrize("era", ERAS)
async def test_a_yes_in_the_clients_own_window_refunds_at_once(shop: Shop, era: Era) -> None:
    purchase_id, person = await shop.paid_purchase(), yes()
    async with shop.agent(era, human=person) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)

    assert answer["status"] in ("pending", "succeeded")
    assert answer["amount"] == 5000
    assert person.asked == [
        f"Refund SGD 50.00 of the SGD 150.00 paid for Travel Easy ({purchase_id})? "
        "Refunded or being refunded so far: SGD 0.00."
    ]
    await settled(shop, purchase_id, 5000)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "person",
    [Person("decline"), Person("cancel"), Person(approve=False)],
    ids=["declined", "dismissed", "left empty"],
)
async def test_without_a_yes_nothing_is_refunded(shop: Shop, era: Era, person: Person) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(era, human=person) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id)
        state = await agent.answer("check_payment_status", payment_intent_id=purchase_id)

    assert (answer["status"], answer["refund_id"]) == ("declined", None)
    assert state["refunds"] == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_cannot_ask_leaves_the_refund_to_an_operator(
    shop: Shop, era: Era
) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(era) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)
        again = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)

    assert answer["status"] == "awaiting_approval"
    assert answer["approve_at"] == (
        f"POST https://paybind.example/refunds/{answer['refund_id']}/approve"
    )
    assert again["refund_id"] == answer["refund_id"]
    assert await refunded(shop, purchase_id) == 0

    operator = await shop.caller()
    await shop.services.refunds.decide(operator, str(answer["refund_id"]), True, None)
    await settled(shop, purchase_id, 5000)


async def test_after_an_operators_yes_an_equal_wish_is_a_second_refund(shop: Shop) -> None:
    purchase_id, operator = await shop.paid_purchase(), await shop.caller()
    async with shop.agent() as agent:
        first = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)
        await shop.services.refunds.decide(operator, str(first["refund_id"]), True, None)
        second = await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)

    assert second["refund_id"] != first["refund_id"]
    assert second["status"] == "awaiting_approval"


@pytest.mark.parametrize("era", ERAS)
async def test_two_equal_partial_refunds_with_two_yeses_both_go_back(shop: Shop, era: Era) -> None:
    purchase_id, person = await shop.paid_purchase(), yes()
    async with shop.agent(era, human=person) as agent:
        for _ in range(2):
            await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)

    await settled(shop, purchase_id, 10_000)
    assert person.asked[1].endswith("so far: SGD 50.00.")


async def test_a_repeated_round_is_the_same_refund(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with Client(shop.server(), elicitation_callback=yes()) as client:
        arguments: dict[str, object] = {"payment_intent_id": purchase_id, "amount": 5000}
        question = await client.session.call_tool(
            "refund_payment", arguments, allow_input_required=True
        )
        assert isinstance(question, InputRequiredResult)
        agreed: InputResponses = {
            "agreement": ElicitResult(action="accept", content={"approve": True})
        }
        answers = [
            await client.session.call_tool(
                "refund_payment",
                arguments,
                input_responses=agreed,
                request_state=question.request_state,
            )
            for _ in range(3)
        ]

    assert len({answer.structured_content["refund_id"] for answer in answers}) == 1
    await settled(shop, purchase_id, 5000)


async def test_a_state_is_good_for_no_other_arguments(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with Client(shop.server(), elicitation_callback=yes()) as client:
        question = await client.session.call_tool(
            "refund_payment",
            {"payment_intent_id": purchase_id, "amount": 100},
            allow_input_required=True,
        )
        assert isinstance(question, InputRequiredResult)
        with pytest.raises(Exception, match="Invalid or expired requestState"):
            await client.session.call_tool(
                "refund_payment",
                {"payment_intent_id": purchase_id, "amount": 15000},
                input_responses={
                    "agreement": ElicitResult(action="accept", content={"approve": True})
                },
                request_state=question.request_state,
            )

    assert await refunded(shop, purchase_id) == 0


@pytest.mark.parametrize("era", ERAS)
async def test_a_large_refund_waits_for_an_operator_even_after_a_yes(shop: Shop, era: Era) -> None:
    purchase_id = await shop.paid_purchase()
    caller = await shop.caller()
    strict = shop.with_approval_above(LARGE)
    async with strict.agent(era, human=yes()) as agent:
        answer = await agent.answer("refund_payment", payment_intent_id=purchase_id)

    assert answer["status"] == "awaiting_approval"
    await shop.services.refunds.decide(caller, str(answer["refund_id"]), False, "not covered")
    assert await refunded(shop, purchase_id) == 0


async def test_a_yes_over_a_key_without_the_refund_scope_is_not_enough(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    _, key = await shop.services.api_keys.issue(
        shop.tenant_id, "seller", frozenset({Scope.READ, Scope.WRITE})
    )
    callers = KeyOfProcess(shop.services.api_keys, key)
    server = build_server(shop.services, callers, door_of(shop.settings))
    async with Client(server, elicitation_callback=yes()) as client:
        answer = await Agent(client).answer("refund_payment", payment_intent_id=purchase_id)

    assert answer["status"] == "awaiting_approval"


async def test_an_unpaid_purchase_is_not_refunded_and_nobody_is_asked(shop: Shop) -> None:
    person = yes()
    async with shop.agent(human=person) as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        failure = await agent.failure(
            "refund_payment", payment_intent_id=started["payment_intent_id"]
        )

    assert failure["code"] == "not_paid"
    assert failure["purchase_id"] == started["payment_intent_id"]
    assert person.asked == []


async def test_a_refund_above_what_is_left_is_refused(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(human=yes()) as agent:
        failure = await agent.failure("refund_payment", payment_intent_id=purchase_id, amount=15001)

    assert failure["code"] == "refund_above_cap"


async def test_a_fully_refunded_purchase_has_no_policy_to_hand_out(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(human=yes()) as agent:
        await agent.answer("refund_payment", payment_intent_id=purchase_id)
        state = await agent.state_once(purchase_id, refund_status="full")
        failure = await agent.failure("complete_purchase", payment_intent_id=purchase_id)

    assert (state["policy_status"], state["policy_document_url"]) == ("cancelled", None)
    assert state["policy_cancelled_at"] is not None
    assert "the policy is cancelled" in str(state["message"])
    assert (failure["code"], failure["can_retry"]) == ("policy_cancelled", False)
    assert str(state["policy_number"]) in str(failure["message"])
    assert "a new quote" in str(failure["suggested_action"])


async def test_after_a_partial_refund_the_policy_is_still_handed_out(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    async with shop.agent(human=yes()) as agent:
        await agent.answer("refund_payment", payment_intent_id=purchase_id, amount=5000)
        state = await agent.state_once(purchase_id, refund_status="partial")
        policy = await agent.answer("complete_purchase", payment_intent_id=purchase_id)

    assert state["message"] == (
        "Paid; SGD 50.00 of it has been refunded. Call complete_purchase for the policy."
    )
    assert policy["policy_document_url"] is not None


async def test_a_refund_that_failed_is_told_with_who_looks_into_it(shop: Shop) -> None:
    purchase_id = await shop.paid_purchase()
    shop.payments.refuse_next("create_refund")
    async with shop.agent(human=yes()) as agent:
        await agent.answer("refund_payment", payment_intent_id=purchase_id)
        state = await agent.state_once(purchase_id, needs_review=True)

    assert state["message"] == (
        "Paid. A refund failed; a person is looking into it. Call complete_purchase for the policy."
    )


async def test_money_that_came_too_late_is_said_to_go_back(shop: Shop) -> None:
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())
        purchase_id = str(started["payment_intent_id"])
        await agent.answer("cancel_payment", payment_intent_id=purchase_id)
        await shop.pay(purchase_id)
        state = await until(
            lambda: agent.answer("check_payment_status", payment_intent_id=purchase_id),
            lambda seen: seen["refunds"] != [],
        )

    assert "It goes back to the customer by itself" in str(state["message"])


async def test_no_argument_lets_a_model_agree_with_itself(shop: Shop) -> None:
    async with shop.agent() as agent:
        tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}

    properties = tools["refund_payment"].input_schema["properties"]
    assert set(properties) == {"payment_intent_id", "amount", "reason"}
