"""One purchase is by one integration: a wish for another is refused, not silently joined to it."""

from dataclasses import replace

from httpx import AsyncClient

from domain.purchases import Purchase
from persistence.purchases import PurchaseRecords
from services.catalogue import Services
from tests.api.conftest import door_over
from tests.api.door import Door, Json, code_of, wanted
from tests.api.executing import services_of
from tests.api.test_integrations import created


class TooEarly(PurchaseRecords):
    """Looks just before the other request has written its purchase."""

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> Purchase | None:  # noqa: ARG002
        return None


def looking_too_early(door: Door) -> Services:
    services = services_of(door)
    records = TooEarly(services.purchases.purchases.database)
    return replace(services, purchases=replace(services.purchases, purchases=records))


async def another(door: Door) -> Json:
    return {"integration_id": (await created(door.http))["integration_id"]}


async def test_an_open_purchase_is_not_joined_by_who_names_another_integration(door: Door) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id)
    named = await another(door)

    refused = await door.http.post("/purchases", json=wanted(quote_id, **named))

    assert code_of(refused) == (409, "other_integration")
    assert refused.json()["purchase_id"] == first["purchase_id"]
    assert "the account of the environment" in refused.json()["detail"]
    assert (await door.purchase(quote_id))["purchase_id"] == first["purchase_id"]


async def test_of_two_who_start_at_once_by_two_integrations_one_is_refused(door: Door) -> None:
    quote_id = await door.quote()
    await door.purchase(quote_id)
    named = await another(door)

    async with door_over(door, looking_too_early(door)) as http:
        refused = await http.post("/purchases", json=wanted(quote_id, **named))
        joined = await http.post("/purchases", json=wanted(quote_id))

    assert code_of(refused) == (409, "other_integration")
    assert joined.is_success


async def test_who_names_an_integration_that_is_not_theirs_or_gone_is_told_that_there_is_none(
    door: Door, neighbour: AsyncClient
) -> None:
    theirs = (await created(neighbour))["integration_id"]
    gone = (await created(door.http))["integration_id"]
    await door.http.delete(f"/integrations/{gone}")

    for named in (theirs, gone, "int-never"):
        refused = await door.http.post(
            "/purchases", json=wanted(await door.quote(), integration_id=named)
        )
        assert code_of(refused) == (404, "integration_not_found")
        assert "GET /integrations" in refused.json()["suggested_action"]
