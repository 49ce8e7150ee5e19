"""What agents are told of changes at JustiFi whose answer is late, or does not come at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.mcp_server.justifi_agent import CARD, JustifiAgent, at_justifi, part, parts
from tests.mcp_server.justifi_double import JustifiDouble
from tests.mcp_server.shop import Fields, Shop, until


@pytest.fixture
def hurried(shop: Shop) -> Shop:
    operations = replace(shop.services.operations, answer_within=timedelta(milliseconds=300))
    return replace(shop, services=replace(shop.services, operations=operations))


async def late(justifi: JustifiDouble, path: str = "payments") -> None:
    await justifi.fails("delay", "POST", path, seconds=2)


async def test_a_late_payment_is_joined_by_the_same_call_with_its_key(
    shop: Shop, hurried: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as patient, at_justifi(hurried) as agent:
        card = await patient.stored(name="Late One")
        wish: Fields = {
            "amount_cents": 1500,
            "currency": "usd",
            "payment_method_id": card,
            "idempotency_key": "late-1",
            "integration_id": patient.integration_id,
        }
        await late(justifi)
        failure = await agent.failure("create_payment", **wish)
        paid = await patient.answer("create_payment", **wish)
        made = await patient.answer("list_payments", payment_method_id=card)

    assert (failure["code"], failure["can_retry"]) == ("outcome_not_yet_known", True)
    assert "opn_" in str(failure["message"])
    assert "same idempotency_key" in str(failure["suggested_action"])
    assert "cancel" not in str(failure)
    assert [each["id"] for each in parts(made, "payments")] == [part(paid, "payment")["id"]]


async def test_a_late_payment_without_a_key_is_looked_for_and_not_asked_for_again(
    shop: Shop, hurried: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as patient, at_justifi(hurried) as agent:
        card = await patient.stored(name="Late Two")
        await late(justifi)
        at_it: Fields = {"payment_method_id": card, "integration_id": patient.integration_id}
        failure = await agent.failure("create_payment", amount_cents=1500, currency="usd", **at_it)
        made = await once_made(patient, card)

    assert (failure["code"], failure["can_retry"]) == ("outcome_not_yet_known", False)
    assert "list_payments" in str(failure["suggested_action"])
    assert len(parts(made, "payments")) == 1


async def once_made(agent: JustifiAgent, card: str) -> Fields:
    return await until(
        lambda: agent.answer("list_payments", payment_method_id=card),
        lambda told: bool(told["payments"]),
    )


async def test_a_late_payment_method_is_joined_by_the_same_call(
    hurried: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(hurried) as agent:
        await late(justifi, "payment_methods")
        failure = await agent.failure("create_payment_method", card={**CARD, "name": "Late Three"})

    assert (failure["code"], failure["can_retry"]) == ("outcome_not_yet_known", True)


async def test_where_nobody_can_learn_what_came_of_it_the_providers_account_is_named(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored(name="In Doubt")
        await justifi.fails("spoilt_key", "POST", "payments")
        failure = await agent.failure(
            "create_payment", amount_cents=1500, currency="usd", payment_method_id=card
        )

    assert (failure["code"], failure["can_retry"]) == ("outcome_unknown", False)
    assert "opn_" in str(failure["message"])
    assert "account first" in str(failure["suggested_action"])
    assert "execution" not in str(failure)
