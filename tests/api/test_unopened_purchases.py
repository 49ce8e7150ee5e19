"""A purchase that never got a page, since all of its integrations are parked, can be cancelled."""

from dataclasses import replace

from services.catalogue import Services
from tests.api.conftest import door_over
from tests.api.door import Door, Json, code_of, wanted
from tests.api.executing import SOON, services_of
from tests.api.test_integrations import created


def hasty(door: Door) -> Services:
    """Services whose callers do not wait long for a purchase."""
    services = services_of(door)
    workflows = replace(services.purchases.workflows, answer_within=SOON)
    return replace(services, purchases=replace(services.purchases, workflows=workflows))


async def parked(door: Door, quote_id: str) -> Json:
    """By an integration that is paused: nothing is sent."""
    integration_id = (await created(door.http))["integration_id"]
    await door.http.post(f"/integrations/{integration_id}/pause", json={})
    async with door_over(door, hasty(door)) as http:
        slow = await http.post("/purchases", json=wanted(quote_id, integration_id=integration_id))
    assert code_of(slow) == (503, "unavailable")
    listed = await door.http.get("/purchases", params={"quote_id": quote_id})
    [purchase] = listed.json()["items"]
    return dict(purchase)


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
