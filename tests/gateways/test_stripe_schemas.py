"""What the catalogue's schemas refuse before Stripe is asked: no money, and more than it takes."""

from typing import cast

import pytest
from pydantic import JsonValue

from domain.errors import InvalidParameters
from domain.money import Money
from domain.schemas import require_match
from gateways.stripe_amounts import to_stripe
from tests.gateways.stripe_asking import shipped_schemas

PAYMENTS = ("PROCESS_PAYMENT", "REFUND_PAYMENT", "CREATE_CHECKOUT")
OTHERS: dict[str, JsonValue] = {
    "customer_id": "cust_abc",
    "payment_id": "pi_1",
    "description": "A policy",
    "success_url": "https://example.com/paid",
    "cancel_url": "https://example.com/cancelled",
}


def refused_at(capability: str, **asked: JsonValue) -> list[str]:
    """The pointers of the faults that are told before Stripe is asked."""
    schema, _ = shipped_schemas("stripe")[capability]
    known = cast(dict[str, JsonValue], schema["properties"])
    others = {name: value for name, value in OTHERS.items() if name in known}
    try:
        require_match({**others, **asked}, schema, "parameters")
    except InvalidParameters as refused:
        return sorted({fault.pointer for fault in refused.faults})
    return []


@pytest.mark.parametrize("capability", PAYMENTS)
@pytest.mark.parametrize("currency", ["ZZZ", "XAU", "usd", "US"])
def test_a_currency_nobody_can_pay_in_is_refused_at_its_place(
    capability: str, currency: str
) -> None:
    assert refused_at(capability, amount=100, currency=currency) == ["/currency"]


@pytest.mark.parametrize("capability", PAYMENTS)
@pytest.mark.parametrize(
    ("most", "currency", "over"),
    [
        (99_999_999, "USD", 100_000_000),
        (99_999_999, "JPY", 100_000_000),
        (999_999, "ISK", 1_000_000),
        (9_999_999_900, "MGA", 10_000_000_000),
        (9_999_999_900, "MGA", 150),
        (99_999_990, "KWD", 99_999_999),
    ],
)
def test_an_amount_beyond_what_stripe_takes_is_refused_at_its_place(
    capability: str, most: int, currency: str, over: int
) -> None:
    assert refused_at(capability, amount=most, currency=currency) == []
    assert to_stripe(Money(minor=most, currency=currency)) <= 99_999_999
    assert refused_at(capability, amount=over, currency=currency) == ["/amount"]


def test_a_whole_refund_names_no_amount() -> None:
    assert refused_at("REFUND_PAYMENT") == []


@pytest.mark.parametrize("capability", ["PROCESS_PAYMENT", "CREATE_CHECKOUT"])
def test_a_missing_currency_is_told_alone_and_no_amount_is_blamed(capability: str) -> None:
    assert refused_at(capability, amount=1234) == ["/currency"]
