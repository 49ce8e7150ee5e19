"""Checkouts: paid on the page or by a token, tried again after a decline, refunded, expired."""

import pytest

from .justifi_desk import GOOD_ACCOUNT, GOOD_CARD, POOR_CARD, Desk, Json, part, parts, read, refusal

WEEK = 7 * 24 * 3600


async def test_a_checkout_is_completed_by_a_token(desk: Desk) -> None:
    checkout = await desk.checkout(metadata={"purchase_id": "pur_1"})

    answer = await desk.ask(
        "POST", f"/checkouts/{checkout}/complete", {"payment_token": await desk.card()}
    )

    completion = part(read(answer))
    assert (answer.status_code, completion["status"]) == (201, "succeeded")
    paid = part(await desk.get(f"/checkouts/{checkout}"))
    assert (paid["status"], paid["payment_currency"]) == ("completed", "USD")
    payment = await desk.payment(paid["successful_payment_id"])
    assert payment["checkout_id"] == checkout
    assert payment["metadata"] == {"purchase_id": "pur_1"}
    assert (await desk.event_names())[-2:] == [
        "checkout.completion.succeeded",
        "checkout.completed",
    ]


async def test_a_declined_completion_is_no_refusal_and_can_be_tried_again(desk: Desk) -> None:
    checkout = await desk.checkout()
    path = f"/checkouts/{checkout}/complete"

    declined = part(await desk.post(path, {"payment_token": await desk.card(POOR_CARD)}))
    tried = part(await desk.get(f"/checkouts/{checkout}"))
    await desk.post(path, {"payment_token": await desk.card()})

    assert (declined["status"], declined["payment_error_code"]) == ("failed", "card_declined")
    assert tried["status"] == "attempted"
    paid = part(await desk.get(f"/checkouts/{checkout}"))
    assert [one["status"] for one in parts(paid, "completions")] == ["failed", "succeeded"]


async def test_a_checkout_is_paid_on_its_page(desk: Desk) -> None:
    checkout = await desk.checkout(amount=12_345)
    page = f"/justifi/checkout/{checkout}"
    form = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}
    back = "https://shop.test/thanks"

    shown = await desk.client.get(page, params={"return_url": back})
    declined = await desk.client.post(page, data={**form, "number": POOR_CARD})
    unknown = await desk.client.post(page, data={**form, "number": "4929000000006"})
    paid = await desk.client.post(page, data={**form, "return_url": back})
    again = await desk.client.post(page, data=form)

    assert "$123.45" in shown.text
    assert back in shown.text
    assert (declined.status_code, unknown.status_code, again.status_code) == (402, 422, 422)
    assert (paid.status_code, paid.headers["location"]) == (303, back)
    assert "Thank you" in (await desk.client.get(page)).text


async def test_a_page_takes_a_bank_debit_as_well(desk: Desk) -> None:
    checkout = await desk.checkout()
    form = {"method": "bank", "account_number": GOOD_ACCOUNT, "number": POOR_CARD}

    paid = await desk.client.post(f"/justifi/checkout/{checkout}", data=form)

    assert paid.status_code == 303
    [payment] = parts(await desk.get("/payments"))
    assert (payment["payment_mode"], payment["status"]) == ("ach", "pending")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.test", ""])
async def test_a_page_leads_back_to_nothing_but_http(desk: Desk, address: str) -> None:
    page = f"/justifi/checkout/{await desk.checkout()}"

    paid = await desk.client.post(page, data={"number": GOOD_CARD, "return_url": address})

    assert paid.headers["location"] == page


async def test_a_page_of_no_checkout_says_so(desk: Desk) -> None:
    assert (await desk.client.get("/justifi/checkout/cho_none")).status_code == 404
    assert (await desk.client.post("/justifi/checkout/cho_none")).status_code == 404


async def test_a_checkout_is_paid_without_a_browser(desk: Desk) -> None:
    checkout = await desk.checkout()
    path = f"/justifi/checkouts/{checkout}/pay"

    assert (await desk.steer(path, number=POOR_CARD))["payment_status"] == "failed"
    assert (await desk.steer(path, account_number=GOOD_ACCOUNT))["payment_status"] == "pending"

    refused = await desk.client.post(f"/_simulator{path}", json={"number": GOOD_CARD})
    assert refused.status_code == 422


async def test_a_checkout_ends_after_a_week_and_nobody_is_told(desk: Desk) -> None:
    checkout = await desk.checkout()

    await desk.steer("/justifi/clock", seconds=WEEK)
    await desk.authenticate()

    assert part(await desk.get(f"/checkouts/{checkout}"))["status"] == "expired"
    assert await desk.event_names() == ["checkout.created"]
    refused = await desk.ask(
        "POST", f"/checkouts/{checkout}/complete", {"payment_token": await desk.card()}
    )
    assert refusal(refused) == (422, "checkout_expired")
    assert "has expired" in (await desk.client.get(f"/justifi/checkout/{checkout}")).text


async def test_a_checkout_can_be_ended_before_its_time(desk: Desk) -> None:
    checkout = await desk.checkout()

    assert (await desk.steer(f"/justifi/checkouts/{checkout}/expire"))["status"] == "expired"


async def test_an_open_checkout_is_changed(desk: Desk) -> None:
    checkout = await desk.checkout()

    changed = await desk.ask("PATCH", f"/checkouts/{checkout}", {"amount": 9_000})

    assert part(read(changed))["payment_amount"] == 9_000
    assert part(read(changed))["payment_description"] == "order"


async def test_a_paid_checkout_is_refunded(desk: Desk) -> None:
    checkout = await desk.checkout()
    unpaid = await desk.ask("POST", f"/checkouts/{checkout}/refunds", {})
    await desk.steer(f"/justifi/checkouts/{checkout}/pay", number=GOOD_CARD)

    refund = part(await desk.post(f"/checkouts/{checkout}/refunds", {"amount": 4_000}))

    assert refusal(unpaid) == (422, "refund_error")
    assert (refund["refund_amount"], refund["status"]) == (4_000, "succeeded")
    [kept] = parts(await desk.get("/refunds"))
    assert kept["amount"] == 4_000


async def test_checkouts_are_listed_by_status_and_by_how_they_were_tried(desk: Desk) -> None:
    paid, _ = await desk.checkout(), await desk.checkout()
    await desk.steer(f"/justifi/checkouts/{paid}/pay", number=GOOD_CARD)

    for query in ("status=completed", "payment_status=succeeded", "payment_mode=ecom"):
        assert [one["id"] for one in parts(await desk.get(f"/checkouts?{query}"))] == [paid]
    assert len(parts(await desk.get("/checkouts"))) == 2


async def test_a_seller_in_canada_is_paid_in_its_currency(desk: Desk) -> None:
    body: Json = {"amount": 500, "description": "order"}

    made = part(await desk.post("/checkouts", body, sub_account="acc_canadian"))

    assert made["payment_currency"] == "CAD"


async def test_the_front_page_leads_to_every_checkout(desk: Desk) -> None:
    checkout = await desk.checkout()

    assert f"/justifi/checkout/{checkout}" in (await desk.client.get("/")).text
