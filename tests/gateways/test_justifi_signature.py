"""Whose events are believed: those that JustiFi signed over exactly these bytes."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from domain.errors import Code, Invalid
from gateways.justifi_signature import is_signed, require_signature

# As JustiFi's own kit for Node verifies it.
VECTOR = json.loads(Path(__file__).with_name("justifi_signature_vector.json").read_text("utf-8"))
BODY = json.dumps(VECTOR["event"], separators=(",", ":")).encode()
TIMESTAMP, SECRET, SIGNATURE = VECTOR["timestamp"], VECTOR["secret"], VECTOR["signature"]


def headers(signature: str = SIGNATURE, timestamp: str = TIMESTAMP) -> dict[str, str]:
    return {"Justifi-Signature": signature, "JUSTIFI-TIMESTAMP": timestamp}


def code_of(body: bytes, given: dict[str, str], secret: str = SECRET) -> Code:
    with pytest.raises(Invalid) as refused:
        require_signature(body, given, secret)
    return refused.value.code


def test_the_known_vector_holds() -> None:
    assert is_signed(BODY, "1668122947", SIGNATURE, "justifi-test-key")
    require_signature(BODY, headers(), SECRET)


def test_a_date_is_as_good_a_timestamp_as_seconds() -> None:
    told = b"2022-11-10T23:29:07Z." + BODY
    signature = hmac.digest(SECRET.encode(), told, hashlib.sha256).hex()

    require_signature(BODY, headers(signature, "2022-11-10T23:29:07Z"), SECRET)


def test_while_a_secret_is_rolled_over_both_hold() -> None:
    require_signature(BODY, headers(), f"another, {SECRET}")
    require_signature(BODY, headers(), f"{SECRET},")


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (BODY + b" ", headers()),
        (BODY, headers(timestamp="1668122948")),
        (BODY, headers(signature="0" * 64)),
        (BODY, headers(signature=SIGNATURE.upper())),
        (BODY, headers(signature="schlüssel")),
        (BODY, headers(timestamp="\udcff")),
    ],
)
def test_what_was_altered_is_refused(body: bytes, given: dict[str, str]) -> None:
    assert code_of(body, given) == Code.INVALID_SIGNATURE


@pytest.mark.parametrize("secret", ["another", "", ","])
def test_under_another_secret_or_none_nothing_holds(secret: str) -> None:
    assert code_of(BODY, headers(), secret) == Code.INVALID_SIGNATURE


@pytest.mark.parametrize("left_out", ["Justifi-Signature", "JUSTIFI-TIMESTAMP"])
def test_without_both_headers_there_is_no_signature(left_out: str) -> None:
    given = headers() | {left_out: ""}

    assert code_of(BODY, given) == Code.SIGNATURE_MISSING
    assert code_of(BODY, {k: v for k, v in given.items() if v}) == Code.SIGNATURE_MISSING
