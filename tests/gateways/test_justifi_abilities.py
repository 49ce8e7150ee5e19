"""A JustiFi integration's capabilities, asked by the catalogue's schemas, at JustiFi's double."""

import pytest
from pydantic import JsonValue

from domain.connections import JsonObject
from domain.errors import InvalidParameters
from gateways.faults import Conflict, OutcomeUnknown, RefusedByProvider
from gateways.integrations import Ask
from gateways.justifi_client import JustifiClient
from gateways.justifi_integration import JustifiIntegration, JustifiProvider
from gateways.justifi_payments import JustifiPayments
from gateways.justifi_wishes import PaymentWish
from tests.gateways.justifi_samples import BEFORE, payment_wire
from tests.gateways.justifi_street import PRICE, Street
from tests.gateways.scripted_justifi import one, scripted_justifi, some
from tests.gateways.simulated_justifi import SELLER
from tests.gateways.stripe_asking import Asking, shipped_schemas

PAYMENTS = "/v1/payments"
CHECKOUT: dict[str, JsonValue] = {
    "amount": 10_000,
    "currency": "USD",
    "description": "A policy",
    "success_url": "https://insurer.example/done",
    "cancel_url": "https://insurer.example/cancel",
}


@pytest.fixture
async def asking(street: Street) -> Asking:
    return Asking(JustifiIntegration(street.payments), shipped_schemas("justifi"))


@pytest.fixture
async def wish(street: Street) -> dict[str, JsonValue]:
    method = await street.method()
    return {"amount": 10_000, "currency": "USD", "payment_method_id": method, "description": "P"}


def test_every_capability_of_the_catalogue_can_be_done() -> None:
    client = JustifiClient("test_id", "test_secret", "http://127.0.0.1:9")
    abilities = JustifiIntegration(JustifiPayments(client)).abilities
    assert abilities.keys() == shipped_schemas("justifi").keys()


async def test_a_token_is_charged_and_a_part_goes_back(
    asking: Asking, wish: dict[str, JsonValue]
) -> None:
    paid = await asking("PROCESS_PAYMENT", **wish)
    assert (paid["status"], paid["amount"], paid["failure_code"]) == ("succeeded", 10_000, None)

    asking.execution_id = "exe_2"
    part = {"payment_id": paid["payment_id"], "amount": 2_500, "currency": "USD"}
    refunded = await asking("REFUND_PAYMENT", **part, reason="requested_by_customer")
    assert (refunded["status"], refunded["amount"]) == ("succeeded", 2_500)
    asking.execution_id = "exe_3"
    rest = await asking("REFUND_PAYMENT", payment_id=paid["payment_id"])
    assert rest["amount"] == 7_500


async def test_a_declined_card_is_a_result(asking: Asking, street: Street) -> None:
    method = await street.method("4000000000000341")
    declined = await asking(
        "PROCESS_PAYMENT", amount=10_000, currency="USD", payment_method_id=method
    )
    assert (declined["status"], declined["payment_id"]) == ("declined", None)
    assert declined["failure_code"]

    asking.repeated = True
    again = await asking("PROCESS_PAYMENT", amount=10_000, currency="USD", payment_method_id=method)
    assert again["status"] == "declined"


@pytest.mark.parametrize("capability", ["PROCESS_PAYMENT", "REFUND_PAYMENT", "CREATE_CHECKOUT"])
async def test_what_was_done_is_found_before_it_is_done_again(
    asking: Asking, street: Street, wish: dict[str, JsonValue], capability: str
) -> None:
    await asking("PROCESS_PAYMENT", **wish)  # another execution's
    asking.execution_id = "exe_0"
    await asking("CREATE_CHECKOUT", **CHECKOUT)
    asking.execution_id = "exe_2"
    paid = await asking("PROCESS_PAYMENT", **{**wish, "amount": 5_000})
    asking.execution_id = "exe_3"
    wishes = {
        "PROCESS_PAYMENT": ("/v1/payments", wish),
        "REFUND_PAYMENT": (
            f"/v1/payments/{paid['payment_id']}/refunds",
            {"payment_id": paid["payment_id"]},
        ),
        "CREATE_CHECKOUT": ("/v1/checkouts", CHECKOUT),
    }
    path, asked = wishes[capability]
    asking.repeated = True
    before = await street.asked("POST", path)
    await street.fails("cut_after_effect", path)
    with pytest.raises(OutcomeUnknown):
        await asking(capability, **asked)
    made = await asking(capability, **asked)
    assert made
    assert await street.asked("POST", path) == before + 1


