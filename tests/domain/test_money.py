"""Money keeps every minor unit, in every currency."""

from decimal import Decimal

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.errors import Code, Invalid
from domain.money import (
    MINIMUM_CHARGE,
    CurrencyCode,
    Limit,
    Money,
    exponent_of,
    require_chargeable,
    step_of,
)

CURRENCIES = sorted(each.code for each in iso4217.Currency if each.exponent is not None)
minors = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(CURRENCIES)


@given(currencies, minors, minors)
def test_what_is_added_can_be_taken_away_again(currency: str, one: int, other: int) -> None:
    first, second = Money(minor=one, currency=currency), Money(minor=other, currency=currency)
    assert first + second == second + first
    assert first + second - second == first
    assert (first < second, first > second) == (one < other, one > other)


@given(currencies, minors)
def test_the_decimal_is_exact_and_has_the_currencys_places(currency: str, minor: int) -> None:
    money = Money(minor=minor, currency=currency)
    assert money.decimal * 10 ** exponent_of(currency) == minor
    assert -money.decimal.normalize().as_tuple().exponent <= exponent_of(currency)  # type: ignore[operator]


@given(currencies, minors)
def test_what_is_written_reads_as_the_same_amount(currency: str, minor: int) -> None:
    code, _, digits = str(Money(minor=minor, currency=currency)).partition(" ")
    assert code == currency
    assert Decimal(digits.replace(",", "")) * 10 ** exponent_of(currency) == minor


@given(st.builds(Money, minor=minors, currency=currencies))
def test_money_survives_json(money: Money) -> None:
    assert Money.model_validate_json(money.model_dump_json()) == money


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (15000, "SGD", "SGD 150.00"),
        (123456789, "USD", "USD 1,234,567.89"),
        (500, "JPY", "JPY 500"),
        (1234, "KWD", "KWD 1.234"),
        (5, "EUR", "EUR 0.05"),
        (-5, "EUR", "EUR -0.05"),
    ],
)
def test_an_amount_is_written_with_its_currencys_places(
    minor: int, currency: str, written: str
) -> None:
    assert str(Money(minor=minor, currency=currency)) == written


@pytest.mark.parametrize("minor", [150.0, 0.1, "150", True, None, Decimal("1.5")])
def test_nothing_but_an_integer_is_an_amount(minor: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"minor": minor, "currency": "SGD"})


@given(st.floats())
def test_no_float_gets_in_by_json(value: float) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate_json(f'{{"minor": {value!r}, "currency": "SGD"}}')


@pytest.mark.parametrize("code", ["XYZ", "SG", "SGDD", "", "XAU", "XXX", "$$$"])
def test_what_is_no_currency_to_pay_with_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CurrencyCode).validate_python(code)


def test_a_currency_code_is_taken_in_any_case() -> None:
    assert Money(minor=1, currency=" sgd ").currency == "SGD"


def test_currencies_are_never_mixed() -> None:
    sgd, usd = Money(minor=1, currency="SGD"), Money(minor=1, currency="USD")
    for mix in (lambda: sgd + usd, lambda: sgd - usd, lambda: sgd < usd, lambda: sgd > usd):
        with pytest.raises(Invalid) as refused:
            mix()
        assert refused.value.code is Code.CURRENCY_MISMATCH


@pytest.mark.parametrize(
    ("currency", "least"),
    [("SGD", 50), ("USD", 50), ("GBP", 30), ("HKD", 400), ("MXN", 1000), ("JPY", 50), ("THB", 1)],
)
def test_the_least_that_is_charged_is_what_stripe_publishes(currency: str, least: int) -> None:
    most = Money(minor=10**6, currency=currency)
    require_chargeable(Money(minor=least, currency=currency), most)
    with pytest.raises(Invalid) as refused:
        require_chargeable(Money(minor=least - 1, currency=currency), most)
    assert refused.value.code is Code.AMOUNT_TOO_SMALL


@given(currencies, st.integers(0, 2_000_000))
def test_only_what_lies_between_minimum_and_maximum_is_charged(currency: str, minor: int) -> None:
    minor -= minor % step_of(currency)
    price = Money(minor=minor, currency=currency)
    most = Money(minor=1_000_000, currency=currency)
    least = MINIMUM_CHARGE.get(currency, 1)
    if least <= minor <= most.minor:
        require_chargeable(price, most)
        return
    with pytest.raises(Invalid) as refused:
        require_chargeable(price, most)
    wanted = Code.AMOUNT_TOO_SMALL if minor < least else Code.AMOUNT_TOO_LARGE
    assert refused.value.code is wanted


@pytest.mark.parametrize(
    ("minor", "currency", "nearest"),
    [
        (15_005, "KWD", r"KWD 15.000 \(15000 minor units\) and KWD 15.010 \(15010\)"),
        (150_050, "MGA", r"MGA 1,500.00 \(150000 minor units\) and MGA 1,501.00 \(150100\)"),
    ],
)
def test_an_amount_finer_than_can_be_paid_is_refused_with_the_nearest_that_can(
    minor: int, currency: str, nearest: str
) -> None:
    with pytest.raises(Invalid, match=nearest) as refused:
        require_chargeable(
            Money(minor=minor, currency=currency), Money(minor=1_000_000, currency=currency)
        )
    assert refused.value.code is Code.AMOUNT_TOO_FINE


def test_a_maximum_in_another_currency_is_no_measure_of_a_price() -> None:
    with pytest.raises(Invalid) as refused:
        require_chargeable(Money(minor=100, currency="SGD"), Money(minor=1_000, currency="USD"))
    assert refused.value.code is Code.CURRENCY_MISMATCH


@pytest.mark.parametrize(
    ("currency", "most"),
    [
        ("SGD", "SGD 10,000.00"),
        ("JPY", "JPY 10,000"),
        ("KWD", "KWD 10,000.000"),
        ("IDR", "IDR 150,000,000.00"),
    ],
)
def test_a_limit_is_the_same_figure_in_each_currency_unless_one_has_its_own(
    currency: str, most: str
) -> None:
    limit = Limit(default_minor=1_000_000, by_currency={"IDR": 15_000_000_000})
    assert str(limit.of(currency)) == most


def test_a_limit_by_a_currency_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        Limit(default_minor=1, by_currency={"XYZ": 1})
