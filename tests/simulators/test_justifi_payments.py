"""Payments: captured at once or later, declined by scenario, debited, voided, refunded, listed."""

import pytest
from pydantic import JsonValue

from .justifi_desk import (
    CLOSED_ACCOUNT,
    GOOD_CARD,
    POOR_CARD,
    SELLER,
    Desk,
    Json,
    part,
    parts,
    read,
    refusal,
    wanted,
)


async def test_a_card_is_kept_under_a_token_and_never_by_its_number(desk: Desk) -> None:
    token = await desk.card()

    answer = await desk.get(f"/payment_methods/{token}")
    card = part(part(answer), "card")
    assert answer["id"] == card["token"] == token
    assert "id" not in part(answer)
    assert (card["acct_last_four"], card["brand"]) == ("4242", "visa")
    assert GOOD_CARD not in str(answer)
    assert parts(await desk.get("/payment_methods?customer_id=cust_1")) == []
    assert len(parts(await desk.get("/payment_methods", sub_account=SELLER))) == 1


@pytest.mark.parametrize(
    ("number", "year", "refused"),
    [
        ("4242424242424241", "2040", (402, "card_number_invalid")),
        (GOOD_CARD, "2020", (402, "expired_card")),
    ],
)
async def test_a_card_that_cannot_be_kept_is_refused(
    desk: Desk, number: str, year: str, refused: tuple[int, str]
) -> None:
    card: JsonValue = {
        "name": "J",
        "number": number,
        "month": "1",
        "year": year,
        "address_postal_code": "55555",
    }

    answer = await desk.ask("POST", "/payment_methods", {"payment_method": {"card": card}})

    assert refusal(answer) == refused


async def test_a_payment_is_captured_at_once_and_its_fees_follow(desk: Desk) -> None:
    created = await desk.pay(await desk.card(), fees=[{"type": "processing_fee", "amount": 320}])

    assert (created["status"], created["captured"], created["fees"]) == ("succeeded", True, [])
    read_later = await desk.payment(created["id"])
    assert [fee["amount"] for fee in parts(read_later, "fees")] == [320]
    assert await desk.event_names() == [
        "payment_method.created",
        "payment.created",
        "payment.succeeded",
    ]


async def test_an_authorized_payment_is_captured_once(desk: Desk) -> None:
    payment = await desk.pay(await desk.card(), capture_strategy="manual")
    assert (payment["status"], payment["captured"]) == ("authorized", False)
    path = f"/payments/{payment['id']}/capture"

    first = await desk.ask("POST", path, {}, idempotency_key="k")
    again = await desk.ask("POST", path, {}, idempotency_key="k")
    second = await desk.ask("POST", path, {})

    assert (first.status_code, again.status_code) == (201, 200)
    assert read(first) == read(again)
    assert part(read(first))["status"] == "succeeded"
    assert refusal(second) == (422, "payment_already_captured")


async def test_an_authorization_lapses_after_a_week(desk: Desk) -> None:
    payment = await desk.pay(await desk.card(), capture_strategy="manual")

    await desk.steer("/justifi/clock", seconds=7 * 24 * 3600)
    await desk.authenticate()

    assert (await desk.payment(payment["id"]))["status"] == "canceled"
    refused = await desk.ask("POST", f"/payments/{payment['id']}/capture", {})
    assert refusal(refused) == (422, "charge_expired_for_capture")


