"""Payment data is refused wherever it stands, before anything is stored or logged."""

import json
import logging

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.api.door import Door, Json, code_of, wanted
from tests.mcp_server.shop import Agent, Era

CARD = "4242424242424242"
REFUSED = (422, "card_number_refused")
IBAN = "DE89 3704 0044 0532 0130 00"
# What else is refused, by what the answer calls it.
OTHERS = [
    (IBAN, "bank_account_refused", "bank account number"),
    ("cvv: 9876", "security_code_refused", "card security code"),
]


@pytest.mark.parametrize(
    "path",
    [
        f"/purchases/{CARD}",
        "/purchases/4242-4242-4242-4242",
        "/purchases/4242%204242%204242%204242",
        f"/purchases?user_id={CARD}",
        "/purchases?user_id=4242+4242+4242+4242",
        "/purchases?user_id=%34242424242424242",
        f"/purchases?user_id=visa{CARD}",
        f"/purchases/card_{CARD}",
        "/purchases?user_id=4242++4242++4242++4242",
        "/purchases?user_id=4242%E2%80%8B424242424242",
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
        '"Visa4242  4242  4242  4242"',
        '"4242\\u200b4242\\n4242\\t4242"',
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


async def test_the_answer_says_what_to_do_instead(door: Door) -> None:
    answer = await door.http.post("/purchases", json=wanted("Q-1", user_id=CARD))

    problem = answer.json()
    assert problem["detail"] == (
        "card numbers are never to be sent here; the request's body carries one"
    )
    assert "the payment provider's page asks for it" in problem["user_message"]
    assert "entered on the provider's page" in problem["suggested_action"]


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_an_agent_reads_it_as_its_tools_failure(door: Door, era: Era) -> None:
    key = {"authorization": f"Bearer {door.key}"}
    address = f"{door.settings.api_url}/mcp"
    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(door.app), headers=key) as http,
        Client(streamable_http_client(address, http_client=http), mode=era) as client,
    ):
        failure = await Agent(client).failure(
            "cancel_payment", payment_intent_id="pur_1234", reason=f"my card: {CARD}"
        )

    assert failure["code"] == "card_number_refused"
    assert "entered on the provider's page" in str(failure["suggested_action"])
    assert CARD not in json.dumps(failure)


@pytest.mark.parametrize(("data", "code", "name"), OTHERS)
async def test_bank_accounts_and_security_codes_are_refused_without_being_repeated(
    door: Door, caplog: pytest.LogCaptureFixture, data: str, code: str, name: str
) -> None:
    body = wanted("Q-1", user_id=data)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client
        answers = [
            await door.http.post("/purchases", json=body),
            await door.http.get("/purchases", params={"user_id": data}),
            await door.http.get("/purchases", headers={"x-note": data}),
        ]

    assert [code_of(answer) for answer in answers] == [(422, code)] * 3
    assert answers[0].json()["detail"] == (
        f"{name}s are never to be sent here; the request's body carries one"
    )
    digits = data[-5:]
    assert digits not in caplog.text + "".join(answer.text for answer in answers)


@pytest.mark.parametrize(("data", "code", "name"), OTHERS)
async def test_an_agent_reads_which_it_was(door: Door, data: str, code: str, name: str) -> None:
    params = {"name": "cancel_payment", "arguments": {"reason": data}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await door.http.post("/mcp", json=call)

    failure = json.loads(answer.json()["result"]["content"][0]["text"])
    assert (failure["code"], failure["message"]) == (code, f"an argument carries a {name}")
    assert data not in answer.text


async def test_addresses_of_networks_are_long_numbers_by_right(door: Door) -> None:
    for name in ("x-forwarded-for", "forwarded", "x-real-ip"):
        headers = {name: "2400:4242:4242:4242:4242::1"}
        assert (await door.http.get("/purchases", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "message",
    [
        {"id": CARD, "method": "tools/call", "params": {"name": "cancel_payment"}},
        {"id": 1, "method": "resources/read", "params": {"uri": f"ui://{CARD}"}},
        {"method": "notifications/progress", "params": {"message": CARD}},
    ],
)
async def test_what_is_no_tool_call_has_no_failure_to_read(door: Door, message: Json) -> None:
    answer = await door.http.post("/mcp", json={"jsonrpc": "2.0", **message})
    assert code_of(answer) == REFUSED
    assert CARD not in answer.text


async def test_it_reaches_no_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client
        await door.http.post("/purchases", json=wanted("Q-1", user_id=CARD))
        await door.http.get(f"/purchases/{CARD}")
    assert CARD not in caplog.text


async def test_numbers_that_are_no_cards_pass(door: Door) -> None:
    for user_id in (
        "4242424242424241",
        "1234567890",
        "20261120-183000-12",
        "pi_4242424242424242abcdefgh",
    ):
        answer = await door.http.post("/purchases", json=wanted("Q-1", user_id=user_id))
        assert code_of(answer) == (404, "unknown_quote")
