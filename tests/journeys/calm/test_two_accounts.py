"""Two Stripe accounts of one tenant: each purchase belongs to one, from its page to its refund."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from pydantic import JsonValue

from api.purchase_answers import PurchaseStarted
from domain.purchases import PaymentStatus, workflow_id_of
from domain.refunds import RefundStatus
from tests.journeys.branches import Account, Branches, branches
from tests.journeys.house import House, Sold, wish
from tests.journeys.providers import SESSIONS
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Branches]:
    async with branches(house) as opened:
        yield opened


async def _start(shop: Branches, sold: Sold, account: Account) -> PurchaseStarted:
    """At the account that the request names."""
    answer = await _ask(shop.house.http, sold, account.integration_id)
    assert answer.status_code == 201, answer.text
    return PurchaseStarted.model_validate_json(answer.content)


async def _ask(http: httpx.AsyncClient, sold: Sold, integration_id: str) -> httpx.Response:
    return await http.post("/purchases", json={**wish(sold), "integration_id": integration_id})


async def test_purchases_on_each_of_two_accounts_stay_there(shop: Branches) -> None:
    bought: dict[str, list[str]] = {}
    for account in (shop.north, shop.south):
        started = await _start(shop, await shop.house.quote(), account)
        await shop.house.providers.pay(started.session_id)
        await shop.house.delivered(started.purchase_id)
        bought[account.name] = [started.purchase_id]

    assert {each.name: await each.paid() for each in (shop.north, shop.south)} == bought


async def test_a_purchase_on_a_paused_primary_completes_on_the_backup_and_says_why(
    shop: Branches,
) -> None:
    house = shop.house
    await shop.pause(shop.north, "Stripe moves house")
    started = await house.start(await house.quote())
    await house.providers.pay(started.session_id)
    purchase = await house.delivered(started.purchase_id)

    assert purchase.route is not None
    assert purchase.route.integration_id == shop.south.integration_id
    assert (await shop.north.paid(), await shop.south.paid()) == ([], [started.purchase_id])
    passed, chosen = await shop.told(started.purchase_id)
    assert passed[0] == "passed over north"
    assert "is paused (Stripe moves house); nothing was sent" in str(passed[1])
    assert chosen[0] == "routed to south (stripe)"
    assert str(chosen[1]).startswith("backup of north: ")
    run = house.temporal.get_workflow_handle(workflow_id_of(started.purchase_id))
    answer = await run.query("__temporal_workflow_metadata")
    assert "not by north: " in str(answer)
    log = await house.http.get("/audit-log", params={"subject": shop.south.integration_id})
    (used,) = [each for each in log.json()["items"] if each["action"] == "integration.used"]
    assert used["after"]["purchase_id"] == started.purchase_id
    assert used["actor"].startswith("key_")
    assert used["address"] == "127.0.0.1"


async def test_money_goes_back_from_where_it_came(shop: Branches) -> None:
    house = shop.house
    await shop.pause(shop.north)
    started = await house.start(await house.quote())
    await house.providers.pay(started.session_id)
    await house.delivered(started.purchase_id)
    await shop.resume(shop.north)  # what comes next still belongs to the backup

    asked = await house.http.post(f"/purchases/{started.purchase_id}/refund", json={"amount": 5000})
    await house.until_refund(asked.json()["refund_id"], RefundStatus.SUCCEEDED)

    assert [each["amount"] for each in await shop.south.refunds()] == [5000]
    assert await shop.north.refunds() == []


async def test_a_cancellation_expires_the_page_at_its_own_account(shop: Branches) -> None:
    started = await _start(shop, await shop.house.quote(), shop.south)
    answer = await shop.house.http.post(f"/purchases/{started.purchase_id}/cancel", json={})
    assert answer.status_code == 200, answer.text
    (session,) = await shop.south.sessions(started.purchase_id)
    assert session["status"] == "expired"


async def test_where_no_webhook_tells_the_purchases_own_account_is_asked(house: House) -> None:
    async with branches(house, are_told=False) as shop:
        started = await _start(shop, await shop.house.quote(), shop.south)
        await shop.house.providers.pay(started.session_id)
        answer = await shop.house.http.post(f"/purchases/{started.purchase_id}/complete")
        assert answer.status_code == 200, answer.text
        assert await shop.south.paid() == [started.purchase_id]


async def test_a_page_whose_answer_was_lost_is_found_and_not_opened_at_the_backup(
    shop: Branches,
) -> None:
    match: JsonValue = {"method": "POST", "path_prefix": SESSIONS, "account": shop.north.shown}
    await shop.house.providers.script(target="stripe", match=match, kind="cut_after_effect")
    started = await shop.house.start(await shop.house.quote())

    purchase = await shop.house.purchase(started.purchase_id)
    assert purchase.route is not None
    assert purchase.route.integration_id == shop.north.integration_id
    assert [len(await each.sessions()) for each in (shop.north, shop.south)] == [1, 0]


async def test_where_all_are_paused_a_purchase_waits_and_says_why(shop: Branches) -> None:
    house = shop.house
    for account in (shop.north, shop.south):
        await shop.pause(account)
    sold = await house.quote()
    start = asyncio.create_task(house.joined(sold, within=90))

    async def why() -> list[str]:
        listed = await house.http.get("/purchases", params={"quote_id": sold.quote_id})
        for each in listed.json()["items"]:
            told = await house.http.get(f"/purchases/{each['purchase_id']}/timeline")
            return [entry["what"] for entry in told.json()["entries"] if "Parked" in entry["what"]]
        return []

    (waits,) = await until(why)
    assert waits.startswith("open_purchase failed: Parked: integration ")
    assert " is paused (maintenance); nothing was sent" in waits

    await shop.resume(shop.south)
    started = await start
    purchase = await house.purchase(started.purchase_id)
    assert purchase.payment_status is PaymentStatus.PENDING
    assert [len(await each.sessions()) for each in (shop.north, shop.south)] == [0, 1]


async def test_where_none_can_be_used_the_answer_names_them(shop: Branches) -> None:
    for account in (shop.north, shop.south):
        changed = await shop.house.http.put(
            f"/integrations/{account.integration_id}", json={"status": "inactive"}
        )
        assert changed.status_code == 200, changed.text
    refused = await shop.house.ask_to_start(await shop.house.quote())
    assert (refused.status_code, refused.json()["code"]) == (409, "integration_inactive")
    assert "north: its status is inactive; south: its status is inactive" in refused.text


async def test_an_integration_that_cannot_be_named_is_refused_before_anything_begins(
    shop: Branches, house: House
) -> None:
    north = f"/integrations/{shop.north.integration_id}"
    await shop.house.http.put(north, json={"status": "inactive"})
    async with branches(house, are_told=False) as others:
        inactive, unknown = (409, "integration_inactive"), (404, "integration_not_found")
        named = {
            shop.north.integration_id: inactive,
            str(uuid4()): unknown,
            others.north.integration_id: unknown,
        }
        for integration_id, refusal in named.items():
            sold = await shop.house.quote()
            refused = await _ask(shop.house.http, sold, integration_id)
            assert (refused.status_code, refused.json()["code"]) == refusal
            listed = await shop.house.http.get("/purchases", params={"quote_id": sold.quote_id})
            assert listed.json()["items"] == []