async def test_a_look_finds_a_payment_and_its_refund_and_makes_none(
    asking: Asking, wish: dict[str, JsonValue]
) -> None:
    assert await asking.found("PROCESS_PAYMENT", **wish) is None
    paid = await asking("PROCESS_PAYMENT", **wish)
    assert await asking.found("PROCESS_PAYMENT", **wish) == paid

    asking.execution_id = "exe_2"
    back: dict[str, JsonValue] = {"payment_id": paid["payment_id"]}
    assert await asking.found("REFUND_PAYMENT", **back) is None
    refunded = await asking("REFUND_PAYMENT", **back)
    assert await asking.found("REFUND_PAYMENT", **back) == refunded


async def test_a_decline_whose_answer_was_lost_is_found_where_its_key_answers_409(
    asking: Asking, street: Street
) -> None:
    method = await street.method("4000000000000341")
    wish: dict[str, JsonValue] = {
        "amount": 10_000,
        "currency": "USD",
        "payment_method_id": method,
    }
    await street.fails("cut_after_effect", "/v1/payments")
    with pytest.raises(OutcomeUnknown):
        await asking("PROCESS_PAYMENT", **wish)
    with pytest.raises(Conflict):
        await asking("PROCESS_PAYMENT", **wish)

    found = await asking.found("PROCESS_PAYMENT", **wish)

    assert found is not None
    assert (found["status"], found["failure_code"]) == ("declined", "card_declined")


async def test_a_page_is_opened_and_lives_a_week(asking: Asking) -> None:
    opened = await asking("CREATE_CHECKOUT", **CHECKOUT)
    assert str(opened["session_id"]) in str(opened["url"])
    assert "return_url=https%3A%2F%2Finsurer.example%2Fdone" in str(opened["url"])


async def test_a_purchases_payment_is_not_refunded_behind_its_back(
    asking: Asking, street: Street
) -> None:
    payment_id = await street.bought()
    with pytest.raises(RefusedByProvider) as refused:
        await asking("REFUND_PAYMENT", payment_id=payment_id)
    assert refused.value.code == "payment_of_a_purchase"


async def test_a_bare_number_never_goes_back_in_another_currency(
    asking: Asking, wish: dict[str, JsonValue]
) -> None:
    paid = await asking("PROCESS_PAYMENT", **wish)
    asking.execution_id = "exe_2"
    part = {"payment_id": paid["payment_id"], "amount": 2_500, "currency": "CAD"}
    with pytest.raises(RefusedByProvider) as refused:
        await asking("REFUND_PAYMENT", **part)
    assert refused.value.code == "currency_mismatch"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"amount": 50}, "/amount"),
        ({"amount": 10**8}, "/amount"),
        ({"currency": "SGD"}, "/currency"),
    ],
)
async def test_what_justifi_does_not_take_is_refused_at_its_place(
    asking: Asking, changed: dict[str, JsonValue], pointer: str
) -> None:
    with pytest.raises(InvalidParameters) as refused:
        await asking("CREATE_CHECKOUT", **{**CHECKOUT, **changed})
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


async def test_the_balance_is_derived_and_moves_into_a_payout(
    asking: Asking, street: Street
) -> None:
    assert (await asking("RETRIEVE_BALANCE")) == {"available": [], "pending": [], "derived": True}
    await street.bought()
    held = await asking("RETRIEVE_BALANCE")
    (sum_held,) = [*as_list(held["available"]), *as_list(held["pending"])]
    assert sum_held["currency"] == "USD"
    assert 0 < int(str(sum_held["amount"])) < PRICE.minor

    await street.steer("justifi/payouts")
    paid_out = await asking("RETRIEVE_BALANCE")
    listed = await asking("LIST_PAYOUTS", since="2026-01-01T00:00:00Z", limit=1)
    (payout,) = as_list(listed["payouts"])
    assert (payout["amount"], listed["next_cursor"]) == (sum_held["amount"], None)
    assert await asking("RETRIEVE_PAYOUT", payout_id=payout["payout_id"]) == payout
    left = sum(int(str(each["amount"])) for each in as_list(paid_out["available"]))
    assert left == 0


async def test_what_is_due_stands_apart_from_what_is_not() -> None:
    held = await _balance_of(
        _moved(1, available_on="2020-01-01T00:00:00Z"),
        _moved(2, available_on="2999-01-01T00:00:00Z", currency="CAD"),
        _moved(3),
        _moved(4, available_on="2020-01-01", payout_id="po_1"),
    )
    assert held["available"] == [{"amount": 100, "currency": "USD"}]
    assert held["pending"] == [
        {"amount": 100, "currency": "CAD"},
        {"amount": 100, "currency": "USD"},
    ]


