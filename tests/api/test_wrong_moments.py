"""What is well said and comes at the wrong moment: too early, too late, or once too often."""

from datetime import UTC, date, datetime

from httpx import AsyncClient

from api.examples import QUOTE
from connections import connect_database
from domain.quotes import Period
from domain.tenants import PLATFORM_TENANT
from persistence.quotes import QuoteRecords
from persistence.rows.quotes import QuoteRow
from tests.api.door import PRICE, Door, Json, code_of, wanted


async def test_a_registered_quote_never_changes(door: Door) -> None:
    quote_id = await door.quote()
    changed = {**QUOTE, "quote_id": quote_id, "product_name": "Another"}
    assert code_of(await door.http.post("/quotes", json=changed)) == (409, "quote_exists")


async def test_a_paid_purchase_cannot_be_cancelled_or_bought_again(door: Door) -> None:
    quote_id = await door.quote()
    purchase_id = await door.paid(quote_id)
    cancelled = await door.http.post(f"/purchases/{purchase_id}/cancel")
    assert code_of(cancelled) == (409, "already_paid")
    again = await door.http.post("/purchases", json=wanted(quote_id))
    assert code_of(again) == (409, "quote_already_paid")
    assert again.json()["purchase_id"] == purchase_id


async def test_a_quote_past_its_date_is_neither_sold_nor_joined(door: Door) -> None:
    for is_open in (False, True):
        quote_id = await door.quote()
        if is_open:
            await door.purchase(quote_id)
        await _change_quote(door, quote_id, valid_until=datetime(2026, 1, 1, tzinfo=UTC))
        refused = await door.http.post("/purchases", json=wanted(quote_id))
        assert code_of(refused) == (409, "quote_expired")


async def test_a_quote_whose_cover_ended_since_is_neither_sold_nor_joined_nor_saved(
    door: Door, stranger: AsyncClient
) -> None:
    over = Period(starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 2))
    for is_open in (False, True):
        quote_id = await door.quote()
        link = _link(quote_id)
        if is_open:
            await door.purchase(quote_id)
            address = (await door.http.post("/links", json=link)).json()["payment_link_url"]
        await _change_quote(door, quote_id, period=over)
        refused = await door.http.post("/purchases", json=wanted(quote_id))
        assert code_of(refused) == (409, "cover_ended")
        assert "2026-01-02" in refused.json()["detail"]
        if is_open:
            assert "This cover is over" in (await stranger.get(address)).text
        else:
            assert code_of(await door.http.post("/links", json=link)) == (409, "cover_ended")


async def test_a_quote_of_live_mode_is_unknown_to_test_mode(door: Door) -> None:
    quote_id = await door.quote()
    await _change_quote(door, quote_id, livemode=True)
    bought = await door.http.post("/purchases", json=wanted(quote_id))
    linked = await door.http.post("/links", json=_link(quote_id))
    assert code_of(bought) == code_of(linked) == (404, "unknown_quote")


async def test_an_unpaid_purchase_cannot_be_completed_or_refunded(door: Door) -> None:
    purchase_id = (await door.purchase())["purchase_id"]
    completed = await door.http.post(f"/purchases/{purchase_id}/complete")
    assert code_of(completed) == (409, "not_paid")
    assert completed.json()["can_retry"] is True
    refunded = await door.http.post(f"/purchases/{purchase_id}/refund")
    assert code_of(refunded) == (409, "not_paid")


async def test_no_more_is_refunded_than_was_paid(door: Door) -> None:
    purchase_id = await door.paid()
    over = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": PRICE + 1})
    assert code_of(over) == (422, "refund_above_cap")
    for wrong in (0, -1, 0.5, "100"):
        refused = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": wrong})
        assert code_of(refused) == (422, "invalid_amount")
    assert (await door.http.get("/refunds", params={"purchase_id": purchase_id})).json() == {
        "items": [],
        "next_cursor": None,
    }


async def test_a_refund_finer_than_can_be_paid_is_refused_at_once(door: Door) -> None:
    price = {"minor": 15_000, "currency": "KWD"}
    quote_id = await door.quote(price=price, tax=None)
    purchase_id = str((await door.purchase(quote_id, currency="KWD"))["purchase_id"])
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "payment_status", "completed")
    refused = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_005})
    assert code_of(refused) == (422, "amount_too_fine")


async def test_nothing_is_decided_where_nothing_waits(door: Door) -> None:
    purchase_id = await door.paid()
    retried = await door.http.post(f"/purchases/{purchase_id}/retry-issue")
    assert code_of(retried) == (409, "not_in_review")
    refund = (await door.http.post(f"/purchases/{purchase_id}/refund")).json()
    decided = await door.http.post(f"/refunds/{refund['refund_id']}/approve")
    assert code_of(decided) == (409, "refund_not_awaiting_approval")


async def test_a_revoked_link_is_gone(door: Door, stranger: AsyncClient) -> None:
    saved = (await door.http.post("/links", json=_link(await door.quote()))).json()
    await door.http.post(f"/links/{saved['link_id']}/revoke")
    sent = await door.http.post(f"/links/{saved['link_id']}/send")
    assert code_of(sent) == (410, "link_revoked")
    assert (await stranger.get(saved["payment_link_url"])).status_code == 410


async def _change_quote(door: Door, quote_id: str, **changes: object) -> None:
    """What only time, or another installation, does to a quote."""
    database = connect_database(door.settings)
    try:
        quotes = QuoteRecords(database)
        quote = await quotes.get(PLATFORM_TENANT, quote_id)
        assert quote is not None
        async with database.transaction() as session:
            row = await session.get(QuoteRow, (PLATFORM_TENANT, quote_id))
            assert row is not None
            row.contents = quote.model_copy(update=changes).model_dump(mode="json")
    finally:
        await database.close()


def _link(quote_id: str) -> Json:
    return {"quote_id": quote_id, "user_id": "user_mei"}
