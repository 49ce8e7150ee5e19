"""A card number is refused wherever it stands, before anything is stored or logged."""

import json
import logging

import pytest

from tests.api.door import Door, code_of, wanted

CARD = "4242424242424242"
REFUSED = (422, "card_number_refused")


@pytest.mark.parametrize(
    "path",
    [
        f"/purchases/{CARD}",
        "/purchases/4242-4242-4242-4242",
        "/purchases/4242%204242%204242%204242",
        f"/purchases?user_id={CARD}",
        "/purchases?user_id=4242+4242+4242+4242",
        "/purchases?user_id=%34242424242424242",
        f"/{CARD}",
        f"/pay/{CARD}",
        f"/success?purchase=x&session_id={CARD}",
        f"/documents/{CARD}",
    ],
)
async def test_no_address_carries_one(door: Door, path: str) -> None:
    assert code_of(await door.http.get(path)) == REFUSED


async def test_no_header_carries_one(door: Door) -> None:
    for name in ("x-note", "user-agent", "idempotency-key", "referer"):
        assert code_of(await door.http.get("/purchases", headers={name: CARD})) == REFUSED


async def test_signatures_and_traces_are_long_numbers_by_right(door: Door) -> None:
    for name in ("traceparent", "x-datadog-trace-id", "x-request-id"):
        assert (await door.http.get("/purchases", headers={name: CARD})).status_code == 200


@pytest.mark.parametrize(
    "number",
    [
        f'"{CARD}"',
        CARD,
        '"4242 4242 4242 4242"',
        '"4242-4242-4242-4242"',
        '"my card: 5555555555554444."',
        '"3782 822463 10005"',
        '"\\u0034242424242424242"',
        '"４２４２４２４２４２４２４２４２"',
        '["6011111111111117"]',
    ],
)
async def test_no_body_carries_one(door: Door, number: str) -> None:
    body = json.dumps(wanted("Q-1"))[:-1] + f', "note": {number}}}'
    for path in ("/purchases", "/mcp", "/codec/encode", "/nowhere"):
        answer = await door.http.post(
            path, content=body.encode(), headers={"content-type": "application/json"}
        )
        assert code_of(answer) == REFUSED, path
    assert CARD not in answer.text


async def test_no_body_of_any_kind_carries_one(door: Door) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await door.http.post(
            "/purchases",
            content=b"number=4242+4242%204242+4242",
            headers={"content-type": media_type},
        )
        assert code_of(answer) == REFUSED


async def test_it_reaches_no_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client
        await door.http.post("/purchases", json=wanted("Q-1", user_id=CARD))
        await door.http.get(f"/purchases/{CARD}")
    assert CARD not in caplog.text


async def test_numbers_that_are_no_cards_pass(door: Door) -> None:
    for user_id in ("4242424242424241", "1234567890", "20261120-183000-12", "pur4242424242424242"):
        answer = await door.http.post("/purchases", json=wanted("Q-1", user_id=user_id))
        assert code_of(answer) == (404, "unknown_quote")