@pytest.mark.parametrize(
    ("scenario", "code", "decline_code", "number"),
    [
        ("insufficient_funds", "card_declined", "insufficient_funds", "116"),
        ("do_not_honor", "card_declined", "do_not_honor", "005"),
        ("gateway_error", "gateway_error", None, "963"),
        ("gateway_timeout", "gateway_timeout_error", None, None),
    ],
)
async def test_a_scenario_declines_a_payment_which_stays_as_failed(
    desk: Desk, scenario: str, code: str, decline_code: str | None, number: str | None
) -> None:
    metadata: JsonValue = {"payment_test": {"scenario": scenario}, "order": "1"}

    answer = await desk.ask("POST", "/payments", wanted(await desk.card(), metadata=metadata))

    error = part(read(answer), "error")
    assert answer.status_code == 402
    assert error.pop("message")
    assert error == {
        "code": code,
        "decline_code": decline_code,
        "network": None,
        "network_error_category": None,
        "network_error_code": number,
    }
    [kept] = parts(await desk.get("/payments?payment_status=failed"))
    assert (kept["error_code"], kept["metadata"]) == (code, metadata)
    assert (await desk.event_names())[-1] == "payment.failed"


async def test_a_test_card_declines_as_its_number_says(desk: Desk) -> None:
    answer = await desk.ask("POST", "/payments", wanted(await desk.card(POOR_CARD)))

    assert refusal(answer) == (402, "card_declined")
    assert part(read(answer), "error")["decline_code"] == "insufficient_funds"


@pytest.mark.parametrize(
    ("number", "scenario", "status", "error"),
    [
        (None, None, "succeeded", None),
        (CLOSED_ACCOUNT, None, "failed", "account_closed"),
        (None, "account_frozen", "failed", "account_frozen"),
    ],
)
async def test_a_debit_is_pending_until_its_bank_has_spoken(
    desk: Desk, number: str | None, scenario: str | None, status: str, error: str | None
) -> None:
    method = await (desk.bank_account(number) if number else desk.bank_account())
    payment = await desk.pay(method, metadata={"payment_test": {"scenario": scenario}})
    assert (payment["status"], payment["payment_mode"]) == ("pending", "ach")

    await desk.steer("/justifi/clock", seconds=3600)

    ended = await desk.payment(payment["id"])
    assert (ended["status"], ended["error_code"]) == (status, error)
    assert (await desk.event_names())[-1] == f"payment.{status}"


async def test_a_debit_can_be_settled_before_its_time(desk: Desk) -> None:
    payment = await desk.pay(await desk.bank_account())

    assert await desk.steer("/justifi/settle") == {"settled": [payment["id"]]}

    assert (await desk.payment(payment["id"]))["captured"] is True


async def test_a_payment_is_voided_within_25_minutes(desk: Desk) -> None:
    card = await desk.card()
    young, old = await desk.pay(card), await desk.pay(card)

    voided = await desk.ask("POST", f"/payments/{young['id']}/void", {})
    await desk.steer("/justifi/clock", seconds=25 * 60 + 1)
    refused = await desk.ask("POST", f"/payments/{old['id']}/void", {})

    assert (voided.status_code, part(read(voided))["status"]) == (200, "canceled")
    assert refusal(refused) == (422, "payment_outside_void_window")


