"""Three or four digits are a card's security code where the words before them say so."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Code
from domain.payment_data import payment_data_in

CODE = Code.SECURITY_CODE_REFUSED


@given(
    st.sampled_from(["cvc", "CVV", "cvv2", "CVC2", "card_cvc", "cardCvc", "Security Code"]),
    st.sampled_from(
        [" ", ": ", "=", '": "', '":', " is ", " code: ", " number is ", "\r\n\r\n", ""]
    ),
    st.from_regex(r"[0-9]{3,4}", fullmatch=True),
)
def test_a_security_code_is_found_by_its_name(name: str, between: str, digits: str) -> None:
    text = f"my {name}{between}{digits}, thanks"
    assert payment_data_in(text) is CODE
    assert payment_data_in(quote(text)) is CODE
    assert payment_data_in(json.dumps({"note": text})) is CODE


@pytest.mark.parametrize(
    "text",
    [
        '{"cvc": "123"}',
        '{"cvc": 123}',
        '{"name": "cvc", "value": "123"}',
        '{"securityCode": {"value": 1234}}',
        "card_cvc=123&exp=1227",
        "amex CID 1234",
        "card cid: 123",
        "cvv 123.",
        "cvc\u200b\uff11\uff12\uff13",
    ],
)
def test_a_security_code_is_found_in_every_form(text: str) -> None:
    assert payment_data_in(text) is CODE


@pytest.mark.parametrize(
    "text",
    [
        '{"cvc": null, "amount": 150}',
        '{"cvc": "", "amount": 150}',
        '{"cvc_check": "pass"}',
        "cvc 12",
        "cvc 12345",
        "the security code stands on the back",
        "tell nobody your security code. 2026-11-20",
        "cvc 150.00",
        "cid=1234",
        '{"cid": 1234}',
        "acid 123",
        "acvc 123",
        "pur_cvc234aaaaaaaaaaaaaaaa",
        "123",
        "CVC Capital, room 100",
        "pur_aaaaaaaaaaaaaaaa4cvc23",
    ],
)
def test_digits_without_that_name_pass(text: str) -> None:
    assert payment_data_in(text) is None
