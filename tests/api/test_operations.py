"""What operators and programs read: health, figures, clear text, and the description of it all."""

import base64
import json

from google.protobuf import json_format
from httpx import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from temporalio.api.common.v1 import Payload, Payloads

from api.main import create_app
from codec import EncryptionCodec
from connections import keyring
from domain.tenants import Scope
from tests.api.conftest import BASE, client_of
from tests.api.door import Door, Json, code_of

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"clear"')


async def test_it_is_alive_and_ready(stranger: AsyncClient) -> None:
    assert (await stranger.get("/healthz")).json() == {"status": "ok"}
    ready = await stranger.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["parts"] == {"temporal": True, "database": True}


async def test_the_figures_are_one_valid_exposition(door: Door, stranger: AsyncClient) -> None:
    purchase_id = await door.paid()
    await stranger.get(f"/purchases/{purchase_id}")
    text = (await stranger.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert text.count("# TYPE paybind_purchases ") == 1
    by_status = {s.labels["status"]: s.value for s in families["paybind_purchases"].samples}
    assert by_status["completed"] >= 1
    outcomes = {s.labels["outcome"] for s in families["paybind_webhook_events"].samples}
    assert "handed_over" in outcomes
    routes = {s.labels["route"] for s in families["paybind_http_request_seconds"].samples}
    assert "/purchases/{purchase_id}" in routes
    assert "/webhooks/stripe" in routes
    assert purchase_id not in text
    sdk = [s for name, f in families.items() if name.startswith("temporal_") for s in f.samples]
    assert {sample.labels["process"] for sample in sdk} == {"api"}


async def test_a_worker_that_tells_no_figures_is_named(door: Door) -> None:
    lonely = create_app(door.settings)
    lonely.state.services = door.app.state.services
    lonely.state.metrics_peers = {"worker": "127.0.0.1:1"}
    async with client_of(lonely) as prometheus:
        text = (await prometheus.get("/metrics")).text
    assert 'paybind_process_up{process="worker"} 0.0' in text


async def test_in_production_only_those_who_run_the_installation_see_the_figures(
    door: Door,
) -> None:
    production = create_app(door.settings.model_copy(update={"paybind_env": "production"}))
    production.state.services = services = door.app.state.services
    production.state.metrics_peers = {}
    _, reader = await services.api_keys.issue("ten_shop", "reader", frozenset({Scope.READ}))
    _, tenant = await services.api_keys.issue("ten_shop", "admin", frozenset(Scope))
    missing = (403, "missing_scope")
    for key, refusal in ((None, (401, "unauthorized")), (reader, missing), (tenant, missing)):
        async with client_of(production, key) as http:
            assert code_of(await http.get("/metrics")) == refusal
    async with client_of(production, door.key) as prometheus:
        assert "paybind_purchases{" in (await prometheus.get("/metrics")).text


async def test_every_operation_is_described_with_its_problems(stranger: AsyncClient) -> None:
    described = (await stranger.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operations: list[Json] = [
        operation for path in described["paths"].values() for operation in path.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) >= 35
    for operation in operations:
        assert operation["tags"], operation["operationId"]
        assert operation["summary"], operation["operationId"]
    start = described["paths"]["/purchases"]["post"]
    assert start["requestBody"]["content"]["application/json"]["examples"]
    assert {"401", "409", "422", "503"} <= start["responses"].keys()
    assert "application/problem+json" in start["responses"]["422"]["content"]
    assert "Idempotency-Key" in {each["name"] for each in start["parameters"]}
    assert "HTTPValidationError" not in described["components"]["schemas"]


async def test_operators_read_clear_text_by_their_key(door: Door, neighbour: AsyncClient) -> None:
    sealed = await _sealed(door)
    assert "clear" not in base64.b64decode(_data(sealed)).decode("latin-1")
    opened = await door.http.post("/codec/decode", content=sealed)
    assert base64.b64decode(_data(opened.text)) == b'"clear"'
    again = await door.http.post("/codec/encode", content=opened.text)
    assert _data(again.text) != _data(opened.text)
    assert code_of(await neighbour.post("/codec/decode", content=sealed)) == (403, "missing_scope")


async def test_the_local_ui_reads_clear_text_without_a_key(door: Door) -> None:
    sealed = await _sealed(door)
    ui = f"http://localhost:{door.settings.temporal_ui_port}"
    async with _from(door, "127.0.0.1") as http:
        preflight = await http.options(
            "/codec/decode",
            headers={
                "origin": ui,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-namespace",
            },
        )
        assert preflight.headers["access-control-allow-origin"] == ui
        opened = await http.post("/codec/decode", content=sealed, headers={"origin": ui})
        assert opened.status_code == 200
        elsewhere = await http.post(
            "/codec/decode", content=sealed, headers={"origin": "https://evil.example"}
        )
        assert code_of(elsewhere) == (401, "unauthorized")
        assert "access-control-allow-origin" not in elsewhere.headers
    async with _from(door, "192.0.2.7") as http:
        outside = await http.post("/codec/decode", content=sealed, headers={"origin": ui})
        assert code_of(outside) == (401, "unauthorized")


async def test_what_no_key_opens_is_malformed(door: Door) -> None:
    foreign = Payload(metadata={"encoding": b"binary/encrypted", "key-id": b"gone"}, data=b"x" * 40)
    for body, code in (
        (_json([foreign]), "invalid_request"),
        ("not json", "malformed_body"),
        ("", "malformed_body"),
    ):
        answer = await door.http.post("/codec/decode", content=body)
        assert code_of(answer) == (400, code)


def _from(door: Door, address: str) -> AsyncClient:
    transport = ASGITransport(door.app, client=(address, 1234))
    return AsyncClient(transport=transport, base_url=BASE)


async def _sealed(door: Door) -> str:
    return _json(await EncryptionCodec(keyring(door.settings)).encode([PLAIN]))


def _json(payloads: list[Payload]) -> str:
    return json_format.MessageToJson(Payloads(payloads=payloads))


def _data(text: str) -> str:
    return str(json.loads(text)["payloads"][0]["data"])
