"""Selling a policy over HTTP, from the quote to the document."""

import asyncio
import hashlib
from urllib.parse import urlsplit

from httpx import AsyncClient

from tests.api.door import PRICE, Door, code_of, wanted


async def test_a_purchase_answers_with_its_checkout(door: Door) -> None:
    answer = await door.http.post("/purchases", json=wanted(await door.quote()))
    started = answer.json()
    assert answer.status_code == 201
    assert started["payment_intent_id"] == started["purchase_id"]
    assert answer.headers["location"] == f"/purchases/{started['purchase_id']}"
    assert started["checkout_url"] == f"https://pay.example/{started['session_id']}"
    assert (started["amount"], started["currency"], started["formatted"]) == (
        PRICE,
        "SGD",
        "SGD 150.00",
    )
    assert started["payment_status"] == "pending"
    assert started["expires_at"]


async def test_a_quote_being_paid_is_joined_not_sold_twice(door: Door) -> None:
    quote_id = await door.quote()
    first = await door.http.post("/purchases", json=wanted(quote_id))
    second = await door.http.post("/purchases", json=wanted(quote_id))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


async def test_a_paid_purchase_ends_with_a_policy_that_anyone_can_verify(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = await door.paid()
    completed = (await door.http.post(f"/purchases/{purchase_id}/complete")).json()
    policy = completed["policy"]
    assert completed["purchase"]["payment_status"] == "completed"

    link = (await door.http.get(f"/policies/{policy['number']}/document")).json()
    document = await stranger.get(link["document_url"])
    assert document.headers["content-type"] == "application/pdf"
    assert f"{policy['number']}.pdf" in document.headers["content-disposition"]
    assert document.headers["content-disposition"].startswith("inline")
    assert hashlib.sha256(document.content).hexdigest() == policy["sha256"]

    proof = await stranger.get(policy["verify_url"])
    assert (proof.json()["is_valid"], proof.json()["livemode"]) == (True, False)
    assert proof.json()["sha256"] == policy["sha256"]
    page = await stranger.get(policy["verify_url"], headers={"accept": "text/html"})
    assert "This is a test document" in page.text
    assert "Test mode: no real money moves." in page.text
    assert policy["sha256"] in page.text
    assert "Mei" not in page.text + proof.text


async def test_the_code_on_the_policy_leads_to_its_public_page(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = await door.paid()
    policy = (await door.http.post(f"/purchases/{purchase_id}/complete")).json()["policy"]

    printed = urlsplit(door.printer.verify_urls[policy["number"]])

    assert (await stranger.get(printed.path)).json()["number"] == policy["number"]


async def test_completing_twice_gives_the_same_policy(door: Door) -> None:
    purchase_id = await door.paid()
    first = await door.http.post(f"/purchases/{purchase_id}/complete")
    second = await door.http.post(f"/purchases/{purchase_id}/complete")
    assert first.json()["policy"]["number"] == second.json()["policy"]["number"]


async def test_a_declined_card_leaves_the_purchase_payable(door: Door) -> None:
    purchase_id = await door.declined()
    purchase = (await door.http.get(f"/purchases/{purchase_id}")).json()
    assert purchase["can_retry"] is True
    assert purchase["failure_code"] == "card_declined"
    assert purchase["checkout_url"]


async def test_a_cancelled_purchase_frees_its_quote(door: Door) -> None:
    quote_id = await door.quote()
    first = await door.purchase(quote_id)
    for _ in range(2):
        cancelled = await door.http.post(
            f"/purchases/{first['purchase_id']}/cancel", json={"reason": "changed my mind"}
        )
        assert cancelled.json()["payment_status"] == "cancelled"
    second = await door.http.post("/purchases", json=wanted(quote_id))
    assert second.status_code == 201
    assert second.json()["purchase_id"] != first["purchase_id"]


async def test_a_purchase_is_found_by_the_providers_ids_too(door: Door) -> None:
    purchase_id = await door.paid()
    purchase = (await door.http.get(f"/purchases/{purchase_id}")).json()
    for any_id in (purchase["session_id"], purchase["provider_payment_id"]):
        found = await door.http.get(f"/purchases/{any_id}")
        assert found.json()["purchase_id"] == purchase_id


async def test_lists_are_paged_newest_first_and_narrowed(door: Door) -> None:
    user = f"user-{await door.quote()}"
    made = []
    for _ in range(3):
        body = wanted(await door.quote(), user_id=user)
        made.append((await door.http.post("/purchases", json=body)).json()["purchase_id"])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"user_id": user, "limit": "2", "payment_status": "pending", **cursor}
        page = (await door.http.get("/purchases", params=query)).json()
        seen += [each["purchase_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made[::-1]


async def test_a_refund_comes_back_and_cancels_the_policy(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = await door.paid()
    asked = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
    assert asked.status_code == 202
    assert asked.json()["amount"]["formatted"] == "SGD 50.00"
    await door.until(purchase_id, "refund_status", "partial")
    await door.http.post(f"/purchases/{purchase_id}/refund")
    await door.until(purchase_id, "refund_status", "full")
    purchase = (await door.http.get(f"/purchases/{purchase_id}")).json()
    proof = await stranger.get(purchase["policy"]["verify_url"], headers={"accept": "text/html"})
    assert "This test document was cancelled" in proof.text


async def test_a_large_refund_waits_for_a_humans_answer(door: Door) -> None:
    price = {"minor": 80_000, "currency": "SGD"}
    quote_id = await door.quote(price=price, tax=None)
    body = wanted(quote_id, amount=80_000)
    purchase_id = (await door.http.post("/purchases", json=body)).json()["purchase_id"]
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "policy_status", "delivered")
    asked = (await door.http.post(f"/purchases/{purchase_id}/refund")).json()
    assert asked["status"] == "awaiting_approval"
    waiting = {"status": "awaiting_approval", "purchase_id": purchase_id}
    assert len((await door.http.get("/refunds", params=waiting)).json()["items"]) == 1
    declined = await door.http.post(
        f"/refunds/{asked['refund_id']}/decline", json={"note": "used already"}
    )
    assert declined.json()["status"] == "declined"
    again = await door.http.post(f"/refunds/{asked['refund_id']}/approve")
    assert code_of(again) == (409, "refund_not_awaiting_approval")


async def test_what_is_a_large_refund_depends_on_the_currency(door: Door) -> None:
    yen = {"minor": 600, "currency": "JPY"}  # over SGD 500.00 said in yen, and far under 50,000
    quote_id = await door.quote(price=yen, tax=None)
    purchase_id = str((await door.purchase(quote_id, amount=600, currency="JPY"))["purchase_id"])
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "policy_status", "delivered")
    asked = (await door.http.post(f"/purchases/{purchase_id}/refund")).json()
    assert asked["status"] == "awaiting_approval"


async def test_a_listed_purchase_shows_what_it_shows_alone(door: Door) -> None:
    purchase_id = await door.paid()
    await door.until(purchase_id, "policy_status", "delivered")
    await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
    await door.until(purchase_id, "refund_status", "partial")
    quote_id = (await door.seen(purchase_id)).quote_id

    (listed,) = (await door.http.get("/purchases", params={"quote_id": quote_id})).json()["items"]

    assert [refund["amount"]["minor"] for refund in listed["refunds"]] == [5_000]
    assert "payment_confirmation" in [email["template"] for email in listed["emails"]]


async def test_the_timeline_tells_the_story_in_order(door: Door) -> None:
    purchase_id = await door.paid()
    await door.until(purchase_id, "policy_status", "delivered")
    told = (await door.http.get(f"/purchases/{purchase_id}/timeline")).json()["entries"]
    assert [entry["at"] for entry in told] == sorted(entry["at"] for entry in told)
    whats = [entry["what"] for entry in told]
    for what in ("purchase recorded", "paid", "policy number drawn", "policy delivered"):
        assert what in whats
    assert "mei.tan@example.com" not in str(told)


async def test_concurrent_starts_of_one_quote_are_one_purchase(door: Door) -> None:
    body = wanted(await door.quote())
    answers = await asyncio.gather(*(door.http.post("/purchases", json=body) for _ in range(5)))
    assert len({answer.json()["purchase_id"] for answer in answers}) == 1