async def test_a_refund_says_which_fees_go_back(desk: Desk) -> None:
    fees: JsonValue = [{"type": "processing_fee", "amount": 350}]
    payment = await desk.pay(await desk.card(), fees=fees)
    path = f"/payments/{payment['id']}/refunds"
    back: JsonValue = [{"type": "processing_fee", "amount": 150}]

    refund = part(await desk.post(path, {"amount": 4_000, "reason": "duplicate", "fees": back}))

    [returned] = parts(refund, "returned_fees")
    assert (returned["returned_amount"], returned["remaining_amount"]) == (150, 200)
    half = await desk.payment(payment["id"])
    assert (half["status"], half["amount_refundable"]) == ("partially_refunded", 6_000)
    assert parts(half, "refunds") == [refund]
    assert parts(await desk.get("/refunds")) == [refund]
    assert part(await desk.get(f"/refunds/{refund['id']}")) == refund
    await desk.post(path)
    assert (await desk.payment(payment["id"]))["status"] == "fully_refunded"
    assert refusal(await desk.ask("POST", path, {})) == (422, "payment_fully_refunded")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": 10_001}, "refund_exceeds_payment_amount"),
        ({"amount": 0}, "amount_must_be_an_integer"),
        ({"reason": "because"}, "refund_reason_invalid"),
        ({"fees": [{"type": "platform_fee", "amount": 1}]}, "fee_type_must_exist_on_payment_fees"),
        (
            {"fees": [{"type": "processing_fee", "amount": 999}]},
            "returned_fee_exceeds_remaining_amount",
        ),
    ],
)
async def test_a_refund_of_what_is_not_there_is_refused(desk: Desk, body: Json, code: str) -> None:
    payment = await desk.pay(await desk.card())

    refused = await desk.ask("POST", f"/payments/{payment['id']}/refunds", body)

    assert refusal(refused) == (422, code)
    assert parts(await desk.get("/refunds")) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": None}, "amount_must_be_an_integer"),
        ({"amount": "100"}, "amount_must_be_an_integer"),
        ({"amount": 50}, "amount_below_minimum"),
        ({"amount": 100_000_000}, "amount_above_maximum"),
        ({"currency": "eur"}, "currency_invalid"),
        ({"capture_strategy": "later"}, "capture_strategy_invalid"),
        ({"payment_method": {}}, "payment_method_token_required"),
        ({"payment_method": {"token": "pm_none"}}, "payment_method_not_found"),
        ({"colour": "red"}, "unexpected_parameter"),
        ({"fees": [{"type": "processing_fee", "amount": 0}]}, "fee_amount_greater_than_zero"),
        ({"fees": [], "application_fee_amount": 1}, "fee_and_application_fee_declared"),
    ],
)
async def test_a_misfit_is_named_and_no_payment_made(desk: Desk, change: Json, code: str) -> None:
    body = wanted(await desk.card()) | change

    assert refusal(await desk.ask("POST", "/payments", body)) == (422, code)
    assert parts(await desk.get("/payments")) == []


async def test_a_list_is_walked_forth_and_back_newest_first(desk: Desk) -> None:
    card = await desk.card()
    made = [(await desk.pay(card))["id"] for _ in range(5)]

    first = await desk.get("/payments?limit=2")
    end = part(first, "page_info")["end_cursor"]
    second = await desk.get(f"/payments?limit=2&after_cursor={end}")
    info = part(second, "page_info")
    back = await desk.get(f"/payments?limit=2&before_cursor={info['start_cursor']}")
    last = await desk.get(f"/payments?limit=2&after_cursor={info['end_cursor']}")

    walked = [one["id"] for one in (*parts(first), *parts(second), *parts(last))]
    assert walked == made[::-1]
    assert parts(back) == parts(first)
    assert (info["has_previous"], info["has_next"]) == (True, True)
    assert part(last, "page_info")["has_next"] is False
    both = await desk.ask("GET", f"/payments?after_cursor={end}&before_cursor={end}")
    assert both.status_code == 400
    assert len(parts(await desk.get("/payments?limit=many"))) == 5


async def test_a_list_is_narrowed_by_sub_account_method_and_time(desk: Desk) -> None:
    card = await desk.card()
    payment = await desk.pay(card)

    for query, number in (
        (f"payment_method_id={card}", 1),
        ("payment_method_id=pm_other", 0),
        ("created_after=2099-01-01T00:00:00Z", 0),
        ("created_before=2099-01-01T00:00:00Z", 1),
        ("payment_status=refunded", 0),
    ):
        assert len(parts(await desk.get(f"/payments?{query}"))) == number
    assert parts(await desk.get("/payments", sub_account="acc_other")) == []
    other = await desk.ask("GET", f"/payments/{payment['id']}", sub_account="acc_other")
    assert other.status_code == 404


async def test_metadata_is_replaced_whole(desk: Desk) -> None:
    payment = await desk.pay(await desk.card(), metadata={"a": 1}, description="first")

    changed = await desk.ask("PATCH", f"/payments/{payment['id']}", {"metadata": {"b": 2}})

    assert part(read(changed))["metadata"] == {"b": 2}
    assert part(read(changed))["description"] == "first"
