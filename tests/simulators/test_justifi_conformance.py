"""Every kind of answer and event of the double passes JustiFi's published document, mended."""

from collections import defaultdict

from pydantic import JsonValue

from tests.conformance.justifi_contract import (
    operation_of,
    problems_in_answer,
    problems_in_event,
    problems_in_request,
)
from tests.conformance.justifi_schema import OPERATIONS

from .justifi_desk import CLOSED_ACCOUNT, GOOD_CARD, POOR_CARD, Desk, Json, parts, read, wanted


async def _payments(desk: Desk) -> None:
    card, account = await desk.card(), await desk.bank_account()
    fees: list[JsonValue] = [
        {"type": "processing_fee", "amount": 300},
        {"type": "platform_fee", "amount": 50},
    ]
    full = await desk.pay(
        card,
        fees=fees,
        description="order",
        statement_descriptor="Paybind Shop",
        email="jenny@example.com",
        metadata={"purchase_id": "pur_1"},
    )
    await desk.pay(card, application_fee_amount=100)
    await desk.pay(account, expedited=True)
    await desk.pay(await desk.bank_account(CLOSED_ACCOUNT))
    await desk.ask("POST", "/payments", wanted(await desk.card(POOR_CARD)))
    held = await desk.pay(card, capture_strategy="manual")
    await desk.post(f"/payments/{held['id']}/capture")
    gone = await desk.pay(card)
    await desk.post(f"/payments/{gone['id']}/void")
    await desk.ask("PATCH", f"/payments/{full['id']}", {"metadata": {"a": "b"}})
    refund = await desk.post(
        f"/payments/{full['id']}/refunds",
        {"amount": 500, "reason": "fraudulent", "fees": [fees[0]], "metadata": {"r": 1}},
    )
    await desk.ask("PATCH", f"/refunds/{refund['id']}", {"metadata": {"r": 2}})
    await desk.ask("PATCH", f"/payment_methods/{card}", {"card": {"month": "11"}})
    await desk.steer("/justifi/settle")
    for path in (
        *("/payments", f"/payments/{full['id']}", "/payments?payment_status=failed&limit=1"),
        f"/payments/{full['id']}/payment_balance_transactions",
        *("/payment_methods", f"/payment_methods/{card}", f"/payment_methods/{account}"),
        *("/refunds", f"/refunds/{refund['id']}"),
    ):
        await desk.get(path)


async def _checkouts(desk: Desk) -> None:
    paid = await desk.checkout(
        metadata={"a": 1}, payment={"description": "d", "metadata": {}, "expedited": False}
    )
    await desk.steer(f"/justifi/checkouts/{paid}/pay", number=POOR_CARD)
    for token in (POOR_CARD, GOOD_CARD):
        card = await desk.card(token)
        await desk.post(f"/checkouts/{paid}/complete", {"payment_token": card})
    await desk.post(f"/checkouts/{paid}/refunds", {"amount": 100})
    other = await desk.checkout(application_fees={"card": {"amount": 10}})
    await desk.ask("PATCH", f"/checkouts/{other}", {"amount": 9_000})
    for path in ("/checkouts", f"/checkouts/{paid}", "/checkouts?status=created"):
        await desk.get(path)


async def _payouts(desk: Desk) -> None:
    for outcome in ("failed", "paid"):
        await desk.pay(await desk.card())
        await desk.steer("/justifi/payouts", outcome=outcome)
    await desk.steer("/justifi/clock", seconds=6 * 24 * 3600)
    await desk.authenticate()
    [payout, *_] = parts(await desk.get("/payouts?deposits_after=2020-01-01T00:00:00Z"))
    await desk.ask("PATCH", f"/payouts/{payout['id']}", {"metadata": {"closed": True}})
    await desk.get(f"/payouts/{payout['id']}")
    await desk.get(f"/reports/payouts/{payout['id']}")
    [first, *_] = parts(await desk.get(f"/balance_transactions?payout_id={payout['id']}"))
    await desk.get(f"/balance_transactions/{first['id']}")


async def _refusals(desk: Desk) -> None:
    bodies: list[Json] = [{}, {"amount": 1}, wanted("pm_none"), wanted("pm_none", colour="red")]
    for body in bodies:
        await desk.ask("POST", "/payments", body)
    await desk.ask("GET", "/payments", authorization="Bearer none")
    for kind in ("rate_limit", "unavailable", "server_error"):
        await desk.steer("/faults", target="justifi", kind=kind)
        await desk.ask("GET", "/payouts")


async def test_every_answer_and_event_conforms_and_every_operation_was_asked(desk: Desk) -> None:
    await _payments(desk)
    await _checkouts(desk)
    await _payouts(desk)
    await _refusals(desk)
    log = read(await desk.client.get("/_simulator/log"))

    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in parts(log, "requests"):
        where = f"{entry['method']} {entry['path']} {entry['status']}"
        found[where] |= problems_in_answer(entry)
        if int(str(entry["status"])) < 300:
            found[f"request {where}"] |= problems_in_request(entry)
    for event in parts(log, "justifi_events"):
        found[str(event["event_name"])] |= problems_in_event(event)

    assert {where: problems for where, problems in found.items() if problems} == {}
    requests = parts(log, "requests")
    asked = {operation_of(str(one["method"]), str(one["path"])) for one in requests}
    assert asked == set(OPERATIONS)
