"""A tenant's integrations over HTTP: created, found, changed and deleted, and kept apart."""

import pytest
from httpx import AsyncClient

from tests.api.door import Door, Json, code_of
from tests.harbour import CODE

STRIPE: Json = {
    "connection_code": "stripe",
    "name": "Primary Stripe account",
    "credentials": {"api_key": "sk_test_primary0000000000001234"},
}


async def unserved(http: AsyncClient) -> str:
    """The code of a connection for which no package is installed."""
    body = {"connection_code": "unserved", "display_name": "Nobody's"}
    made = await http.post("/internal/connections", json=body)
    assert made.status_code == 201 or code_of(made) == (409, "connection_exists"), made.text
    return body["connection_code"]


async def created(http: AsyncClient, **changes: object) -> Json:
    answer = await http.post("/integrations", json={**STRIPE, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_an_integration_shows_its_fingerprint_and_never_its_secret(door: Door) -> None:
    made = await door.http.post("/integrations", json=STRIPE)

    assert made.status_code == 201, made.text
    assert "sk_test_primary" not in made.text
    body = made.json()
    assert (body["status"], body["last_four"], body["livemode"]) == ("active", "1234", False)
    assert len(body["fingerprint"]) == 16
    read = await door.http.get(f"/integrations/{body['integration_id']}")
    assert read.json() == body


async def test_two_integrations_of_one_provider_stand_beside_each_other(door: Door) -> None:
    first = await created(door.http, name="EU")
    second = await created(
        door.http, name="US", credentials={"api_key": "sk_test_secondary00000000005678"}
    )

    listed = await door.http.get("/integrations", params={"connection_code": "stripe"})

    ids = [each["integration_id"] for each in listed.json()["items"]]
    assert ids.index(second["integration_id"]) < ids.index(first["integration_id"])


async def test_a_live_key_is_refused_by_a_test_installation(door: Door) -> None:
    live = {**STRIPE, "credentials": {"api_key": "sk_live_primary0000000000001234"}}

    refused = await door.http.post("/integrations", json=live)

    assert code_of(refused) == (422, "livemode_mismatch")
    assert "primary0000" not in refused.text


async def test_wrong_credentials_are_refused_with_a_pointer_to_each_fault(door: Door) -> None:
    wrong = {**STRIPE, "credentials": {"api_key": "nonsense", "colour": "blue"}}

    refused = await door.http.post("/integrations", json=wrong)

    assert code_of(refused) == (422, "invalid_credentials")
    pointers = {each["pointer"] for each in refused.json()["errors"]}
    assert pointers == {"/api_key", "/colour"}
    assert "nonsense" not in refused.text


KEY = "sk_" + "live_" + "51Habcdefghijklmnop"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"metadata": {"note": KEY}}, "secret_refused"),
        ({"metadata": {"backup": "sk_test_primary0000000000001234"}}, "secret_refused"),
        ({"name": f"Account {KEY}"}, "secret_refused"),
        ({"name": "Primary\u001b[31m"}, "control_character_refused"),
        ({"metadata": {"a": {"b": 1}}}, "invalid_metadata"),
        ({"metadata": {"card": "4242 4242 4242 4242"}}, "card_number_refused"),
    ],
)
async def test_what_is_shown_of_an_integration_holds_nothing_secret(
    door: Door, changes: Json, code: str
) -> None:
    refused = await door.http.post("/integrations", json={**STRIPE, **changes})
    assert code_of(refused) == (422, code)
    integration_id = (await created(door.http))["integration_id"]
    changed = await door.http.put(f"/integrations/{integration_id}", json=changes)
    assert code_of(changed) == (422, code)
    assert KEY not in refused.text + changed.text


