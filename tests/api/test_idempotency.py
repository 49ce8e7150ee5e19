"""A request repeated under its Idempotency-Key gets its first answer, and has no second effect."""

import hashlib
from datetime import UTC, datetime

from httpx import AsyncClient

from api.idempotent_route import LONGEST_KEY
from domain.tenants import PLATFORM_TENANT, Scope
from tests.api.conftest import client_of
from tests.api.door import Door, code_of, wanted


async def test_the_first_answer_is_given_again(door: Door) -> None:
    purchase_id = await door.paid()
    key = {"Idempotency-Key": f"refund of {purchase_id}"}
    path = f"/purchases/{purchase_id}/refund"
    first = await door.http.post(path, json={"amount": 100}, headers=key)
    second = await door.http.post(path, json={"amount": 100}, headers=key)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    made = await door.http.get("/refunds", params={"purchase_id": purchase_id})
    assert len(made.json()["items"]) == 1


async def test_two_equal_refunds_under_two_keys_are_two(door: Door) -> None:
    purchase_id = await door.paid()
    for key in ("one", "two"):
        headers = {"Idempotency-Key": f"{key} {purchase_id}"}
        await door.http.post(
            f"/purchases/{purchase_id}/refund", json={"amount": 100}, headers=headers
        )
    made = await door.http.get("/refunds", params={"purchase_id": purchase_id})
    assert len(made.json()["items"]) == 2


async def test_a_refund_repeated_without_a_key_is_the_same_refund(door: Door) -> None:
    purchase_id = await door.paid()
    path = f"/purchases/{purchase_id}/refund"
    first = (await door.http.post(path, json={"amount": 100})).json()
    again = (await door.http.post(path, json={"amount": 100})).json()
    other = (await door.http.post(path, json={"amount": 200})).json()
    assert again["refund_id"] == first["refund_id"]
    assert other["refund_id"] != first["refund_id"]


async def test_a_key_is_for_one_request_only(door: Door) -> None:
    key = {"Idempotency-Key": f"first sent for {await door.quote()}"}
    await door.http.post("/purchases", json=wanted(await door.quote()), headers=key)
    other_body = await door.http.post("/purchases", json=wanted("Q-other"), headers=key)
    assert code_of(other_body) == (422, "idempotency_key_reused")
    other_route = await door.http.post("/links", json=wanted("Q-other"), headers=key)
    assert code_of(other_route) == (422, "idempotency_key_reused")


async def test_a_request_still_being_answered_is_not_made_twice(door: Door) -> None:
    body = wanted(await door.quote())
    request = door.http.build_request("POST", "/purchases", json=body)
    await _begin(door, "in flight", "POST /purchases", request.content)
    answer = await door.http.post("/purchases", json=body, headers={"Idempotency-Key": "in flight"})
    assert code_of(answer) == (409, "idempotency_key_in_flight")
    assert answer.headers["retry-after"] == "1"


async def test_a_refusal_is_repeated_unless_it_may_change(door: Door) -> None:
    lasting = {"Idempotency-Key": "lasting"}
    for replayed in (None, "true"):
        refused = await door.http.post("/purchases", json=wanted("Q-never"), headers=lasting)
        assert code_of(refused) == (404, "unknown_quote")
        assert refused.headers.get("idempotency-replayed") == replayed

    purchase_id = str((await door.purchase())["purchase_id"])
    passing = {"Idempotency-Key": f"complete {purchase_id}"}
    path = f"/purchases/{purchase_id}/complete"
    assert code_of(await door.http.post(path, headers=passing)) == (409, "not_paid")
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "payment_status", "completed")
    assert (await door.http.post(path, headers=passing)).status_code == 200


async def test_a_key_must_be_short_and_printable(door: Door) -> None:
    for key in ("", "k" * (LONGEST_KEY + 1), "a\tb"):
        answer = await door.http.post(
            "/purchases", json=wanted("Q-1"), headers={"Idempotency-Key": key}
        )
        assert code_of(answer) == (422, "invalid_request")


async def test_tenants_share_no_keys(door: Door, neighbour: AsyncClient) -> None:
    key = {"Idempotency-Key": "the same word"}
    ours = await door.http.post("/purchases", json=wanted(await door.quote()), headers=key)
    theirs = await neighbour.post("/purchases", json=wanted("Q-1"), headers=key)
    assert ours.status_code == 201
    assert code_of(theirs) == (404, "unknown_quote")


async def test_an_answer_is_for_the_api_key_that_asked(door: Door) -> None:
    keys = door.app.state.services.api_keys
    _, reader = await keys.issue(PLATFORM_TENANT, "reader", frozenset({Scope.READ}))
    made = {"name": "till", "scopes": ["read"]}
    under = {"Idempotency-Key": "a key for the till"}
    assert (await door.http.post("/api-keys", json=made, headers=under)).status_code == 201
    async with client_of(door.app, reader) as lesser:
        answer = await lesser.post("/api-keys", json=made, headers=under)
    assert code_of(answer) == (422, "idempotency_key_reused")
    assert "idempotency-replayed" not in answer.headers


async def test_a_request_that_may_succeed_later_keeps_its_key(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    under = {"Idempotency-Key": f"refund before payment of {purchase_id}"}
    path = f"/purchases/{purchase_id}/refund"
    for _ in range(2):
        early = await door.http.post(path, json={"amount": 100}, headers=under)
        assert code_of(early) == (409, "not_paid")
        assert "idempotency-replayed" not in early.headers
    other = await door.http.post(path, json={"amount": 200}, headers=under)
    assert code_of(other) == (422, "idempotency_key_reused")


async def _begin(door: Door, key: str, route: str, body: bytes) -> None:
    """As if another request with this key were being answered right now."""
    services = door.app.state.services
    caller = await services.api_keys.authenticate(door.key)
    digest = hashlib.sha256(caller.key_id.encode() + b"\n" + body).hexdigest()
    records = services.idempotency
    await records.begin(PLATFORM_TENANT, key, route, digest, datetime.now(UTC))
