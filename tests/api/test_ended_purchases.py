"""What is answered of a purchase that failed, expired or waits for a bank, and what comes next."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from tests.api.door import Door, code_of, wanted

End = Callable[[Door], Awaitable[tuple[str, str]]]


async def _at_the_bank(door: Door) -> tuple[str, str]:
    """A purchase whose customer chose a bank debit, and its quote."""
    quote_id = await door.quote()
    purchase_id = str((await door.purchase(quote_id))["purchase_id"])
    door.payments.order_debit(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "processing", True)
    return purchase_id, quote_id


async def _debit_bounced(door: Door) -> tuple[str, str]:
    purchase_id, quote_id = await _at_the_bank(door)
    door.payments.bounce_debit(purchase_id)
    await door.tell("checkout.session.async_payment_failed", purchase_id)
    await door.until(purchase_id, "payment_status", "failed")
    return purchase_id, quote_id


async def _expired(door: Door) -> tuple[str, str]:
    quote_id = await door.quote()
    purchase_id = str((await door.purchase(quote_id))["purchase_id"])
    door.payments.expire(purchase_id)
    await door.tell("checkout.session.expired", purchase_id)
    await door.until(purchase_id, "payment_status", "expired")
    return purchase_id, quote_id


@pytest.mark.parametrize("end", [_debit_bounced, _expired], ids=["debit bounced", "expired"])
@pytest.mark.parametrize("wish", ["complete", "refund"])
async def test_an_ended_purchase_is_not_to_be_retried_and_its_quote_is_sold_again(
    door: Door, wish: str, end: End
) -> None:
    purchase_id, quote_id = await end(door)
    assert (await door.seen(purchase_id)).can_retry is False

    refused = await door.http.post(f"/purchases/{purchase_id}/{wish}")

    assert code_of(refused) == (409, "purchase_closed")
    assert refused.json()["can_retry"] is False
    assert "same quote again" in refused.json()["suggested_action"]
    again = await door.http.post("/purchases", json=wanted(quote_id))
    assert again.status_code == 201
    assert again.json()["purchase_id"] != purchase_id


@pytest.mark.parametrize("wish", ["complete", "refund"])
async def test_what_the_bank_has_is_waited_for(door: Door, wish: str) -> None:
    purchase_id, _ = await _at_the_bank(door)
    refused = await door.http.post(f"/purchases/{purchase_id}/{wish}")
    assert code_of(refused) == (409, "payment_processing")
    assert refused.json()["can_retry"] is True
    assert refused.json()["requires_user_action"] is False


async def test_nobody_is_sent_to_pay_what_the_bank_has_already(
    door: Door, stranger: AsyncClient
) -> None:
    quote_id = await door.quote()
    link = (await door.http.post("/links", json={"quote_id": quote_id, "user_id": "u"})).json()
    purchase_id = str((await door.purchase(quote_id))["purchase_id"])
    door.payments.order_debit(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "processing", True)

    again = await door.http.post("/purchases", json=wanted(quote_id))
    opened = await stranger.get(link["payment_link_url"])

    assert code_of(again) == (409, "payment_processing")
    assert again.json()["purchase_id"] == purchase_id
    assert opened.status_code == 409
    assert "You have paid already" in opened.text
