"""Over HTTP, a provider's published test card reaches the one tool that stores it, and no other."""

import json

import pytest

from domain.payment_data import payment_data_in
from mcp_server.refused_bodies import body_without_test_card

CARD = {"name": "Jenny Rosen", "number": "4242424242424242", "month": "12", "year": "2040"}
REAL = "4111111111111111"


def call(tool: str, arguments: object, **more: object) -> bytes:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    return json.dumps({**asked, "params": {"name": tool, "arguments": arguments}, **more}).encode()


def is_refused(body: bytes) -> bool:
    return payment_data_in(body_without_test_card(body).decode()) is not None


def test_a_published_test_card_is_let_through_to_the_tool_that_stores_it() -> None:
    assert not is_refused(call("create_payment_method", {"card": CARD}))


@pytest.mark.parametrize(
    "body",
    [
        call("create_payment", {"card": CARD}),
        call("create_payment_method", {"card": {**CARD, "number": REAL}}),
        call("create_payment_method", {"card": CARD, "email": f"{REAL}@example.com"}),
        call("create_payment_method", {"card": {**CARD, "name": "4242 4242 4242 4242"}}),
        call("create_payment_method", [CARD]),
        call("create_payment_method", {"card": CARD}, note=REAL),
        call("create_payment_method", {"card": CARD}, method="tools/list"),
        json.dumps({"method": "tools/call", "params": [CARD]}).encode(),
        json.dumps([CARD]).encode(),
        b'{"number": "4242424242424242"',
    ],
)
def test_every_other_card_number_is_refused(body: bytes) -> None:
    assert is_refused(body)