async def test_a_credential_of_any_form_is_not_repeated_in_the_open(door: Door) -> None:
    harbour: Json = {
        "connection_code": CODE,
        "name": "Quay",
        "credentials": {"token": "quay-0123-xyz"},
    }
    repeated = {"metadata": {"password": "quay-0123-xyz"}}
    refused = await door.http.post("/integrations", json={**harbour, **repeated})
    assert code_of(refused) == (422, "secret_refused")

    made = await door.http.post("/integrations", json=harbour)
    path = f"/integrations/{made.json()['integration_id']}"
    for change in (repeated, {"name": "Quay quay-0123-xyz"}):
        assert code_of(await door.http.put(path, json=change)) == (422, "secret_refused")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/integrations/{}/pause", {"reason": f"rolled {KEY}"}),
        ("/api-keys", {"name": KEY, "scopes": ["read"]}),
        ("/internal/connections", {"connection_code": "x1", "display_name": KEY}),
        (
            "/internal/connections",
            {"connection_code": "x1", "display_name": "X", "description": KEY},
        ),
        (
            "/internal/connections/internal/capabilities",
            {"capability_code": "X", "description": KEY},
        ),
        ("/purchases/pur_1/cancel", {"reason": KEY}),
        ("/refunds/ref_1/approve", {"note": KEY}),
        ("/links", {"quote_id": "Q", "user_id": "u", "notes": KEY}),
    ],
)
async def test_no_name_reason_or_description_holds_a_secret(
    door: Door, path: str, body: Json
) -> None:
    integration_id = (await created(door.http))["integration_id"]
    refused = await door.http.post(path.format(integration_id), json=body)
    assert code_of(refused) == (422, "secret_refused")


async def test_a_linked_integration_cannot_be_deleted_until_it_is_unlinked(door: Door) -> None:
    integration_id = (await created(door.http))["integration_id"]
    entity = "/entities/customer/cust_delete/integrations"
    linked = await door.http.post(
        entity, json={"integration_id": integration_id, "is_default": True}
    )
    assert linked.status_code == 201, linked.text

    refused = await door.http.delete(f"/integrations/{integration_id}")
    assert code_of(refused) == (409, "integration_in_use")
    assert "customer cust_delete" in refused.json()["detail"]

    assert (await door.http.delete(f"{entity}/{integration_id}")).status_code == 204
    assert (await door.http.delete(f"/integrations/{integration_id}")).status_code == 204
    gone = await door.http.get(f"/integrations/{integration_id}")
    assert code_of(gone) == (404, "integration_not_found")


async def test_a_second_default_for_one_purpose_is_refused(door: Door) -> None:
    first, second = [(await created(door.http))["integration_id"] for _ in range(2)]
    entity = "/entities/product/travel/integrations"
    await door.http.post(entity, json={"integration_id": first, "is_default": True})

    refused = await door.http.post(entity, json={"integration_id": second, "is_default": True})

    assert code_of(refused) == (409, "default_exists")
    assert str(first) in refused.json()["detail"]
    assert "PUT /entities/" in refused.json()["suggested_action"]


async def test_a_default_is_swapped_in_one_step_and_both_links_are_written_down(door: Door) -> None:
    first, second = [str((await created(door.http))["integration_id"]) for _ in range(2)]
    entity = "/entities/product/swapped/integrations"
    for each in (first, second):
        assert (await door.http.post(entity, json={"integration_id": each})).status_code == 201

    swapped = await door.http.put(f"{entity}/{second}", json={"is_default": True, "priority": 7})

    assert swapped.status_code == 200, swapped.text
    assert (swapped.json()["is_default"], swapped.json()["priority"]) == (True, 7)
    listed = (await door.http.get(entity)).json()["items"]
    assert [(each["integration_id"], each["is_default"]) for each in listed] == [
        (second, True),
        (first, False),
    ]
    for each, becomes in ((first, False), (second, True)):
        log = await door.http.get("/audit-log", params={"subject": each})
        newest = log.json()["items"][0]
        assert newest["action"] == "integration.link_updated"
        assert newest["before"]["is_default"] is not becomes
        assert newest["after"]["is_default"] is becomes


async def test_a_default_that_has_backups_goes_last(door: Door) -> None:
    first, second = [str((await created(door.http))["integration_id"]) for _ in range(2)]
    entity = "/entities/product/last/integrations"
    for each in (first, second):
        await door.http.post(entity, json={"integration_id": each})

    refused = await door.http.delete(f"{entity}/{first}")

    assert code_of(refused) == (409, "default_needed")
    assert (await door.http.delete(f"{entity}/{second}")).status_code == 204
    assert (await door.http.delete(f"{entity}/{first}")).status_code == 204
    unknown = await door.http.put(f"{entity}/{first}", json={"is_default": True})
    assert code_of(unknown) == (404, "entity_link_not_found")


