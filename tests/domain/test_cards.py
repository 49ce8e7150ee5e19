"""Card numbers are found; what merely looks like one is let through."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from domain.codes import Code
from domain.identifiers import derived_id
from domain.payment_data import payment_data_in

CARD = Code.CARD_NUMBER_REFUSED

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
    "4242:4242:4242:4242",
    "4242|4242|4242|4242",
    "3782 : 822463 : 10005",
    "4242\u00a04242\u00a04242\u00a04242",
    "4242\u20114242\u20114242\u20114242",
    "4242  4242  4242  4242",
    "4242 - 4242 - 4242 - 4242",
    "4242 \t 4242\n4242 4242",
    "4242, 4242, 4242, 4242",
    "4242\u200b4242\u200b4242\u200b4242",
    "4\u00ad2\u200d4\u20602\ufeff" * 4,
    "\uff14\uff12" * 8,
    "\u0664\u0662" * 8,
    "\U0001d7d2\U0001d7d0" * 8,
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
    "20261120182245",
    "9 42 42 42 42 42 42 42 42",
    "[2500, 3000, 4200, 1500, 2800]",
    "5,234,567,890.00, 4,234,567.00",
    "acct_1032D82eZvKYlo2C",
    "9e107d9d372bb6826bd81d3542a419d6",
    "507f4242424242424242cd79",
    "10:30:45 42:42:42:42:42:42:42:42",
    "a1:42:42:42:42:42:42:42:42:4b",
    "42|42|42|42|42|42|42|42",
    "2001:db8::4242:4242",
    "52.42.42.42:4242",
]


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize(
    "around",
    [
        *("{}", "my card is {}, thanks", '{{"note": "{}"}}', "card={}&cvc=1", "({})", "#{}."),
        *("visa{}", "{}visa", "card_{}", "pi_{}", "pur{}x1", "No.{} 12/27", "3 {} 123", "{}.00"),
    ],
)
def test_a_card_number_is_found_wherever_it_stands(number: str, around: str) -> None:
    assert payment_data_in(around.format(number)) is CARD


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number_is_found_behind_percent_signs_and_in_json_escapes(number: str) -> None:
    assert payment_data_in(quote(number)) is CARD
    assert payment_data_in(json.dumps({"note": f"visa{number}"})) is CARD
    assert (
        payment_data_in("".join(f"\\u{ord(digit):04x}" for digit in "visa4242424242424242")) is CARD
    )


def test_a_card_number_beside_other_numbers_is_found() -> None:
    for text in (
        "20261120 4242 4242 4242 4242 1227 123",
        "0,4242424242424242,123",
        "4242-4242-4242-4242/1",
    ):
        assert payment_data_in(text) is CARD


def test_a_card_number_that_is_a_json_number_is_found() -> None:
    assert payment_data_in(json.dumps({"pan": 4242424242424242, "amount": 100})) is CARD


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_card_number_passes(text: str) -> None:
    assert payment_data_in(text) is None


@given(
    st.one_of(
        st.from_regex(r"(pur|quo|ref|evt)_[a-z2-7]{8}42424242424242", fullmatch=True),
        st.from_regex(r"(pi|re|py|evt)_[0-9]{17}[a-zA-Z]{3}[0-9]{4}", fullmatch=True),
        st.from_regex(r"cs_(test|live)_a1[0-9a-zA-Z]{10}4{14}[0-9a-zA-Z]{20}", fullmatch=True),
        st.from_regex(r"(sk|rk|pk)_test_51[0-9a-zA-Z]{9}A4{14}[0-9a-zA-Z]{20}", fullmatch=True),
        st.from_regex(r"whsec_[0-9a-zA-Z]{9}A4{14}[0-9a-zA-Z]{10}", fullmatch=True),
    ),
    st.sampled_from(["{}", '{{"id": "{}"}}', "/purchases/{}?x=1", "/p/{},4"]),
)
def test_ids_of_ours_and_of_providers_pass_whatever_digits_they_have(id: str, around: str) -> None:
    assert payment_data_in(around.format(id)) is None


@given(st.integers(1, 10**9))
def test_our_ids_pass(number: int) -> None:
    assert payment_data_in(derived_id("pur", "quote", number)) is None


@given(st.uuids(version=4), st.binary(min_size=12, max_size=64))
def test_uuids_and_digests_pass(uuid: UUID, digest: bytes) -> None:
    for text in (str(uuid), uuid.hex, digest.hex(), f"sha256:{digest.hex()}", f"order-{uuid}"):
        assert text.isdecimal() or payment_data_in(text) is None


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(3650)),
)
def test_dates_and_times_pass(at: datetime, later: timedelta) -> None:
    until = at + later if at.year < 2089 else at
    for text in (
        at.isoformat(),
        f"{at:%Y%m%d%H%M%S}",
        f"{at:%Y%m%d%H%M%S%f}"[:17],
        f"{at:%Y%m%dT%H%M%S.%fZ}",
        f"{at:%Y-%m-%d %H:%M:%S}",
        f"{at:%Y-%m-%d}/{until:%Y-%m-%d}",
        f"{at:%Y-%m-%d} - {until:%Y-%m-%d}",
        json.dumps([at.isoformat(), until.isoformat()]),
    ):
        assert payment_data_in(text) is None, text


@given(st.integers(-(10**9), 10**9))
def test_amounts_pass(minor: int) -> None:
    assert payment_data_in(json.dumps({"amount": minor, "currency": "SGD"})) is None


@given(st.integers(10**9, 4 * 10**9))
def test_moments_in_seconds_pass(seconds: int) -> None:
    assert payment_data_in(json.dumps({"t": seconds})) is None


@given(st.integers(10**11, 10**12 - 1), st.sampled_from(["22", "27", "34", "40", "50", "60"]))
def test_every_sixteen_digits_with_a_right_check_digit_are_taken_for_a_card(
    middle: int, first: str
) -> None:
    body = f"{first}{middle:013d}"
    assert payment_data_in(body + luhn.calc_check_digit(body)) is CARD
