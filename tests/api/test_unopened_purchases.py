"""A purchase that never got a page, since all of its integrations are parked, can be cancelled."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.catalogue import Services
from tests.api.conftest import door_over
from tests.api.door import Door, Json, code_of, wanted
from tests.api.executing import SOON, services_of
from tests.api.test_integrations import created


def hasty(door: Door) -> Services:
    return patient_for(SOON, door)


def patient_for(limit: timedelta, door: Door) -> Services:
    """Services whose callers wait that long for a purchase."""
    services = services_of(door)
    workflows = replace(services.purchases.workflows, answer_within=limit)
    return replace(services, purchases=replace(services.purchases, workflows=workflows))


async def parked(door: Door, quote_id: str) -> Json:
    """By an integration that is paused: nothing is sent."""
    integration_id = (await created(door.http))["integration_id"]
    await door.http.post(f"/integrations/{integration_id}/pause", json={})
    async with door_over(door, hasty(door)) as http:
        slow = await http.post("/purchases", json=wanted(quote_id, integration_id=integration_id))
    assert code_of(slow) == (503, "purchase_waiting")
    assert "Primary Stripe account: it is paused" in slow.json()["detail"]
    [purchase] = await attempts(door, quote_id)
    return purchase


async def attempts(door: Door, quote_id: str) -> list[Json]:
    listed = await door.http.get("/purchases", params={"quote_id": quote_id})
    return list(listed.json()["items"])


async def cancelled_while_parked(door: Door, quote_id: str) -> str:
    records = services_of(door).purchases.purchases
    async with asyncio.timeout(15):
        while True:
            for each in await attempts(door, quote_id):
                purchase_id = str(each["purchase_id"])
                if await records.cancel_unopened(purchase_id, "changed my mind", datetime.now(UTC)):
                    return purchase_id
            await asyncio.sleep(0.02)


async def test_a_purchase_that_never_got_a_page_is_cancelled_and_its_quote_is_free(
    door: Door,
) -> None:
    quote_id = await door.quote()
    waits = await parked(door, quote_id)

    cancelled = await door.http.post(
        f"/purchases/{waits['purchase_id']}/cancel", json={"reason": "changed my mind"}
    )
    again = await door.http.post(f"/purchases/{waits['purchase_id']}/cancel")

    assert cancelled.status_code == 200, cancelled.text
    assert cancelled.json()["payment_status"] == again.json()["payment_status"] == "cancelled"
    another = await door.purchase(quote_id)
    assert another["purchase_id"] != waits["purchase_id"]
    assert another["checkout_url"]


async def test_who_waits_for_the_page_of_a_purchase_that_is_cancelled_is_told_so(
    door: Door,
) -> None:
    quote_id = await door.quote()
    integration_id = (await created(door.http))["integration_id"]
    await door.http.post(f"/integrations/{integration_id}/pause", json={})
    body = wanted(quote_id, integration_id=integration_id)

    async with door_over(door, patient_for(timedelta(seconds=1), door)) as http:
        waiting = asyncio.create_task(http.post("/purchases", json=body))
        purchase_id = await cancelled_while_parked(door, quote_id)
        told = await waiting

    assert code_of(told) == (409, "purchase_closed")
    assert told.json()["purchase_id"] == purchase_id
    assert [each["payment_status"] for each in await attempts(door, quote_id)] == ["cancelled"]
    assert (await door.purchase(quote_id))["purchase_id"] != purchase_id


async def test_who_names_another_integration_than_the_parked_one_is_told_so_at_once(
    door: Door,
) -> None:
    quote_id = await door.quote()
    waits = await parked(door, quote_id)
    another = await created(door.http, name="US", credentials={"api_key": "sk_test_us0000000000"})

    async with door_over(door, hasty(door)) as http:
        refused = await http.post(
            "/purchases", json=wanted(quote_id, integration_id=another["integration_id"])
        )

    assert code_of(refused) == (409, "other_integration")
    assert refused.json()["purchase_id"] == waits["purchase_id"]
    await door.http.post(f"/purchases/{waits['purchase_id']}/cancel")
