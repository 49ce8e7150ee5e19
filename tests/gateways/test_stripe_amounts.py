"""Money to Stripe's numbers and back, for every currency that has minor units."""

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.money import Money, exponent_of, step_of
from gateways.faults import RefusedByProvider
from gateways.stripe_amounts import THREE_DECIMAL, ZERO_DECIMAL, from_stripe, to_stripe

CURRENCIES = sorted(c.code for c in iso4217.Currency if c.exponent is not None)
currencies = some.sampled_from(CURRENCIES)
odd_currencies = some.sampled_from(sorted(ZERO_DECIMAL | THREE_DECIMAL | {"ISK", "UGX", "IQD"}))
amounts = some.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (15000, "SGD", 15000),
        (500, "JPY", 500),
        (500, "ISK", 50000),
        (500, "UGX", 50000),
        (150000, "MGA", 1500),
        (1230, "KWD", 1230),
        (15000, "HUF", 15000),
    ],
)
def test_each_family_of_currencies_is_counted_as_stripe_counts_it(
    minor: int, currency: str, sent: int
) -> None:
    money = Money(minor=minor, currency=currency)
    assert to_stripe(money) == sent
    assert from_stripe(sent, currency.lower()) == money


@pytest.mark.parametrize(("minor", "currency"), [(1234, "KWD"), (150050, "MGA"), (1001, "IQD")])
def test_what_stripe_cannot_express_is_refused_with_the_amount_named(
    minor: int, currency: str
) -> None:
    with pytest.raises(RefusedByProvider, match=f"cannot express {currency}") as refused:
        to_stripe(Money(minor=minor, currency=currency))
    assert refused.value.code == "invalid_amount"


@pytest.mark.parametrize(("amount", "currency"), [(12345, "isk"), (100, "usdc"), (100, "")])
def test_what_money_cannot_hold_is_refused(amount: int, currency: str) -> None:
    with pytest.raises(RefusedByProvider, match="no amount of money"):
        from_stripe(amount, currency)


@given(amounts, currencies | odd_currencies)
def test_no_amount_changes_on_its_way_there_and_back(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    try:
        sent = to_stripe(money)
    except RefusedByProvider:
        assert minor % step_of(currency), "else it is sold, and cannot be paid"
    else:
        assert minor % step_of(currency) == 0, "else what could be paid is not sold"
        assert from_stripe(sent, currency.lower()) == money


@given(amounts, currencies | odd_currencies)
def test_no_amount_changes_on_its_way_here_and_back(amount: int, currency: str) -> None:
    try:
        money = from_stripe(amount, currency)
    except RefusedByProvider:
        assert currency in ("ISK", "UGX") or exponent_of(currency) < 2
    else:
        if currency not in THREE_DECIMAL or amount % 10 == 0:
            assert to_stripe(money) == amount
