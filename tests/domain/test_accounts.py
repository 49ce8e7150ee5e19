"""International bank account numbers are found; what merely begins like one is let through."""

import json
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from domain.codes import Code
from domain.identifiers import derived_id
from domain.payment_data import payment_data_in

ACCOUNT = Code.BANK_ACCOUNT_REFUSED
# The registry's own examples.
IBANS = [
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19",
    "gb29nwbk60161331926819",
    "FR1420041010050500013M02606",
    "FR14-2004-1010-0505-0001-3M02-606",
    "NO93 8601 1117 947",
    "MT84MALT011000012345MTLCAST001S",
    "LC55HEMM000100010012001200023015",
    "BE68.5390.0754.7034",
    "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
    "DE89\u200b3704\u200b0044\u200b0532\u200b0130\u200b00",
    "\uff24\uff2589370400440532013000",
]
HARMLESS = [
    "DE88370400440532013000",
    "DE8937040044053201300",
    "xDE89370400440532013000",
    "XX89370400440532013000",
    "US0378331005",
    "DE136695976",
    "no 93 8601 1117 947",
    "+49 89 3704 0044",
    "+65 6123 4567",
    "POL-2026-000001",
    "order-AT11-2026-11-20",
    "DE12 delivered on 2026-11-20 at 18:22:40, order 1234567",
    "IBAN",
    "iban: will follow",
    "SGD 1,234,567.89",
]


@pytest.mark.parametrize("number", IBANS)
@pytest.mark.parametrize(
    "around",
    [
        *("{}", "pay it to {}, thanks", '{{"note": "{}"}}', "iban={}&bic=1", "({})", "{}thanks"),
        *("IBAN{}", "iban:{}", "account_{}", "1234 {}", "AB12 3456 {}", "No.{} at DE"),
    ],
)
def test_an_iban_is_found_wherever_it_stands(number: str, around: str) -> None:
    assert payment_data_in(around.format(number)) is ACCOUNT


@pytest.mark.parametrize("number", IBANS)
def test_an_iban_is_found_behind_percent_signs_and_in_json_escapes(number: str) -> None:
    assert payment_data_in(quote(number)) is ACCOUNT
    assert payment_data_in(json.dumps({"note": number})) is ACCOUNT
    assert payment_data_in("".join(f"\\u{ord(each):04x}" for each in number)) is ACCOUNT


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_iban_passes(text: str) -> None:
    assert payment_data_in(text) is None


@given(st.integers(0, 10**18 - 1))
def test_every_number_of_a_countrys_length_with_right_check_digits_is_an_iban(bban: int) -> None:
    check = iban.calc_check_digits(f"DE00{bban:018d}")
    right, wrong = f"DE{check}{bban:018d}", f"DE{98 - int(check) or 50:02d}{bban:018d}"
    assert payment_data_in(right) is ACCOUNT
    assert payment_data_in(iban.format(right)) is ACCOUNT
    assert iban.is_valid(wrong) or payment_data_in(wrong) is not ACCOUNT


@given(st.uuids(), st.integers(), st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))
def test_ids_and_moments_pass(uuid: UUID, number: int, at: datetime) -> None:
    for text in (
        f"order-{uuid}",
        f"at {uuid.hex}x",
        derived_id("pur", number),
        f"refund-{derived_id('ref', number)}-2",
        at.replace(tzinfo=UTC).isoformat(),
    ):
        assert payment_data_in(text) is not ACCOUNT