async def test_what_a_payout_takes_is_no_debt_and_what_it_gives_back_is_there_again() -> None:
    held = await _balance_of(
        _moved(1, txn_type="payout", amount=-100, net=-100, available_on="2020-01-01"),
        _moved(2, txn_type="payout", currency="CAD", available_on="2020-01-01"),
    )
    assert (held["available"], held["pending"]) == ([{"amount": 100, "currency": "CAD"}], [])


async def test_the_tool_tells_the_same_balance() -> None:
    back: JsonValue = _moved(2, txn_type="payout", available_on="2020-01-01T00:00:00Z")
    moved = (_moved(1), back, _moved(3, currency="CAD", available_on="2020-01-01T00:00:00Z"))
    held = await _balance_of(*moved)
    assert held["available"] == [
        {"amount": 100, "currency": "CAD"},
        {"amount": 100, "currency": "USD"},
    ]
    assert held["pending"] == [{"amount": 100, "currency": "USD"}]
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(some(*moved))
        tools = JustifiIntegration(JustifiPayments(client)).operations
        ask = Ask(execution_id="exe_1", parameters={}, idempotency_key="exe_1:1")
        told = (await tools["retrieve_balance"](ask)).result
        await client.close()
    assert told["transactions"] == 3
    assert told["balances"] == [
        {"currency": "CAD", "available": 100, "pending": 0},
        {"currency": "USD", "available": 100, "pending": 100},
    ]


@pytest.mark.parametrize(
    "answer",
    [
        some({"id": "po", "amount": 5, "currency": "jpy", "status": "paid", "created_at": BEFORE}),
        {"type": "array", "data": [], "page_info": {"has_next": True}},
    ],
)
async def test_payouts_that_cannot_be_read_are_not_listed(answer: JsonValue) -> None:
    with pytest.raises(RefusedByProvider) as refused:
        await _told("LIST_PAYOUTS", answer)
    assert refused.value.code == "unreadable"


def _moved(number: int, **changed: JsonValue) -> JsonValue:
    usual: dict[str, JsonValue] = {"id": f"bt_{number}", "amount": 110, "fee": 10, "net": 100}
    usual |= {"currency": "usd", "txn_type": "seller_payment", "created_at": BEFORE}
    return {**usual, **changed}


async def _balance_of(*moved: JsonValue) -> JsonObject:
    return await _told("RETRIEVE_BALANCE", some(*moved))


async def _told(capability: str, answer: JsonValue) -> JsonObject:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(answer)
        asking = Asking(JustifiIntegration(JustifiPayments(client)), shipped_schemas("justifi"))
        try:
            return await asking(capability)
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [("pending", "processing"), ("authorized", "processing"), ("fully_refunded", "succeeded")],
)
async def test_a_charge_is_where_justifi_says(status: str, expected: str) -> None:
    result = await _charged_with(status)
    assert result["status"] == expected


async def test_a_charge_that_failed_says_why() -> None:
    result = await _charged_with("failed", error_code="no_account")
    assert (result["status"], result["failure_code"]) == ("declined", "no_account")
    assert result["failure_reason"]


async def test_a_charge_in_no_known_state_is_left_to_a_person() -> None:
    with pytest.raises(RefusedByProvider) as refused:
        await _charged_with("torn")
    assert refused.value.code == "unreadable"


async def _charged_with(status: str, **more: JsonValue) -> dict[str, JsonValue]:
    async with scripted_justifi() as justifi:
        gateway = JustifiProvider(justifi.url).connect(
            {"client_id": "test_id", "client_secret": "test_secret", "sub_account_id": SELLER}
        )
        justifi.answers(one("payment", payment_wire(status=status, **more)))
        wish: dict[str, JsonValue] = {
            "amount": 15_000,
            "currency": "USD",
            "payment_method_id": "pm_1",
        }
        ask = Ask(execution_id="exe_1", parameters=wish, idempotency_key="exe_1:1")
        try:
            return dict((await gateway.abilities["PROCESS_PAYMENT"](ask)).result)
        finally:
            await gateway.close()


def as_list(value: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(value, list)
    return [dict(each) for each in value if isinstance(each, dict)]


def test_a_payment_is_not_made_under_a_purchases_name() -> None:
    ours: JsonObject = {"metadata": {"purchase_id": "pur_1"}}
    wish = {"amount": 100, "currency": "usd", "payment_method_id": "pm_1"}
    with pytest.raises(RefusedByProvider, match="metadata") as refused:
        PaymentWish.of(Ask(execution_id="exe_1", parameters={**wish, **ours}, idempotency_key="k"))
    assert refused.value.code == "invalid_parameters"
