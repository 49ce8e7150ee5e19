"""Card numbers are found; what merely looks like one is let through."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from domain.cards import carries_card_number
from domain.identifiers import derived_id

CARDS = [
    "4242424242424242",
    "4000 0025 0000 3155",
    "5555-5555-5555-4444",
    "378282246310005",
    "6011111111111117",
    "2223003122003222",
    "4222222222222",
    "6304 0000 0000 0000",
    "4242\t4242\t4242\t4242",
    "4242,4242,4242,4242",
    "4242.4242.4242.4242",
    "4242/4242/4242/4242",
    "4242_4242_4242_4242",
    "4242\u00a04242\u00a04242\u00a04242",
    "4242\u20114242\u20114242\u20114242",
    "\uff14\uff12" * 8,
]
HARMLESS = [
    "",
    "1795199751188615000",
    "2026-11-20T18:22:40.550239Z",
    "20261120182240",
    "4242424242424241",
    "150.00",
    "SGD 1,234,567.89",
    "+65 6123 4567",
    "0.4242424242424242",
    "550e8400-e29b-41d4-a716-446655440000",
    "0000000000000000",
    "2026-11-20/2026-12-01",
    "20261120,20261201",
]


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize(
    "around", ["{}", "my card is {}, thanks", '{{"note": "{}"}}', "card={}&cvc=1", "({})", "#{}."]
)
def test_a_card_number_is_found_wherever_it_stands(number: str, around: str) -> None:
    assert carries_card_number(around.format(number))


def test_a_card_number_that_is_a_json_number_is_found() -> None:
    assert carries_card_number(json.dumps({"pan": 4242424242424242, "amount": 100}))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_card_number_passes(text: str) -> None:
    assert not carries_card_number(text)


@given(st.integers(1, 10**9))
def test_our_ids_pass(number: int) -> None:
    assert not carries_card_number(derived_id("pur", "quote", number))


@given(st.integers(-(10**9), 10**9))
def test_amounts_pass(minor: int) -> None:
    assert not carries_card_number(json.dumps({"amount": minor, "currency": "SGD"}))


@given(st.integers(10**9, 4 * 10**9))
def test_moments_in_seconds_pass(seconds: int) -> None:
    assert not carries_card_number(json.dumps({"t": seconds}))


@given(st.integers(10**11, 10**12 - 1), st.sampled_from("23456"))
def test_every_sixteen_digits_with_a_right_check_digit_are_taken_for_a_card(
    middle: int, first: str
) -> None:
    body = f"{first}{middle:014d}"
    assert carries_card_number(body + luhn.calc_check_digit(body))
