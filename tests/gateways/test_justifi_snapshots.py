"""What JustiFi says of a checkout, a payment and a refund, in our words."""

import pytest
from pydantic import JsonValue

from domain.money import Money
from domain.payments import CheckoutState, Failure, ProviderRefundState
from gateways.faults import RefusedByProvider
from gateways.justifi_snapshots import (
    NOT_GONE_THROUGH,
    from_justifi,
    payable_until,
    payment_id_of,
    received_from,
    refund_snapshot_of,
    snapshot_of,
    to_justifi,
)
from tests.gateways.justifi_samples import (
    AFTER,
    BEFORE,
    NOW,
    Json,
    checkout,
    completion,
    payment,
    refund,
)

OPEN, COMPLETE, EXPIRED = CheckoutState.OPEN, CheckoutState.COMPLETE, CheckoutState.EXPIRED
PRICE = Money(minor=15000, currency="USD")
POOR = Failure(code="insufficient_funds", reason="Too little.")


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, OPEN),
        ({"status": "attempted"}, OPEN),
        ({"metadata": None}, OPEN),
        ({"metadata": {"payable_until": BEFORE}}, EXPIRED),
        ({"metadata": {"payable_until": AFTER, "cancelled": "true"}}, EXPIRED),
        ({"status": "expired"}, EXPIRED),
        ({"status": "completed"}, COMPLETE),
        ({"status": "attempted", "completions": [completion("processing")]}, COMPLETE),
        ({"status": "attempted", "completions": [completion("failed")]}, OPEN),
    ],
)
def test_a_checkout_is_open_while_it_can_be_paid_and_we_still_sell(
    changed: Json, state: CheckoutState
) -> None:
    assert snapshot_of(checkout(**changed), None, NOW).state is state


@pytest.mark.parametrize("status", ["created", "attempted", "completed", "expired"])
@pytest.mark.parametrize("received", ["succeeded", "partially_refunded", "disputed"])
def test_money_counts_however_it_came(status: str, received: str) -> None:
    late: Json = {"cancelled": "true"}
    seen = snapshot_of(checkout(status=status, metadata=late), payment(status=received), NOW)
    assert (seen.state, seen.paid, seen.payment_id, seen.failure) == (COMPLETE, PRICE, "py_1", None)


@pytest.mark.parametrize("status", ["pending", "authorized"])
def test_while_a_bank_decides_the_customer_is_done(status: str) -> None:
    seen = snapshot_of(checkout(status="completed"), payment(status=status), NOW)
    assert (seen.state, seen.paid, seen.payment_id, seen.failure) == (COMPLETE, None, "py_1", None)


@pytest.mark.parametrize(
    ("status", "paid", "expected"),
    [
        ("created", None, True),
        ("attempted", "failed", True),
        ("expired", "pending", True),
        ("completed", "authorized", True),
        ("attempted", "succeeded", False),
        ("completed", "failed", False),
        ("expired", None, False),
    ],
)
def test_a_cancelled_checkout_may_bring_money_until_justifi_has_ended_it(
    status: str, paid: str | None, expected: bool
) -> None:
    ended = checkout(status=status, metadata={"cancelled": "true"})
    seen = snapshot_of(ended, payment(status=paid) if paid else None, NOW)
    assert seen.may_bring_money is expected


def test_a_debit_that_bounces_has_failed() -> None:
    bounced = payment(
        status="failed", error_code="insufficient_funds", error_description="Too little."
    )
    assert snapshot_of(checkout(status="completed"), bounced, NOW).failure == POOR
    voided = snapshot_of(checkout(status="completed"), payment(status="canceled"), NOW)
    assert voided.failure == NOT_GONE_THROUGH


def test_a_declined_try_leaves_the_checkout_open_and_its_latest_reason_counts() -> None:
    first = completion("failed", payment_error_code="do_not_honor", created_at=BEFORE)
    told: Json = {"payment_error_code": POOR.code, "payment_error_description": POOR.reason}
    last = completion("failed", created_at=AFTER, **told)
    untold = completion("failed")
    orders: tuple[JsonValue, ...] = ([first, last, untold], [untold, last, first])
    for tries in orders:
        seen = snapshot_of(checkout(status="attempted", completions=tries), None, NOW)
        assert (seen.state, seen.failure) == (OPEN, POOR)


def test_an_older_decline_is_forgotten_while_the_next_try_is_under_way() -> None:
    tries: JsonValue = [completion("failed"), completion("processing", payment_id="py_2")]
    tried = checkout(status="attempted", completions=tries)
    assert payment_id_of(tried) == "py_2"
    assert snapshot_of(tried, None, NOW).failure is None


def test_a_failed_payment_of_an_open_checkout_can_be_tried_again() -> None:
    tried = checkout(status="attempted", completions=[completion("processing", payment_id="py_1")])
    seen = snapshot_of(tried, payment(status="failed"), NOW)
    assert (seen.state, seen.failure) == (OPEN, NOT_GONE_THROUGH)


def test_what_no_word_is_known_for_is_left_to_a_person() -> None:
    for made, paid in ((checkout(status="torn"), None), (checkout(), payment(status="torn"))):
        with pytest.raises(RefusedByProvider) as refused:
            snapshot_of(made, paid, NOW)
        assert refused.value.code == "unreadable"
    for text in ("soon", "2026-11-21T12:00:00"):
        with pytest.raises(RefusedByProvider):
            payable_until(checkout(metadata={"payable_until": text}))


@pytest.mark.parametrize("currency", ["usd", "USD", "cad"])
def test_amounts_are_cents_in_either_spelling(currency: str) -> None:
    money = from_justifi(15000, currency)
    assert (money.minor, money.currency) == (15000, currency.upper())
    assert to_justifi(money) == 15000


@pytest.mark.parametrize("currency", ["eur", "", None, "JPY"])
def test_other_currencies_are_no_money_at_justifi(currency: str | None) -> None:
    with pytest.raises(RefusedByProvider):
        from_justifi(1, currency)
    with pytest.raises(RefusedByProvider) as refused:
        to_justifi(Money(minor=15000, currency="SGD"))
    assert refused.value.code == "currency_invalid"


def test_money_received_names_its_purchase() -> None:
    ours: Json = {"purchase_id": "pur_1"}
    received = received_from(payment(metadata=ours))
    assert received is not None
    assert (received.purchase_id, received.amount, received.payment_id) == ("pur_1", PRICE, "py_1")
    assert received_from(payment()) is None
    assert received_from(payment(metadata={"purchase_id": 7})) is None
    assert received_from(payment(metadata=ours, status="pending")) is None
    with pytest.raises(RefusedByProvider):
        received_from(payment(metadata=ours, created_at=None))


@pytest.mark.parametrize("state", list(ProviderRefundState))
def test_a_refund_is_where_justifi_says(state: ProviderRefundState) -> None:
    seen = refund_snapshot_of(refund(status=state.value), "usd")
    assert (seen.state, seen.amount) == (state, Money(minor=4000, currency="USD"))
    assert seen.failure_reason == ("failed" if state is ProviderRefundState.FAILED else None)


@pytest.mark.parametrize("changed", [{"status": "torn"}, {"payment_id": None}])
def test_a_refund_that_cannot_be_read_is_left_to_a_person(changed: Json) -> None:
    with pytest.raises(RefusedByProvider):
        refund_snapshot_of(refund(**changed), "usd")
