"""Payouts on a clock: what they are made of, how they move, and that everything adds up."""

import csv
import io
from pathlib import Path

import pytest

from .justifi_desk import SELLER, Desk, Json, open_desk, part, parts, refusal

DAY = 24 * 3600
# A Monday; the batch is at 14:30 and the deposit at 9:00 in Chicago.
MONDAY_NOON = "2030-01-07T18:00:00Z"
MONDAY_BATCH = "2030-01-07T20:30:00.000Z"
TUESDAY_MORNING = "2030-01-08T15:00:00.000Z"


async def _at(desk: Desk, moment: str) -> None:
    await desk.steer("/justifi/clock", to=moment)
    await desk.authenticate()


async def _later(desk: Desk, seconds: float) -> None:
    await desk.steer("/justifi/clock", seconds=seconds)
    await desk.authenticate()


async def _payouts(desk: Desk, query: str = "") -> list[Json]:
    return parts(await desk.get(f"/payouts{query}"))


async def _transactions(desk: Desk, query: str = "") -> list[Json]:
    return parts(await desk.get(f"/balance_transactions?limit=100{query}"))


def _sum(transactions: list[Json], name: str = "net") -> int:
    return sum(number for one in transactions if isinstance(number := one[name], int))


def _number(whole: Json, name: str) -> int:
    number = whole[name]
    assert isinstance(number, int)
    return number


def _assert_adds_up(payout: Json, transactions: list[Json]) -> None:
    without_itself = [one for one in transactions if one["txn_type"] != "payout"]
    assert payout["amount"] == _sum(without_itself)
    assert payout["amount"] == (
        _number(payout, "payments_total")
        + _number(payout, "refunds_total")
        - _number(payout, "fees_total")
        + _number(payout, "other_total")
    )
    assert _sum(transactions) == 0


async def test_a_payout_is_made_of_the_day_and_moves_to_its_end(desk: Desk) -> None:
    await _at(desk, MONDAY_NOON)
    payment = await desk.pay(await desk.card())
    [waiting, fee] = await _transactions(desk, f"&source_payment_id={payment['id']}")
    assert (waiting["payout_id"], fee["available_on"]) == (None, MONDAY_BATCH)

    await _at(desk, "2030-01-07T20:31:00Z")
    [scheduled] = await _payouts(desk)
    await _later(desk, 3600)
    [in_transit] = await _payouts(desk)
    await _at(desk, "2030-01-08T15:01:00Z")
    [paid] = await _payouts(desk)

    statuses = [one["status"] for one in (scheduled, in_transit, paid)]
    assert statuses == ["scheduled", "in_transit", "paid"]
    assert (paid["created_at"], paid["deposits_at"]) == (MONDAY_BATCH, TUESDAY_MORNING)
    assert paid["updated_at"] == TUESDAY_MORNING
    assert (await desk.event_names())[-2:] == ["payout.created", "payout.paid"]
    assert part(await desk.get(f"/payouts/{paid['id']}")) == paid


async def test_a_payout_is_the_sum_of_its_transactions(desk: Desk) -> None:
    card = await desk.card()
    await desk.pay(card, fees=[{"type": "platform_fee", "amount": 500}])
    await desk.pay(card, application_fee_amount=150)
    refunded = await desk.pay(card)
    await desk.post(
        f"/payments/{refunded['id']}/refunds",
        {"amount": 2_500, "fees": [{"type": "processing_fee", "amount": 100}]},
    )
    voided = await desk.pay(card, amount=7_000)
    await desk.post(f"/payments/{voided['id']}/void")

    await _later(desk, DAY)

    [payout] = await _payouts(desk)
    _assert_adds_up(payout, await _transactions(desk, f"&payout_id={payout['id']}"))
    assert (payout["payments_count"], payout["payments_total"]) == (4, 37_000)
    assert (payout["refunds_count"], payout["refunds_total"]) == (1, -2_500)
    assert (payout["fees_total"], payout["other_total"]) == (500 + 150 + 320 - 100, -7_000)


