"""What no purchase could use, or would look at, is refused at the door and when it is linked."""

from dataclasses import replace

import pytest

from domain.errors import Conflict
from tests.api.door import Door, code_of, wanted
from tests.api.executing import services_of
from tests.api.test_integrations import created

MAILER = {
    "connection_code": "sendgrid",
    "name": "Mailer",
    "credentials": {"api_key": "SG.abcdefghijkl.abcdefghijkl", "from_email": "a@example.com"},
}


async def mailer(door: Door) -> str:
    made = await door.http.post("/integrations", json=MAILER)
    assert made.status_code == 201, made.text
    return str(made.json()["integration_id"])


async def test_a_purchase_that_names_what_takes_no_payments_is_refused_and_never_begun(
    door: Door,
) -> None:
    quote_id = await door.quote()

    refused = await door.http.post(
        "/purchases", json=wanted(quote_id, integration_id=await mailer(door))
    )

    assert code_of(refused) == (409, "payments_not_offered")
    assert "Mailer: sendgrid takes no payments" in refused.json()["detail"]
    begun = await door.http.get("/purchases", params={"quote_id": quote_id})
    assert begun.json()["items"] == []


async def test_what_takes_no_payments_is_linked_for_a_purpose_of_its_own_alone(door: Door) -> None:
    integration_id = await mailer(door)
    entity = "/entities/product/mailed/integrations"

    refused = await door.http.post(entity, json={"integration_id": integration_id})
    notifies = {"integration_id": integration_id, "purpose": "notification_service"}
    linked = await door.http.post(entity, json=notifies)

    assert code_of(refused) == (409, "payments_not_offered")
    assert linked.status_code == 201, linked.text


async def test_what_has_no_gateway_here_yet_may_be_linked(door: Door) -> None:
    await door.http.post(
        "/internal/connections", json={"connection_code": "unheard_of", "display_name": "Unheard"}
    )
    made = await door.http.post(
        "/integrations", json={"connection_code": "unheard_of", "name": "Later"}
    )
    linked = await door.http.post(
        "/entities/product/later/integrations",
        json={"integration_id": made.json()["integration_id"]},
    )
    assert linked.status_code == 201, linked.text


async def test_a_payment_link_of_what_no_payment_is_for_is_refused(door: Door) -> None:
    integration_id = (await created(door.http))["integration_id"]
    entity = "/entities/warehouse/north/integrations"

    refused = await door.http.post(entity, json={"integration_id": integration_id})
    synced = {"integration_id": integration_id, "purpose": "data_sync"}
    linked = await door.http.post(entity, json=synced)

    assert code_of(refused) == (422, "invalid_request")
    assert "never be looked at" in refused.json()["detail"]
    assert linked.status_code == 201, linked.text


@pytest.mark.parametrize("entity_type", ["customer", "product", "quote", "subscription"])
async def test_payments_may_be_linked_to_what_they_are_for(door: Door, entity_type: str) -> None:
    integration_id = (await created(door.http))["integration_id"]
    linked = await door.http.post(
        f"/entities/{entity_type}/paid-for/integrations", json={"integration_id": integration_id}
    )
    assert linked.status_code == 201, linked.text


async def test_what_was_made_before_its_gateway_was_installed_says_how_it_is_switched_on(
    door: Door,
) -> None:
    await door.http.post(
        "/internal/connections", json={"connection_code": "since", "display_name": "Since"}
    )
    made = await door.http.post(
        "/integrations",
        json={"connection_code": "since", "name": "Early", "credentials": {"token": "early"}},
    )
    services = services_of(door)
    owner = await services.api_keys.authenticate(door.key)
    early = await services.integrations.get(owner, made.json()["integration_id"])
    restarted = replace(services.integrations, providers={"since": door.harbour})

    with pytest.raises(Conflict, match="installed by now: set the status active"):
        restarted.require_usable(early)