async def test_a_neighbours_integration_is_neither_seen_nor_linked(
    door: Door, neighbour: AsyncClient
) -> None:
    theirs = (await created(neighbour))["integration_id"]

    assert (await door.http.get(f"/integrations/{theirs}")).status_code == 404
    linked = await door.http.post(
        "/entities/customer/cust_mine/integrations", json={"integration_id": theirs}
    )
    assert code_of(linked) == (404, "integration_not_found")


async def test_the_catalogue_comes_filled_and_grows(door: Door, neighbour: AsyncClient) -> None:
    listed = await door.http.get("/internal/connections")
    codes = {each["connection_code"] for each in listed.json()["items"]}
    assert codes >= {"stripe", "justifi", "sendgrid", "internal"}

    body: Json = {"connection_code": "salesforce", "display_name": "Salesforce"}
    assert (await door.http.post("/internal/connections", json=body)).status_code == 201
    again = await door.http.post("/internal/connections", json=body)
    assert code_of(again) == (409, "connection_exists")
    theirs = await neighbour.post("/internal/connections", json={**body, "connection_code": "x"})
    assert code_of(theirs) == (403, "missing_scope")


async def test_every_change_is_in_the_audit_log_without_the_secret(door: Door) -> None:
    integration_id = (await created(door.http))["integration_id"]
    await door.http.put(
        f"/integrations/{integration_id}",
        json={"credentials": {"api_key": "sk_test_replaced000000000009999"}},
    )

    log = await door.http.get("/audit-log", params={"subject": str(integration_id)})

    entries = log.json()["items"]
    assert [each["action"] for each in entries] == ["integration.updated", "integration.created"]
    assert entries[0]["before"]["last_four"] == "1234"
    assert entries[0]["after"]["last_four"] == "9999"
    assert "sk_test" not in log.text


@pytest.mark.parametrize("entity_type", ["tenant", "platform"])
async def test_a_link_that_nobody_would_look_at_is_refused(door: Door, entity_type: str) -> None:
    integration_id = (await created(door.http))["integration_id"]

    refused = await door.http.post(
        f"/entities/{entity_type}/somebody_else/integrations",
        json={"integration_id": integration_id},
    )

    assert code_of(refused) == (422, "invalid_request")
    assert f"the {entity_type} is default" in refused.json()["detail"]


async def test_only_those_who_run_the_installation_link_for_everybody(
    neighbour: AsyncClient,
) -> None:
    integration_id = (await created(neighbour))["integration_id"]

    refused = await neighbour.post(
        "/entities/platform/default/integrations", json={"integration_id": integration_id}
    )

    assert code_of(refused) == (403, "missing_scope")


async def test_what_moves_money_is_never_said_to_only_read(door: Door) -> None:
    odd: Json = {
        "capability_code": "PEEK_AND_PAY",
        "description": "Both.",
        "moves_money": True,
        "only_reads": True,
    }

    refused = await door.http.post("/internal/connections/internal/capabilities", json=odd)

    assert code_of(refused) == (422, "invalid_request")


async def test_what_moves_money_stays_so_and_keeps_what_a_change_leaves_out(door: Door) -> None:
    at = "/internal/connections/stripe/capabilities/REFUND_PAYMENT"
    before = (await door.http.get(at)).json()

    changed = await door.http.put(at, json={"description": "Give money back."})
    after = changed.json()

    assert {**after, "description": None, "updated_at": None} == {
        **before,
        "description": None,
        "updated_at": None,
    }
    refused = await door.http.put(at, json={"moves_money": False})
    assert code_of(refused) == (422, "invalid_request")


async def test_what_was_refused_for_its_status_is_asked_anew_under_the_same_key(door: Door) -> None:
    at = f"/integrations/{(await created(door.http))['integration_id']}"
    await door.http.put(at, json={"status": "inactive"})
    ask: Json = {"capability_code": "RETRIEVE_BALANCE", "parameters": {}}
    under = {"Idempotency-Key": f"later {at}"}

    refused = await door.http.post(f"{at}/execute", json=ask, headers=under)
    again = await door.http.post(f"{at}/execute", json=ask, headers=under)

    assert code_of(refused) == code_of(again) == (409, "integration_inactive")
    assert "Idempotency-Replayed" not in again.headers
