"""One quote is bought by one customer: another's wish is refused, not silently taken for theirs."""

import asyncio

import pytest
from httpx import AsyncClient

from tests.api.door import Door, code_of, wanted

OTHERS = [{"user_id": "user_bob"}, {"customer_email": "bob@example.com"}]


@pytest.mark.parametrize("change", OTHERS, ids=["user", "e-mail"])
async def test_a_purchase_asked_for_in_anothers_name_is_refused(
    door: Door, change: dict[str, str]
) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id, customer_email="mei@example.com")

    refused = await door.http.post("/purchases", json=wanted(quote_id, **change))

    assert code_of(refused) == (409, "other_customer")
    problem = refused.json()
    assert (problem["purchase_id"], problem["can_retry"]) == (first["purchase_id"], False)
    assert next(iter(change)) in problem["detail"]
    assert "@" not in refused.text
    assert "user_mei" not in refused.text


async def test_the_same_details_or_none_join_the_open_purchase(door: Door) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id, customer_email="mei@example.com")
    for again in ({"customer_email": "mei@example.com"}, {}):
        joined = await door.http.post("/purchases", json=wanted(quote_id, **again))
        assert (joined.status_code, joined.json()["purchase_id"]) == (200, first["purchase_id"])


async def test_of_two_customers_who_start_at_once_one_is_refused(door: Door) -> None:
    quote_id = await door.quote()
    answers = await asyncio.gather(
        *(
            door.http.post("/purchases", json=wanted(quote_id, user_id=user))
            for user in ("user_mei", "user_bob")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_after_a_cancellation_anybody_may_buy_the_quote(door: Door) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id)
    await door.http.post(f"/purchases/{first['purchase_id']}/cancel")
    second = await door.http.post("/purchases", json=wanted(quote_id, user_id="user_bob"))
    assert second.status_code == 201


async def test_who_holds_the_link_pays_what_is_open_whoever_began_it(
    door: Door, stranger: AsyncClient
) -> None:
    quote_id = await door.quote()
    body = {"quote_id": quote_id, "user_id": "user_bob", "customer_email": "bob@example.com"}
    link = (await door.http.post("/links", json=body)).json()
    started = await door.purchase(quote_id)
    opened = await stranger.get(link["payment_link_url"])
    assert (opened.status_code, opened.headers["location"]) == (303, started["checkout_url"])


@pytest.mark.parametrize("change", OTHERS, ids=["user", "e-mail"])
async def test_a_link_asked_for_in_anothers_name_is_refused(
    door: Door, change: dict[str, str]
) -> None:
    body = {"quote_id": await door.quote(), "user_id": "user_mei"}
    link = (await door.http.post("/links", json=body)).json()

    refused = await door.http.post("/links", json={**body, **change})
    again = await door.http.post("/links", json=body)

    assert code_of(refused) == (409, "other_customer")
    assert link["link_id"] in refused.json()["detail"]
    assert again.json()["link_id"] == link["link_id"]
