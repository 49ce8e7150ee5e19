"""The two ways in: a process on stdio with one key, and HTTP with a key per request."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import fastmcp
import httpx2
import pytest
from fastapi import FastAPI
from fastmcp.client.transports import StreamableHttpTransport
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from domain.tenants import Scope
from mcp_server.http import mount_mcp
from mcp_server.server import main
from settings import Settings
from tests.mcp_server.shop import ERAS, Agent, Era, Shop
from tests.mcp_server.site import HANDSHAKE, Site, listening

HOUSE = Path(__file__).parents[2]
SERVER = (sys.executable, "-m", "mcp_server.server")
TOOLS = {
    *("initiate_purchase", "check_payment_status", "complete_purchase", "cancel_payment"),
    *("save_quote_for_later", "send_payment_link", "get_payment_link", "refund_payment"),
}


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    """What a client's configuration gives the process."""
    return {
        "PYTHONPATH": str(HOUSE),
        "PAYBIND_HOME": str(settings.paybind_home),
        "TEMPORAL_ADDRESS": settings.temporal,
        "BACKEND_API_URL": settings.api_url,
        "PATH": os.environ["PATH"],
        **changes,
    }


def stdio(shop: Shop, **changes: str) -> StdioServerParameters:
    given = environment(shop.settings, PAYBIND_API_KEY=shop.key, **changes)
    return StdioServerParameters(command=SERVER[0], args=list(SERVER[1:]), env=given, cwd="/")


@pytest.mark.slow
@pytest.mark.parametrize("era", ERAS)
async def test_a_policy_is_bought_over_stdio(shop: Shop, era: Era) -> None:
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        told.append(message)

    async with Client(stdio(shop), mode=era) as client:
        agent = Agent(client)
        started = await agent.answer("initiate_purchase", **await shop.wish())
        purchase_id = str(started["payment_intent_id"])
        await shop.pay(purchase_id)
        await agent.until_paid(purchase_id)
        arguments: dict[str, object] = {"payment_intent_id": purchase_id}
        policy = await client.call_tool("complete_purchase", arguments, progress_callback=hear)

    assert policy.structured_content["policy_number"].startswith("POL-")
    assert told[:1] == ["the policy is being issued"]


async def end_of(settings: Settings, *arguments: str, **changes: str) -> tuple[int | None, str]:
    """The exit code and the words on stderr of a server that should not start."""
    process = await asyncio.create_subprocess_exec(
        *SERVER,
        *arguments,
        env=environment(settings, **changes),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(process.communicate(), 30)
    assert stdout == b"", "stdout belongs to the protocol"
    return process.returncode, stderr.decode()


def refusal(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **changes: str
) -> str:
    """What is told on stderr by a server that has not enough to begin with."""
    for name, value in changes.items():
        environment.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == "", "stdout belongs to the protocol"
    return told.err


def test_stdio_without_a_key_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = refusal(monkeypatch, capsys, PAYBIND_HOME=str(tmp_path))

    assert "set PAYBIND_API_KEY, or start everything by `paybind up`" in told


def test_an_unknown_tool_set_is_named_when_the_server_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    changes = {"PAYBIND_API_KEY": "pbk_x", "PAYBIND_MCP_TOOLSETS": "purchases,lottery"}
    told = refusal(monkeypatch, capsys, PAYBIND_HOME=str(tmp_path), **changes)

    assert "no tool set is called lottery; there is purchases" in told


@pytest.mark.slow
async def test_stdio_with_a_wrong_key_does_not_start(shop: Shop) -> None:
    code, told = await end_of(shop.settings, PAYBIND_API_KEY="pbk_wrong")

    assert code == 2
    assert "the API key is missing, wrong or revoked" in told


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ("--http", "--port", "0")], ids=["stdio", "http"])
async def test_a_server_says_in_one_line_that_temporal_cannot_be_reached(
    shop: Shop, arguments: tuple[str, ...]
) -> None:
    nowhere = shop.settings.model_copy(update={"temporal_address": "127.0.0.1:9"})

    code, told = await end_of(nowhere, *arguments, PAYBIND_API_KEY=shop.key)

    assert code == 2
    [line] = told.splitlines()
    assert "Start everything by `paybind up`, or set TEMPORAL_ADDRESS." in line