async def test_each_seller_each_currency_and_each_kind_has_a_payout_of_its_own(desk: Desk) -> None:
    card = await desk.card()
    await desk.pay(card)
    await desk.pay(card, currency="cad")
    await desk.pay(await desk.bank_account())
    other = await desk.post("/checkouts", {"amount": 900, "description": "o"}, sub_account="acc_b")
    await desk.steer(f"/justifi/checkouts/{other['id']}/pay", number="4242424242424242")

    await _later(desk, 2 * DAY)

    made = await _payouts(desk)
    assert {(one["account_id"], one["currency"], one["payout_type"]) for one in made} == {
        (SELLER, "USD", "cc"),
        (SELLER, "CAD", "cc"),
        (SELLER, "USD", "ach"),
        ("acc_b", "USD", "cc"),
    }
    narrowed = parts(await desk.get("/payouts", sub_account="acc_b"))
    assert [one["account_id"] for one in narrowed] == ["acc_b"]


async def test_a_canadian_payout_is_heard_of_when_it_is_done(desk: Desk) -> None:
    await desk.pay(await desk.card(), currency="cad")

    [made] = parts(await desk.steer("/justifi/payouts"), "payouts")

    assert made["status"] == "paid"


async def test_what_is_paid_on_a_friday_arrives_on_monday(desk: Desk) -> None:
    await _at(desk, "2030-01-11T18:00:00Z")
    await desk.pay(await desk.card())

    await _later(desk, DAY)

    [payout] = await _payouts(desk)
    assert payout["deposits_at"] == "2030-01-14T15:00:00.000Z"


@pytest.mark.parametrize("end", ["failed", "canceled"])
async def test_a_payout_that_does_not_arrive_goes_into_the_next_one(desk: Desk, end: str) -> None:
    card = await desk.card()
    await desk.pay(card)
    [made] = parts(await desk.steer("/justifi/payouts", outcome=end), "payouts")
    await _later(desk, 5 * DAY)

    assert part(await desk.get(f"/payouts/{made['payout_id']}"))["status"] == end
    assert ("payout.failed" in await desk.event_names()) is (end == "failed")
    later, _ = await _payouts(desk)
    assert (later["amount"], later["other_total"]) == (made["amount"], made["amount"])
    _assert_adds_up(later, await _transactions(desk, f"&payout_id={later['id']}"))


async def test_a_forwarded_payout_does_not_come_back_and_nobody_is_told(desk: Desk) -> None:
    await desk.pay(await desk.card())
    [made] = parts(await desk.steer("/justifi/payouts"), "payouts")
    path = f"/justifi/payouts/{made['payout_id']}"
    await desk.steer(path, outcome="forwarded")

    await _later(desk, 5 * DAY)

    [payout] = await _payouts(desk)
    assert payout["status"] == "forwarded"
    assert (await desk.event_names())[-1] == "payout.created"
    again = await desk.client.post(f"/_simulator{path}", json={"status": "paid"})
    assert again.status_code == 422


async def test_a_payout_can_be_moved_by_hand(desk: Desk) -> None:
    await desk.pay(await desk.card())
    [made] = parts(await desk.steer("/justifi/payouts"), "payouts")
    path = f"/justifi/payouts/{made['payout_id']}"

    moved = [(await desk.steer(path, status=status))["status"] for status in ("in_transit", "paid")]

    assert moved == ["in_transit", "paid"]
    unknown = await desk.client.post("/_simulator/justifi/payouts/po_none", json={})
    assert unknown.status_code == 404


async def test_what_a_seller_owes_waits_for_the_next_sale(desk: Desk) -> None:
    card = await desk.card()
    payment = await desk.pay(card)
    await desk.steer("/justifi/payouts")
    await desk.post(f"/payments/{payment['id']}/refunds")
    await _later(desk, 2 * DAY)
    assert len(await _payouts(desk)) == 1

    await desk.pay(card, amount=50_000)
    await _later(desk, DAY)

    newest, _ = await _payouts(desk)
    assert newest["refunds_total"] == -10_000
    _assert_adds_up(newest, await _transactions(desk, f"&payout_id={newest['id']}"))


