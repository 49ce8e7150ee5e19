"""What agents see of an account at JustiFi, in both eras of the protocol."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest

from domain.tenants import PLATFORM_TENANT, Scope
from tests.mcp_server.justifi_agent import JustifiAgent, at_justifi, kept_open, part, parts
from tests.mcp_server.justifi_double import SELLER, JustifiDouble
from tests.mcp_server.shop import ERAS, Fields, Shop

READING = {
    *("retrieve_payment_method", "list_payment_methods", "retrieve_payment", "list_payments"),
    *("list_refunds", "list_payment_refunds", "retrieve_balance", "list_balance_transactions"),
    *("retrieve_payout", "list_payouts", "get_payout_report", "list_webhook_endpoints"),
}
CHANGING = {
    *("create_payment_method", "create_payment", "capture_payment", "void_payment"),
    *("refund_payment", "watch_payouts"),
}
THREE_DAYS = 3 * 24 * 3600


@pytest.fixture(params=ERAS)
async def agent(shop: Shop, request: pytest.FixtureRequest) -> AsyncIterator[JustifiAgent]:
    async with kept_open(at_justifi(shop, request.param)) as agent:
        yield agent


async def names_of(shop: Shop, toolsets: str = "purchases", reads: bool = False) -> set[str]:
    changes = {"paybind_mcp_toolsets": toolsets, "paybind_mcp_read_only": reads}
    async with shop.agent("auto", None, **changes) as agent:
        return {tool.name for tool in (await agent.client.list_tools()).tools}


async def test_the_tools_are_offered_only_where_they_are_asked_for(shop: Shop) -> None:
    assert not (await names_of(shop)) & ((READING | CHANGING) - {"refund_payment"})
    assert await names_of(shop, "justifi") == READING | CHANGING


async def test_a_server_that_only_reads_hides_what_changes_anything(shop: Shop) -> None:
    offered = await names_of(shop, "justifi", reads=True)

    assert offered == READING


async def test_beside_purchases_there_is_one_refund_tool_for_both_kinds_of_payment(
    shop: Shop,
) -> None:
    async with shop.agent(paybind_mcp_toolsets="purchases,justifi") as agent:
        tools = (await agent.client.list_tools()).tools

    refunds = [tool for tool in tools if tool.name == "refund_payment"]
    assert len(refunds) == 1
    assert "sub_account_id" in refunds[0].input_schema["properties"]


async def test_a_stored_card_is_shown_by_its_brand_and_last_four_without_its_holder(
    agent: JustifiAgent,
) -> None:
    stored = await agent.stored()

    told = await agent.answer("retrieve_payment_method", payment_method_id=stored)

    method = part(told, "payment_method")
    assert method["id"] == stored
    assert part(method, "card") == {
        "brand": "visa",
        "acct_last_four": "4242",
        "month": "12",
        "year": "2040",
    }
    assert "Rosen" not in str(told)


async def test_payment_methods_are_listed_by_pages(agent: JustifiAgent) -> None:
    first, second = await agent.stored(name="One"), await agent.stored(name="Two")

    newest = await agent.answer("list_payment_methods", limit=1)
    cursor = part(newest, "page_info")["end_cursor"]
    older = await agent.answer("list_payment_methods", limit=1, after_cursor=cursor)

    assert [each["id"] for each in parts(newest, "payment_methods")] == [second]
    assert [each["id"] for each in parts(older, "payment_methods")] == [first]


async def test_both_cursors_at_once_are_refused(agent: JustifiAgent) -> None:
    failure = await agent.failure("list_payments", after_cursor="a", before_cursor="b")

    assert failure["code"] == "invalid_request"
    assert "exclude each other" in str(failure["message"])


async def test_a_payment_is_found_by_its_id_and_among_the_others(agent: JustifiAgent) -> None:
    payment_id = await agent.paid(1999, description="Boat trip")

    told = await agent.answer("retrieve_payment", payment_id=payment_id)
    listed = await agent.answer("list_payments", limit=1, payment_status="succeeded")

    payment = part(told, "payment")
    assert (payment["status"], payment["amount"], payment["currency"]) == ("succeeded", 1999, "usd")
    assert payment["description"] == "Boat trip"
    assert parts(listed, "payments") == [payment]
    assert not told["livemode"]


async def test_an_unknown_payment_is_refused_in_the_shape_of_all_errors(
    agent: JustifiAgent,
) -> None:
    failure = await agent.failure("retrieve_payment", payment_id="py_nowhere")

    assert failure["provider_code"] == "resource_not_found"
    shape = {"code", "message", "user_message", "can_retry", "suggested_action"}
    assert shape | {"requires_user_action"} <= set(failure)
    assert f"asked of {agent.integration_id}" in str(failure["message"])
    assert "integration_id" in str(failure["suggested_action"])


async def test_a_wrong_cursor_is_answered_by_which_one_to_use(agent: JustifiAgent) -> None:
    failure = await agent.failure("list_payments", after_cursor="nope")
    unfit = await agent.failure("list_payments", payment_method_id="pm_4%")

    assert failure["code"] == "provider_refused"
    assert "page before, unchanged" in str(failure["suggested_action"])
    assert "cursor" not in str(unfit["suggested_action"])


async def test_an_integration_that_was_forgotten_is_told_by_the_account_that_was_asked(
    shop: Shop,
) -> None:
    _, key = await shop.services.api_keys.issue(
        PLATFORM_TENANT, "forgetful", frozenset({Scope.READ})
    )
    platform = replace(shop, key=key, tenant_id=PLATFORM_TENANT)
    async with platform.agent(paybind_mcp_toolsets="justifi") as agent:
        failure = await agent.failure("retrieve_payment", payment_id="py_nowhere")

    assert "the environment's account" in str(failure["message"])


async def test_the_refunds_of_a_payment_are_those_it_shows_page_by_page(
    agent: JustifiAgent,
) -> None:
    payment_id = await agent.paid(3000)
    made = [
        await agent.answer("refund_payment", payment_intent_id=payment_id, amount=amount)
        for amount in (100, 200, 300)
    ]
    ids = [refund["refund_id"] for refund in made]

    summed = await agent.answer("list_payment_refunds", payment_id=payment_id)
    assert (summed["amount_refunded"], summed["amount_refundable"]) == (600, 2400)
    assert {each["id"] for each in parts(summed, "refunds")} == set(ids)

    first = await agent.answer("list_refunds", payment_id=payment_id, limit=2)
    cursor = part(first, "page_info")["end_cursor"]
    rest = await agent.answer("list_refunds", payment_id=payment_id, limit=2, after_cursor=cursor)
    back = await agent.answer(
        "list_refunds",
        payment_id=payment_id,
        limit=2,
        before_cursor=part(rest, "page_info")["start_cursor"],
    )
    paged = [each["id"] for page in (first, rest) for each in parts(page, "refunds")]
    assert sorted(map(str, paged)) == sorted(map(str, ids))
    assert not part(rest, "page_info")["has_next"]
    assert parts(back, "refunds") == parts(first, "refunds")


async def test_a_balance_is_derived_from_all_transactions_and_says_so(
    agent: JustifiAgent,
) -> None:
    before = await balance_of(agent)
    payment_id = await agent.paid(5000)
    await agent.answer("refund_payment", payment_intent_id=payment_id, amount=1000)

    held = await balance_of(agent)

    moved = await agent.answer("list_balance_transactions", source_payment_id=payment_id)
    nets = [int(str(each["net"])) for each in parts(moved, "balance_transactions")]
    assert {5000, -1000} <= set(nets)  # and JustiFi's fees
    assert held - before == sum(nets)


async def balance_of(agent: JustifiAgent) -> int:
    told = await agent.answer("retrieve_balance")
    assert told["derived"] is True
    assert "balance transactions" in str(told["method"])
    usd = [each for each in parts(told, "balances") if each["currency"] == "USD"]
    return sum(int(str(each["available"])) + int(str(each["pending"])) for each in usd)


async def test_a_payout_is_listed_while_it_is_pending_looked_up_and_reported(
    agent: JustifiAgent, justifi: JustifiDouble
) -> None:
    await agent.paid(7000)
    pending = await payouts_once_made(agent, justifi)

    payout = pending[0]
    assert payout["status"] in ("scheduled", "in_transit")
    assert datetime.fromisoformat(str(payout["deposits_at"]))
    told = await agent.answer("retrieve_payout", payout_id=payout["id"])
    assert part(told, "payout")["id"] == payout["id"]
    report = await agent.answer("get_payout_report", payout_id=payout["id"])
    assert str(report["csv_url"]).endswith(f"{payout['id']}.csv")

    await justifi.steer("justifi/clock", {"seconds": 2 * THREE_DAYS})
    paid = await agent.answer("list_payouts", status="paid", limit=1)
    assert parts(paid, "payouts")[0]["status"] == "paid"


async def payouts_once_made(agent: JustifiAgent, justifi: JustifiDouble) -> list[Fields]:
    """JustiFi makes them once a day; the clock is turned by hours until it has."""
    for _ in range(5 * 24):
        pending = parts(await agent.answer("list_payouts", status="pending"), "payouts")
        if pending:
            return pending
        await justifi.steer("justifi/clock", {"seconds": 3600})
    raise AssertionError("no payout was made")


async def test_webhook_endpoints_are_those_served_here_and_how_to_verify_their_events(
    shop: Shop,
) -> None:
    async with at_justifi(shop) as agent:
        told = await agent.agent.answer("list_webhook_endpoints")

    ours = [
        each for each in parts(told, "endpoints") if each["integration_id"] == agent.integration_id
    ]
    assert [each["url"] for each in ours] == [
        f"https://paybind.example/webhooks/justifi/{agent.integration_id}"
    ]
    assert told["source"] == "configured_here"
    assert "JUSTIFI-SIGNATURE" in str(told["verify_signature"])


async def test_the_environments_account_is_of_the_tenant_that_runs_the_installation(
    shop: Shop,
) -> None:
    _, key = await shop.services.api_keys.issue(
        PLATFORM_TENANT, "operator", frozenset({Scope.READ})
    )
    async with shop.agent(paybind_mcp_toolsets="justifi") as agent:
        refused = await agent.failure("list_payments")
    platform = Shop(shop.settings, shop.services, shop.payments, shop.mail, key, PLATFORM_TENANT)
    async with platform.agent(paybind_mcp_toolsets="justifi") as agent:
        listed = await agent.answer("list_payments", limit=1)
        named = await agent.answer("list_payments", limit=1, sub_account_id="acc_nobody")
        endpoints = await agent.answer("list_webhook_endpoints")
    unset = replace(shop.services.operations, environment=frozenset())
    without = replace(platform, services=replace(shop.services, operations=unset))
    async with without.agent(paybind_mcp_toolsets="justifi") as agent:
        missing = await agent.failure("list_payments")

    assert refused["code"] == "missing_scope"
    assert missing["code"] == "integration_inactive"
    assert all(each["account_id"] == SELLER for each in parts(listed, "payments"))
    assert parts(named, "payments") == []
    assert parts(endpoints, "endpoints")[0]["url"] == "https://paybind.example/webhooks/justifi"


async def test_an_endpoint_that_the_account_lacks_is_said_to_be_missing(
    agent: JustifiAgent,
) -> None:
    failure = await agent.failure("get_payout_report", payout_id="po_nowhere")

    assert failure["code"] == "provider_refused"


async def test_a_provider_that_is_busy_is_a_failure_that_may_be_tried_again(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        await justifi.fails("rate_limit", "GET", "payouts", times=2, retry_after=0)
        failure = await agent.failure("list_payouts")
        listed = await agent.answer("list_payouts")

    assert (failure["code"], failure["can_retry"]) == ("unavailable", True)
    assert "429" in str(failure["message"])
    assert "payouts" in listed


async def test_how_long_the_provider_wants_to_be_left_alone_is_passed_on(
    shop: Shop, justifi: JustifiDouble
) -> None:
    async with at_justifi(shop) as agent:
        card = await agent.stored(name="Too Soon")
        await justifi.fails("rate_limit", "GET", "payouts", retry_after=120)
        read = await agent.failure("list_payouts")
        await justifi.fails("rate_limit", "POST", "payments", retry_after=90)
        paid = await agent.failure(
            "create_payment", amount_cents=1500, currency="usd", payment_method_id=card
        )

    assert (read["code"], read["retry_after"]) == ("unavailable", 120)
    assert (paid["code"], paid["retry_after"]) == ("unavailable", 90)
    assert "`retry_after`" in str(paid["suggested_action"])