@pytest.mark.slow
async def test_a_server_says_in_one_line_that_its_port_is_taken(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, told = await end_of(shop.settings, "--http", "--port", port)

    assert (code, told) == (
        2,
        f"paybind mcp: port {port} is taken; set another, or 0 for any\n",
    )


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("era", ERAS)
async def test_a_policy_is_bought_over_http(shop: Shop, site: Site, era: Era, path: str) -> None:
    async with site.http(shop.key) as http:
        transport = streamable_http_client(f"{site.url}{path}", http_client=http)
        async with Client(transport, mode=era) as client:
            agent = Agent(client)
            started = await agent.answer("initiate_purchase", **await shop.wish())
            purchase_id = str(started["payment_intent_id"])
            await shop.pay(purchase_id)
            await agent.until_paid(purchase_id)
            policy = await agent.answer("complete_purchase", payment_intent_id=purchase_id)

    assert str(policy["policy_number"]).startswith("POL-")


async def test_a_client_that_others_wrote_finds_and_calls_the_tools(shop: Shop, site: Site) -> None:
    bearer = {"Authorization": f"Bearer {shop.key}"}
    transport = StreamableHttpTransport(f"{site.url}/mcp", headers=bearer)
    async with fastmcp.Client(transport) as client:
        names = {tool.name for tool in await client.list_tools()}
        answer = await client.call_tool("initiate_purchase", await shop.wish())
        card = await client.read_resource("ui://paybind/payment.html")

    assert names == TOOLS
    assert answer.structured_content["widget"]["type"] == "payment_checkout"
    assert card[0].mime_type == "text/html;profile=mcp-app"


@pytest.mark.parametrize("key", [None, "pbk_wrong", "nonsense"])
async def test_http_without_a_valid_key_is_refused(site: Site, key: str | None) -> None:
    async with site.http(key) as http:
        answer = await http.post("/mcp", json=HANDSHAKE)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("host", ["127.0.0.1", "paybind.example", "localhost:9999"])
async def test_the_names_of_this_installation_are_answered(
    shop: Shop, site: Site, host: str
) -> None:
    async with site.http(shop.key, host=host) as http:
        assert (await http.post("/mcp", json=HANDSHAKE)).status_code == 200


async def test_a_foreign_host_or_origin_is_refused(shop: Shop, site: Site) -> None:
    async with site.http(shop.key, host="evil.example") as http:
        assert (await http.post("/mcp", json=HANDSHAKE)).status_code == 421
    async with site.http(shop.key, origin="https://evil.example") as http:
        assert (await http.post("/mcp", json=HANDSHAKE)).status_code == 403


async def test_a_body_above_the_limit_is_refused(shop: Shop, site: Site) -> None:
    async with site.http(shop.key) as http:
        answer = await http.post("/mcp", content=b"x" * (shop.settings.max_body_bytes + 1))

    assert answer.status_code == 413


async def test_one_tenant_never_sees_anothers_purchase(shop: Shop, site: Site) -> None:
    purchase_id = await shop.paid_purchase()
    _, other_key = await shop.services.api_keys.issue(
        "ten_other", "agent", frozenset({Scope.READ, Scope.WRITE, Scope.REFUND})
    )
    async with site.http(other_key) as http:
        transport = streamable_http_client(f"{site.url}/mcp", http_client=http)
        async with Client(transport) as client:
            for tool in ("check_payment_status", "complete_purchase", "refund_payment"):
                failure = await Agent(client).failure(tool, payment_intent_id=purchase_id)
                assert failure["code"] == "purchase_not_found"


async def test_a_key_without_the_scope_reads_but_starts_nothing(shop: Shop, site: Site) -> None:
    purchase_id = await shop.paid_purchase()
    _, reader = await shop.services.api_keys.issue(
        shop.tenant_id, "reader", frozenset({Scope.READ})
    )
    async with site.http(reader) as http:
        transport = streamable_http_client(f"{site.url}/mcp", http_client=http)
        async with Client(transport) as client:
            agent = Agent(client)
            await agent.answer("check_payment_status", payment_intent_id=purchase_id)
            failure = await agent.failure("initiate_purchase", **await shop.wish())

    assert failure["code"] == "missing_scope"


async def test_a_door_that_is_not_open_yet_asks_to_come_back(shop: Shop) -> None:
    app = FastAPI()
    mount_mcp(app, shop.settings)
    async with listening(app) as url, httpx2.AsyncClient() as http:
        answer = await http.post(f"{url}/mcp", json=HANDSHAKE)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert json.loads(answer.text)["code"] == "unavailable"