async def test_a_year_adds_up_from_day_to_day(desk: Desk) -> None:
    card = await desk.card()
    for _ in range(12):
        await desk.pay(card)
        await _later(desk, 30 * DAY)

    made, transactions = await _payouts(desk), await _transactions(desk)

    assert len(made) == 12
    assert {one["status"] for one in made} == {"paid"}
    unpaid = [one for one in transactions if one["payout_id"] is None]
    assert _sum(transactions) == _sum(unpaid) == 0


async def test_payouts_are_listed_by_creation_and_deposit(desk: Desk) -> None:
    await _at(desk, MONDAY_NOON)
    await desk.pay(await desk.card())
    await _later(desk, DAY)

    for query, number in (
        (f"?deposits_after={MONDAY_NOON}", 1),
        (f"?deposits_before={MONDAY_NOON}", 0),
        (f"?created_after={TUESDAY_MORNING}", 0),
    ):
        assert len(await _payouts(desk, query)) == number


async def test_a_payment_has_a_ledger_of_its_own(desk: Desk) -> None:
    payment = await desk.pay(await desk.card())
    await desk.post(f"/payments/{payment['id']}/refunds", {"amount": 1_000})

    ledger = parts(await desk.get(f"/payments/{payment['id']}/payment_balance_transactions"))

    kinds = [one["payment_balance_txn_type"] for one in ledger]
    assert kinds == ["refund", "payment_fee", "payment"]
    assert ledger[0]["balance"] == (await desk.payment(payment["id"]))["balance"]


async def test_a_transaction_is_read_by_its_id(desk: Desk) -> None:
    await desk.pay(await desk.card())
    first, _ = await _transactions(desk)

    assert part(await desk.get(f"/balance_transactions/{first['id']}")) == first
    missing = await desk.ask("GET", "/balance_transactions/bt_none")
    assert refusal(missing) == (404, "resource_not_found")


async def test_the_report_of_a_payout_leads_to_a_file_that_adds_up_to_it(desk: Desk) -> None:
    payment = await desk.pay(await desk.card(), fees=[{"type": "platform_fee", "amount": 500}])
    await desk.post(f"/payments/{payment['id']}/refunds", {"amount": 2_500})
    [made] = parts(await desk.steer("/justifi/payouts"), "payouts")

    report = part(await desk.get(f"/reports/payouts/{made['payout_id']}"))

    file = await desk.client.get(str(report["csv_url"]).removeprefix("http://127.0.0.1"))
    assert file.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert sum(int(line["net"]) for line in lines) == made["amount"]
    assert {line["txn_type"] for line in lines} == {
        *("seller_payment", "platform_fee", "seller_payment_refund"),
    }
    unknown = await desk.client.get("/justifi/reports/po_none.csv")
    assert unknown.status_code == 404


async def test_the_clock_and_what_is_due_survive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "simulators.db"
    async with open_desk(data=data) as desk:
        await _at(desk, MONDAY_NOON)
        await desk.pay(await desk.card())
        checkout = await desk.checkout()
        await desk.pay(await desk.card(), capture_strategy="manual")
        token = desk.token

    async with open_desk(data=data) as desk:
        desk.token = token
        assert await _payouts(desk) == []
        await _later(desk, 5 * 3600)
        [scheduled] = await _payouts(desk)

    async with open_desk(data=data) as desk:
        await _later(desk, 8 * DAY)
        paid = part(await desk.get(f"/payouts/{scheduled['id']}"))
        expired = part(await desk.get(f"/checkouts/{checkout}"))
        [_, payment] = reversed(parts(await desk.get("/payments")))
    ends = (scheduled["status"], paid["status"], expired["status"], payment["status"])
    assert ends == ("in_transit", "paid", "expired", "canceled")


async def test_the_clock_is_turned_forward_only(desk: Desk) -> None:
    for turn in ({"seconds": -1}, {"to": "2001-01-01T00:00:00Z"}, {}):
        refused = await desk.client.post("/_simulator/justifi/clock", json=turn)
        assert refused.status_code == 422
