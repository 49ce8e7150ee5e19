"""Credentials are merged member by member, and held against what their provider asks for."""

import asyncio
from dataclasses import dataclass, replace

from domain.health import Health
from domain.integrations import Integration, Sealed
from persistence.integrations import IntegrationRecords
from tests.api.conftest import door_over
from tests.api.door import Door, Json, code_of, wanted
from tests.api.test_integrations import created, unserved
from tests.harbour import CODE

SIGNING = "whsec_" + "planted0123456789abcdef"
PUBLISHABLE = "pk_test_" + "planted0123456789abcdef"


async def test_an_optional_credential_is_added_by_itself(door: Door) -> None:
    before = await created(door.http)
    path = f"/integrations/{before['integration_id']}"

    added = await door.http.put(path, json={"credentials": {"webhook_secret": SIGNING}})

    assert added.status_code == 200, added.text
    after = added.json()
    assert (after["status"], after["last_four"], after["version"]) == ("active", "1234", 2)
    assert after["fingerprint"] != before["fingerprint"]
    removed = await door.http.put(path, json={"credentials": {"webhook_secret": None}})
    assert removed.json()["fingerprint"] == before["fingerprint"]
    log = await door.http.get("/audit-log", params={"subject": str(before["integration_id"])})
    assert SIGNING not in log.text + added.text


async def test_what_comes_of_it_must_still_fit(door: Door) -> None:
    path = f"/integrations/{(await created(door.http))['integration_id']}"

    without = await door.http.put(path, json={"credentials": {"api_key": None}})
    assert code_of(without) == (422, "invalid_credentials")
    assert [each["pointer"] for each in without.json()["errors"]] == ["/api_key"]
    live = "pk_live_" + "planted0123456789abcdef"
    mixed = await door.http.put(path, json={"credentials": {"publishable_key": live}})
    assert code_of(mixed) == (422, "invalid_credentials")
    assert (await door.http.get(path)).json()["version"] == 1


@dataclass(frozen=True)
class ReadTogether(IntegrationRecords):
    """Two see its first version before either of them changes it."""

    together: asyncio.Barrier

    async def with_secret(
        self, integration_id: str
    ) -> tuple[Integration, Sealed | None, Health] | None:
        found = await super().with_secret(integration_id)
        if found is not None and found[0].version == 1:
            await self.together.wait()
        return found


async def test_credentials_given_at_the_same_time_are_all_kept(door: Door) -> None:
    before = await created(door.http)
    path = f"/integrations/{before['integration_id']}"
    given: list[Json] = [{"webhook_secret": SIGNING}, {"publishable_key": PUBLISHABLE}]

    services = door.app.state.services
    rows = ReadTogether(services.integrations.integrations.database, asyncio.Barrier(2))
    slow = replace(services, integrations=replace(services.integrations, integrations=rows))
    async with door_over(door, slow) as http:
        puts = [http.put(path, json={"credentials": each}) for each in given]
        assert {answer.status_code for answer in await asyncio.gather(*puts)} == {200}

    every = {"webhook_secret": SIGNING, "publishable_key": PUBLISHABLE}
    at_once = await created(
        door.http, credentials={"api_key": "sk_test_primary0000000000001234", **every}
    )
    assert (await door.http.get(path)).json()["fingerprint"] == at_once["fingerprint"]


async def test_one_more_credential_does_not_switch_on_what_is_switched_off(door: Door) -> None:
    path = f"/integrations/{(await created(door.http))['integration_id']}"
    await door.http.put(path, json={"status": "inactive"})

    added = await door.http.put(path, json={"credentials": {"webhook_secret": SIGNING}})
    assert added.json()["status"] == "inactive"
    fresh = {"api_key": "sk_test_replaced000000000009999"}
    renewed = await door.http.put(path, json={"credentials": fresh})
    assert renewed.json()["status"] == "active"


async def test_an_integration_without_a_gateway_waits_and_does_nothing(door: Door) -> None:
    code = await unserved(door.http)
    wish: Json = {"name": "Nobody's", "credentials": {"token": "nobodys-0123-secret"}}
    made = await door.http.post("/integrations", json={**wish, "connection_code": code})

    assert made.status_code == 201, made.text
    assert made.json()["status"] == "pending_configuration"
    assert "paybind.gateways" in made.json()["status_reason"]
    integration_id = made.json()["integration_id"]
    path = f"/integrations/{integration_id}"
    renewed = await door.http.put(path, json={"credentials": {"token": "nobodys-4567-secret"}})
    assert renewed.json()["status"] == "pending_configuration"
    key = {"Idempotency-Key": "nobody-there"}
    capability = {"capability_code": "PROCESS_PAYMENT"}
    body = wanted(await door.quote(), integration_id=integration_id)
    await door.http.post(
        f"/internal/connections/{code}/capabilities",
        json={**capability, "description": "Take money.", "moves_money": True},
    )
    refused = [
        await door.http.post(f"{path}/test"),
        await door.http.put(path, json={"status": "active"}),
        await door.http.post("/purchases", json=body),
        await door.http.post(f"{path}/execute", json=capability, headers=key),
    ]
    assert {code_of(answer) for answer in refused} == {(409, "gateway_not_installed")}


async def test_what_waited_for_its_gateway_is_held_against_it_before_it_is_used(door: Door) -> None:
    quays = {"token": "quay-0123"}, {"colour": "blue"}
    made = []
    services = door.app.state.services
    bare = replace(services, integrations=replace(services.integrations, providers={}))
    async with door_over(door, bare) as without_gateway:
        for credentials in quays:
            body: Json = {"connection_code": CODE, "name": "Quay", "credentials": credentials}
            made.append((await without_gateway.post("/integrations", json=body)).json())
    assert {each["status"] for each in made} == {"pending_configuration"}

    right, wrong = (f"/integrations/{each['integration_id']}" for each in made)
    switched_on = await door.http.put(right, json={"status": "active"})
    assert (switched_on.json()["status"], switched_on.json()["status_reason"]) == ("active", None)
    refused = await door.http.put(wrong, json={"status": "active"})
    assert code_of(refused) == (422, "invalid_credentials")


async def test_what_has_no_credentials_is_never_switched_on(door: Door) -> None:
    body: Json = {"connection_code": CODE, "name": "Quay"}
    made = await door.http.post("/integrations", json=body)
    path = f"/integrations/{made.json()['integration_id']}"
    await door.http.put(path, json={"status": "inactive"})
    refused = await door.http.put(path, json={"status": "active"})
    assert code_of(refused) == (409, "integration_inactive")
