"""What is left of a policy when all of its money went back: the record, and no cover."""

from httpx import AsyncClient

from domain.money import Money
from tests.api.door import Door, code_of, wanted


async def _refunded(door: Door) -> str:
    """A purchase whose policy was issued, and whose money is back."""
    purchase_id = await door.paid()
    await door.http.post(f"/purchases/{purchase_id}/refund")
    await door.until(purchase_id, "refund_status", "full")
    return purchase_id


async def test_a_refunded_purchase_is_not_completed_and_the_answer_says_why(door: Door) -> None:
    purchase_id = await _refunded(door)
    policy = (await door.seen(purchase_id)).policy
    assert policy is not None
    assert policy.cancelled_at is not None

    refused = await door.http.post(f"/purchases/{purchase_id}/complete")

    assert code_of(refused) == (409, "policy_cancelled")
    problem = refused.json()
    assert problem["detail"] == (
        f"{purchase_id} was refunded in full: policy {policy.number} was cancelled at "
        f"{policy.cancelled_at:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert (problem["purchase_id"], problem["can_retry"]) == (purchase_id, False)
    assert "new quote" in problem["suggested_action"]


async def test_who_wants_to_pay_a_refunded_quote_again_is_told_what_became_of_it(
    door: Door, stranger: AsyncClient
) -> None:
    quote_id = await door.quote()
    link = (
        await door.http.post("/links", json={"quote_id": quote_id, "user_id": "user_mei"})
    ).json()
    purchase_id = await door.paid(quote_id)
    await door.http.post(f"/purchases/{purchase_id}/refund")
    await door.until(purchase_id, "refund_status", "full")

    again = await door.http.post("/purchases", json=wanted(quote_id))
    opened = await stranger.get(link["payment_link_url"])

    assert code_of(again) == (409, "policy_cancelled")
    assert again.json()["purchase_id"] == purchase_id
    assert opened.status_code == 409
    assert "This purchase was refunded" in opened.text


async def test_every_view_of_a_cancelled_policy_says_so(door: Door, stranger: AsyncClient) -> None:
    purchase_id = await _refunded(door)
    purchase = (await door.http.get(f"/purchases/{purchase_id}")).json()
    number = purchase["policy"]["number"]
    policy = (await door.http.get(f"/policies/{number}")).json()
    document = (await door.http.get(f"/policies/{number}/document")).json()
    proof = (await stranger.get(purchase["policy"]["verify_url"])).json()

    assert (purchase["policy_status"], purchase["policy"]["status"]) == ("cancelled", "cancelled")
    assert (policy["status"], document["status"]) == ("cancelled", "cancelled")
    assert policy["cancelled_at"] == document["cancelled_at"] == proof["cancelled_at"]
    assert proof["is_valid"] is False


async def test_money_that_went_back_before_anything_was_issued_leaves_nothing_to_wait_for(
    door: Door,
) -> None:
    """Another amount than the price arrived: no policy number was ever drawn."""
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id, Money(minor=14_000, currency="SGD"))
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "payment_status", "completed")
    await door.http.post(f"/purchases/{purchase_id}/refund")
    await door.until(purchase_id, "refund_status", "full")

    refused = await door.http.post(f"/purchases/{purchase_id}/complete")

    assert code_of(refused) == (409, "policy_cancelled")
    assert refused.json()["detail"].endswith("no policy was issued")
