"""What LangSmith and OpenTelemetry are told of a call: its tool and its end, nobody's words."""

import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from fastapi import FastAPI, Request, Response
from langsmith import traceable
from mcp.shared.exceptions import MCPError
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from mcp_server.audit import Call
from mcp_server.http import door_of
from mcp_server.tracing import LangSmith, tracing_to
from settings import Settings
from tests.mcp_server.shop import ERAS, Agent, Era, Shop
from tests.mcp_server.site import listening

API_KEY = "lsv2_pt_0123456789abcdef"
PERSONAL = ("bob@example.com", "Travel Guard for Bob", "Bob Tan", "https://", API_KEY)


@dataclass
class Endpoint:
    """LangSmith's two routes that its client calls."""

    url: str = ""
    keys: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)
    answer: int = 202

    @property
    def told(self) -> str:
        return b"".join(self.bodies).decode("utf-8", "replace")

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.keys.add(request.headers.get("x-api-key", ""))
        self.bodies.append(body)
        return Response(status_code=self.answer)


async def said_nothing() -> Response:
    return Response("{}", media_type="application/json")


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    told, app = Endpoint(), FastAPI()
    app.get("/info")(said_nothing)
    app.post("/runs/multipart")(told.take)
    app.post("/runs/batch")(told.take)
    async with listening(app) as url:
        told.url = url
        yield told


@asynccontextmanager
async def traced_agent(shop: Shop, url: str, era: Era = "auto") -> AsyncIterator[Agent]:
    """Whatever was traced has left when it ends."""
    wanted = LangSmith(SecretStr(API_KEY), url, "policies")
    async with tracing_to(wanted) as tracing, replace(shop, tracing=tracing).agent(era) as agent:
        yield agent


@pytest.mark.parametrize("era", ERAS)
async def test_every_call_is_one_run_with_its_tool_its_ids_and_its_outcome(
    shop: Shop, endpoint: Endpoint, era: Era
) -> None:
    wish = await shop.wish()
    async with traced_agent(shop, endpoint.url, era) as agent:
        started = await agent.answer("initiate_purchase", **wish)
        await agent.failure("initiate_purchase", **await shop.wish(amount=1))

    assert endpoint.keys == {API_KEY}
    assert '"name":"initiate_purchase"' in endpoint.told
    assert '"session_name":"policies"' in endpoint.told
    assert f'"quote_id":"{wish["quote_id"]}"' in endpoint.told
    assert f'"payment_intent_id":"{started["payment_intent_id"]}"' in endpoint.told
    assert '"outcome":"ok"' in endpoint.told
    assert '"outcome":"amount_mismatch"' in endpoint.told


async def test_nothing_personal_and_no_secret_is_in_what_is_sent(
    shop: Shop, endpoint: Endpoint
) -> None:
    wish = await shop.wish(customer_email=PERSONAL[0], product_name=PERSONAL[1])
    async with traced_agent(shop, endpoint.url) as agent:
        await agent.call("initiate_purchase", **wish)
        await agent.call("initiate_purchase", **wish, **{PERSONAL[2]: PERSONAL[0]})
        await agent.call("no_such_tool", note=PERSONAL[2])

    assert endpoint.bodies
    assert [each for each in PERSONAL if each in endpoint.told] == []
    assert shop.key not in endpoint.told


async def test_an_argument_cannot_steer_the_tracing(shop: Shop, endpoint: Endpoint) -> None:
    steered: dict[str, object] = {"project_name": "theirs", "metadata": {"said": PERSONAL[2]}}
    async with traced_agent(shop, endpoint.url) as agent:
        await agent.call("check_payment_status", langsmith_extra=steered)

    assert "theirs" not in endpoint.told
    assert PERSONAL[2] not in endpoint.told


async def test_what_is_traced_below_a_call_is_masked_too(endpoint: Endpoint) -> None:
    @traceable
    async def below(words: str) -> str:
        return words

    wanted = LangSmith(SecretStr(API_KEY), endpoint.url, None)
    async with tracing_to(wanted) as tracing:
        told = await tracing.traced(Call("check_payment_status", {}), lambda: below(PERSONAL[2]))

    assert told == PERSONAL[2]
    assert '"name":"below"' in endpoint.told
    assert PERSONAL[2] not in endpoint.told


async def test_calls_are_answered_though_langsmith_refuses_and_its_key_is_not_logged(
    shop: Shop, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answer = 403
    async with traced_agent(shop, endpoint.url) as agent:
        started = await agent.answer("initiate_purchase", **await shop.wish())

    assert started["payment_intent_id"]
    assert "LangSmith's client complains: what was traced may be missing there" in caplog.text
    assert API_KEY[:12] not in caplog.text


async def test_a_refusal_of_the_protocol_is_passed_on_and_traced_by_its_outcome_alone(
    endpoint: Endpoint,
) -> None:
    async def refuse() -> None:
        raise MCPError(-32602, PERSONAL[2])

    wanted = LangSmith(SecretStr(API_KEY), endpoint.url, None)
    async with tracing_to(wanted) as tracing:
        with pytest.raises(MCPError, match=PERSONAL[2]):
            await tracing.traced(Call("check_payment_status", {}), refuse)

    assert '"name":"check_payment_status"' in endpoint.told
    assert PERSONAL[2] not in endpoint.told


def test_tracing_without_its_key_is_refused() -> None:
    with pytest.raises(ValueError, match="LANGSMITH_TRACING=true needs LANGSMITH_API_KEY"):
        Settings(langsmith_tracing=True)


def test_where_langsmith_is_is_read_from_its_own_variables() -> None:
    settings = Settings(
        langsmith_tracing=True,
        langsmith_api_key=SecretStr(API_KEY),
        langsmith_endpoint="http://127.0.0.1:9",
        langsmith_project="policies",
    )

    wanted = LangSmith(SecretStr(API_KEY), "http://127.0.0.1:9", "policies")
    assert door_of(settings).langsmith == wanted
    assert door_of(Settings()).langsmith is None


async def test_a_tracing_that_is_not_wanted_hands_the_answer_through(shop: Shop) -> None:
    async with tracing_to(None) as tracing, replace(shop, tracing=tracing).agent() as agent:
        assert (await agent.answer("initiate_purchase", **await shop.wish()))["payment_intent_id"]


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


@pytest.mark.parametrize("era", ERAS)
async def test_every_call_is_a_span_of_opentelemetry_without_its_arguments(
    shop: Shop, spans: InMemorySpanExporter, era: Era
) -> None:
    spans.clear()
    async with shop.agent(era) as agent:
        wish = await shop.wish(customer_email=PERSONAL[0], product_name=PERSONAL[1])
        await agent.answer("initiate_purchase", **wish)
        await agent.failure("initiate_purchase", **await shop.wish(amount=1))

    calls = [span for span in spans.get_finished_spans() if "initiate_purchase" in span.name]
    assert len([span for span in calls if span.kind is trace.SpanKind.SERVER]) == 2
    assert not any(word in str(span.to_json()) for span in calls for word in PERSONAL[:3])
