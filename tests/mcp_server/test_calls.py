"""The gate: what is told of a call, what is refused before it, and what is offered at all."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from mcp.types import CallToolResult

from domain.codes import Code
from domain.tenants import Caller
from mcp_server.refused_bodies import answer_to_refused_body
from mcp_server.toolsets import Selection
from services.api_keys import ApiKeyService
from tests.mcp_server.justifi_agent import at_justifi
from tests.mcp_server.shop import Fields, Shop, text_of

CARD = "4242 4242 4242 4242"
WORDS = "bob@example.com Bob Tan spouse"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(record.getMessage())

    @property
    def last(self) -> Fields:
        line = json.loads(self.text[-1])
        assert isinstance(line, dict)
        return line


@pytest.fixture
def audit() -> Iterator[Lines]:
    logger, lines = logging.getLogger("paybind.audit"), Lines()
    before = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(before)


async def test_every_call_leaves_one_line_without_personal_words(shop: Shop, audit: Lines) -> None:
    wish = await shop.wish(customer_email="bob@example.com")
    async with shop.agent() as agent:
        started = await agent.answer("initiate_purchase", **wish)
        caller = await shop.caller()

    assert len(audit.text) == 1
    line = audit.last
    assert line["tool"] == "initiate_purchase"
    assert (line["key_id"], line["tenant_id"]) == (caller.key_id, shop.tenant_id)
    assert (line["outcome"], line["purchase_id"]) == ("ok", started["payment_intent_id"])
    assert line["arguments"] == {
        "user_id": "user_alice",
        "quote_id": wish["quote_id"],
        "amount": 15000,
        "currency": "SGD",
        "product_name": "***",
        "customer_email": "***",
    }
    assert len(str(line["arguments_sha256"])) == 64
    assert isinstance(line["duration_ms"], float)


async def test_what_moves_money_at_justifi_leaves_its_ids_and_its_amount(
    shop: Shop, audit: Lines
) -> None:
    async with at_justifi(shop) as agent:
        await agent.pay(1234, description="Lunch with Bob", idempotency_key="bob@example.com")

    told = audit.last["arguments"]
    assert isinstance(told, dict)
    assert (told["amount_cents"], told["currency"]) == (1234, "usd")
    assert str(told["payment_method_id"]).startswith("pm_")
    assert told["integration_id"] == agent.integration_id
    assert (told["description"], told["idempotency_key"]) == ("***", "***")


async def test_a_refused_call_leaves_its_code(shop: Shop, audit: Lines) -> None:
    async with shop.agent() as agent:
        await agent.failure("initiate_purchase", **await shop.wish(amount=1))
        await agent.failure("no_such_tool", secret="x")

    assert [json.loads(line)["outcome"] for line in audit.text] == [
        "amount_mismatch",
        "invalid_request",
    ]


async def test_names_addresses_and_notes_are_masked_wherever_they_stand(
    shop: Shop, audit: Lines
) -> None:
    wish = await shop.wish(
        user_id="bob@example.com", customer_email="bob@example.com", notes="Bob's spouse"
    )
    async with shop.agent() as agent:
        await agent.answer("save_quote_for_later", **wish)
        await agent.answer(
            "send_payment_link",
            quote_id=wish["quote_id"],
            customer_email="bob@example.com",
            customer_name="Bob Tan",
        )

    written = "\n".join(audit.text)
    assert not [word for word in WORDS.split() if word in written]


@pytest.mark.parametrize(
    "change",
    [
        {"customer_email": f"{CARD}@example.com"},
        {"user_id": f"card {CARD}"},
        {"user_id": "visa4242424242424242"},
        {"user_id": "4242%204242%204242%204242"},
        {"user_id": "4242\u200b4242\u200b4242\u200b4242"},
        {"amount": 4242424242424242},
        {"extra": {"deep": [CARD]}},
        {CARD: "as a name"},
    ],
)
async def test_a_card_number_anywhere_is_refused_and_never_written_down(
    shop: Shop, audit: Lines, caplog: pytest.LogCaptureFixture, change: dict[str, object]
) -> None:
    caplog.set_level(logging.INFO)
    async with shop.agent() as agent:
        result = await agent.call("initiate_purchase", **await shop.wish(**change))

    failure = json.loads(text_of(result))
    assert failure["code"] == "card_number_refused"
    assert audit.last["outcome"] == "card_number_refused"
    assert (audit.last["arguments"], audit.last["arguments_sha256"]) == ({}, None)
    written = "\n".join([*audit.text, caplog.text, text_of(result)])
    assert "4242" not in written


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cvc": "9876"}, "security_code_refused"),
        ({"card": {"cvc": 9876}}, "security_code_refused"),
        ({"user_id": "my cvv is 9876"}, "security_code_refused"),
        ({"user_id": "GB29NWBK60161331926819"}, "bank_account_refused"),
        ({"account": ["DE89 3704 0044 0532 0130 00"]}, "bank_account_refused"),
    ],
)
async def test_a_security_code_or_an_account_is_refused_and_never_written_down(
    shop: Shop, audit: Lines, change: dict[str, object], code: str
) -> None:
    async with shop.agent() as agent:
        result = await agent.call("initiate_purchase", **await shop.wish(**change))

    assert json.loads(text_of(result))["code"] == code
    assert (audit.last["outcome"], audit.last["arguments"]) == (code, {})
    assert audit.last["arguments_sha256"] is None
    written = "\n".join([*audit.text, text_of(result)])
    assert not [data for data in ("9876", "NWBK", "0532") if data in written]


def test_a_call_refused_before_it_is_read_leaves_its_line(audit: Lines) -> None:
    call = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}'
    answer = answer_to_refused_body(call, Code.CARD_NUMBER_REFUSED)

    assert answer is not None
    assert (audit.last["tool"], audit.last["outcome"]) == ("refused", "card_number_refused")


def test_a_call_that_readers_would_read_differently_is_answered_as_a_tools_failure() -> None:
    call = b'{"jsonrpc": "2.0", "id": 1, "id": 1, "method": "tools/call"}'
    answer = answer_to_refused_body(call, Code.DUPLICATE_MEMBER)

    assert answer is not None
    failure = json.loads(json.loads(answer)["result"]["content"][0]["text"])
    assert (failure["code"], failure["can_retry"]) == ("duplicate_member", False)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_a_number_that_json_does_not_have_is_refused(
    shop: Shop, audit: Lines, number: float
) -> None:
    refused = await shop.server().call_tool("initiate_purchase", {"amount": number})

    assert isinstance(refused, CallToolResult)
    assert json.loads(text_of(refused))["code"] == "invalid_number"
    assert (audit.last["outcome"], audit.last["arguments"]) == ("invalid_number", {})


class FaultyKeys(ApiKeyService):
    async def authenticate(self, key: str) -> Caller:
        raise KeyError(f"a driver that quotes its input: {key}")


async def test_a_fault_that_nobody_expected_is_masked(
    shop: Shop, audit: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = FaultyKeys(shop.services.api_keys.keys, livemode=False)
    broken = replace(shop, services=replace(shop.services, api_keys=faulty))
    async with broken.agent() as agent:
        failure = await agent.failure("check_payment_status", payment_intent_id="pur_1234")

    assert failure["code"] == "unavailable"
    assert failure["can_retry"] is True
    assert audit.last["outcome"] == "unavailable"
    assert "check_payment_status failed: KeyError" in caplog.text
    assert shop.key not in caplog.text + json.dumps(failure)


async def test_a_revoked_key_ends_a_session_that_still_runs(shop: Shop) -> None:
    key, secret = await shop.services.api_keys.issue(
        shop.tenant_id, "gone soon", (await shop.caller()).scopes
    )
    async with replace(shop, key=secret).agent() as agent:
        await agent.answer("initiate_purchase", **await shop.wish())
        admin = Caller.model_validate(
            {"tenant_id": shop.tenant_id, "key_id": "x", "scopes": ["admin"]}
        )
        await shop.services.api_keys.revoke(admin, key.key_id)
        failure = await agent.failure("initiate_purchase", **await shop.wish())

    assert failure["code"] == "unauthorized"


async def test_each_tool_says_honestly_what_it_does(shop: Shop) -> None:
    async with shop.agent() as agent:
        tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}

    hints = {name: tool.annotations for name, tool in tools.items() if tool.annotations}
    assert len(hints) == 8
    reads = {name for name, hint in hints.items() if hint.read_only_hint}
    destroys = {name for name, hint in hints.items() if hint.destructive_hint}
    assert reads == {"check_payment_status", "complete_purchase"}
    assert destroys == {"cancel_payment", "refund_payment"}
    assert all(tool.output_schema and tool.description for tool in tools.values())
    assert all(
        "description" in argument
        for tool in tools.values()
        for argument in tool.input_schema["properties"].values()
    )
    assert all(tool.input_schema["additionalProperties"] is False for tool in tools.values())


async def test_the_payment_card_belongs_to_the_tools_that_show_a_payment(shop: Shop) -> None:
    async with shop.agent() as agent:
        tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}
        card = await agent.client.read_resource("ui://paybind/payment.html")

    shown = {name for name, tool in tools.items() if tool.meta and "ui" in tool.meta}
    assert shown == {"initiate_purchase", "check_payment_status"}
    assert tools["initiate_purchase"].meta == {
        "ui": {"resourceUri": "ui://paybind/payment.html"},
        "openai/outputTemplate": "ui://paybind/payment.html",
    }
    assert card.contents[0].mime_type == "text/html;profile=mcp-app"


async def test_read_only_offers_nothing_that_changes(shop: Shop) -> None:
    async with shop.agent(paybind_mcp_read_only=True) as agent:
        names = {tool.name for tool in (await agent.client.list_tools()).tools}
        failure = await agent.failure("initiate_purchase", **await shop.wish())

    assert names == {"check_payment_status", "complete_purchase"}
    assert failure["code"] == "invalid_request"


def test_an_unknown_tool_set_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no tool set is called lottery; there is purchases"):
        Selection.parse("purchases, lottery", read_only=False, currency="SGD")
