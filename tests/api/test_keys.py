"""Who may do what: keys, scopes, and secrets that are shown once."""

from dataclasses import replace

import pytest
from httpx import AsyncClient

from domain.errors import Unauthorized
from domain.tenants import PLATFORM_TENANT, Scope
from tests.api.conftest import client_of, door_over
from tests.api.door import Door, code_of


async def test_without_a_valid_key_nothing_is_told(stranger: AsyncClient) -> None:
    for headers in (
        {},
        {"authorization": "Bearer pbk_wrong"},
        {"authorization": "Basic cGJrOng="},
        {"x-api-key": "pbk_wrong"},
        {"x-api-key": ""},
    ):
        for answer in (
            await stranger.get("/purchases", headers=headers),
            await stranger.post("/purchases", content=b"{not json", headers=headers),
        ):
            assert code_of(answer) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_both_headers_open_the_door(door: Door, stranger: AsyncClient) -> None:
    for headers in ({"x-api-key": door.key}, {"authorization": f"bearer {door.key}"}):
        assert (await stranger.get("/purchases", headers=headers)).status_code == 200


async def test_a_new_key_is_shown_once(door: Door) -> None:
    body = {"name": "checkout service", "scopes": ["read", "write"]}
    key = {"Idempotency-Key": "make a key"}
    made = (await door.http.post("/api-keys", json=body, headers=key)).json()
    repeated = (await door.http.post("/api-keys", json=body, headers=key)).json()
    assert made["api_key"].startswith("pbk_")
    assert made["livemode"] is False
    assert repeated == {**made, "api_key": None}
    listed = await door.http.get("/api-keys", params={"limit": 100})
    assert made["key_id"] in listed.text
    assert made["api_key"] not in listed.text


async def test_a_revoked_key_opens_nothing(door: Door) -> None:
    made = (
        await door.http.post("/api-keys", json={"name": "short-lived", "scopes": ["read"]})
    ).json()
    async with client_of(door.app, made["api_key"]) as http:
        assert (await http.get("/purchases")).status_code == 200
        revoked = await door.http.post(f"/api-keys/{made['key_id']}/revoke")
        assert revoked.json()["revoked_at"]
        assert code_of(await http.get("/purchases")) == (401, "unauthorized")


async def test_a_key_of_one_mode_opens_nothing_in_the_other(door: Door) -> None:
    services = door.app.state.services
    in_live_mode = replace(services.api_keys, livemode=True)
    made, live_key = await in_live_mode.issue(PLATFORM_TENANT, "live", frozenset({Scope.READ}))
    assert made.livemode

    async with client_of(door.app, live_key) as http:
        refused = await http.get("/purchases")
    assert code_of(refused) == (401, "unauthorized")
    assert refused.json()["detail"] == (
        "this API key is of live mode, and this installation of test mode"
    )
    async with door_over(door, replace(services, api_keys=in_live_mode)) as http:
        assert code_of(await http.get("/purchases")) == (401, "unauthorized")
        opened = await http.get("/api-keys", headers={"authorization": f"Bearer {live_key}"})
    assert code_of(opened) == (403, "missing_scope")


async def test_a_known_secret_is_not_issued_anew_for_the_other_mode(door: Door) -> None:
    in_live_mode = replace(door.app.state.services.api_keys, livemode=True)
    with pytest.raises(Unauthorized, match="of test mode"):
        await in_live_mode.issue(PLATFORM_TENANT, "up", frozenset(Scope), door.key)


async def test_who_gives_money_back_must_be_allowed_to_look(door: Door) -> None:
    purchase_id = await door.paid()
    keys = door.app.state.services.api_keys
    for scopes, status in (({Scope.REFUND}, 403), ({Scope.REFUND, Scope.READ}, 202)):
        _, key = await keys.issue(PLATFORM_TENANT, "refunds", frozenset(scopes))
        async with client_of(door.app, key) as http:
            answer = await http.post(f"/purchases/{purchase_id}/refund", json={"amount": 100})
        assert answer.status_code == status, answer.text


async def test_a_tenant_sees_only_its_own_keys(door: Door, neighbour: AsyncClient) -> None:
    ours = (await door.http.get("/api-keys")).json()["items"][0]["key_id"]
    assert ours not in (await neighbour.get("/api-keys")).text
    refused = await neighbour.post(f"/api-keys/{ours}/revoke")
    assert code_of(refused) == (404, "api_key_not_found")


async def test_who_buys_may_not_agree_to_a_refund(door: Door) -> None:
    purchase_id = await door.paid()
    asked = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 100})
    buyer = frozenset({Scope.READ, Scope.WRITE})
    _, key = await door.app.state.services.api_keys.issue(PLATFORM_TENANT, "a shop", buyer)
    async with client_of(door.app, key) as http:
        for word in ("approve", "decline"):
            refused = await http.post(f"/refunds/{asked.json()['refund_id']}/{word}")
            assert code_of(refused) == (403, "missing_scope")
