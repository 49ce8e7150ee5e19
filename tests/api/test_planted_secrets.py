"""Credentials go in by the HTTP door, and nothing that is kept or answered ever shows them.

Whoever adds a way to use an integration takes it in ``everything_done``; the search comes after it.
"""

import base64
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from temporalio.client import Client

from api.examples import QUOTE
from api.main import create_app
from codec import EncryptionCodec
from connections import connect_database, connect_temporal, keyring
from domain.key_rotation import ROTATION_ID
from domain.purchases import workflow_id_of
from domain.tenants import PLATFORM_TENANT, Scope
from gateways.stripe_payments import StripePayments
from persistence.migrate import migrate
from services.key_rotation import KeyRotationService
from settings import Settings
from tests.api.conftest import BASE, client_of, started
from tests.api.door import PRICE, Json
from tests.api.planted import MARK, contents_of, logged, planted, told_in, traces_in
from tests.fakes import FakeMail, FakePrinter
from tests.gateways.simulated_stripe import simulated_stripe
from tests.workflows.servers import start_skipping_server
from worker import documents_worker, purchases_worker

pytestmark = pytest.mark.slow  # a simulator of its own
KEY = "Idempotency-Key"


@dataclass
class Site:
    """One installation, everything it answered, and everything it logged."""

    app: FastAPI
    settings: Settings
    http: AsyncClient
    client: Client
    answers: list[Response] = field(default_factory=list)
    workflow_ids: list[str] = field(default_factory=list)
    records: list[logging.LogRecord] = field(default_factory=list)

    async def send(self, method: str, path: str, body: object = None) -> Response:
        headers = {KEY: f"planted-{len(self.answers)}"}
        if isinstance(body, bytes):
            headers["content-type"] = "application/json"
            answer = await self.http.request(method, path, content=body, headers=headers)
        else:
            answer = await self.http.request(method, path, json=body, headers=headers)
        self.answers.append(answer)
        return answer

    async def integration(self) -> str:
        answer = await self.send("POST", "/integrations", stripe())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["integration_id"])


def stripe(**credentials: object) -> Json:
    secrets: Json = {
        "api_key": planted("sk_test_"),
        "publishable_key": planted("pk_test_"),
        "webhook_secret": planted("whsec_"),
    }
    return {
        "connection_code": "stripe",
        "name": "Planted account",
        "credentials": {**secrets, **credentials},
    }


class Kept(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.DEBUG)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Every logger at its most talkative, from before anything is built."""
    root, before = logging.getLogger(), logging.getLogger().level
    records: list[logging.LogRecord] = []
    kept = Kept(records)
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    async with simulated_stripe() as simulator, await start_skipping_server() as temporal:
        settings = Settings(
            paybind_home=tmp_path_factory.mktemp("planted"),
            temporal_address=temporal.client.service_client.config.target_host,
            worker_metrics_port=0,
            stripe_api_base=simulator.url,
            BACKEND_API_URL=BASE,
        )
        await migrate(settings.database)
        database, client = connect_database(settings), await connect_temporal(settings)
        payments = StripePayments("sk_test_of_the_tests", simulator.url)
        app = create_app(settings)
        async with (
            purchases_worker(client, settings, database, payments, FakeMail()),
            documents_worker(client, settings, database, FakePrinter()),
            started(app),
        ):
            keys = app.state.services.api_keys
            _, key = await keys.issue(PLATFORM_TENANT, "tests", frozenset(Scope))
            async with client_of(app, key) as http:
                yield Site(app, settings, http, client, records=records)
        await payments.close()
        await database.close()
    root.removeHandler(kept)
    root.setLevel(before)


@pytest.fixture(scope="module")
async def everything_done(site: Site) -> Site:
    integration_id = await site.integration()
    await site.send("PUT", f"/integrations/{integration_id}", {"credentials": fresh()})
    await buy_by(site, integration_id)
    await KeyRotationService(site.client).rotate(keyring(site.settings).active)
    site.workflow_ids.append(ROTATION_ID)
    for method, path, body in malformed(integration_id):
        refused = await site.send(method, path, body)
        assert refused.status_code in (400, 409, 415, 422), (path, body, refused.text)
    gone = await site.integration()
    assert (await site.send("DELETE", f"/integrations/{gone}")).status_code == 204
    for path in ("/integrations", f"/integrations/{integration_id}", "/audit-log", "/metrics"):
        answer = await site.send("GET", path)
        assert answer.status_code == 200, answer.text
    return site


def fresh() -> Json:
    return dict(stripe()["credentials"])  # type: ignore[call-overload, no-any-return]


async def buy_by(site: Site, integration_id: str) -> None:
    link = {"integration_id": integration_id, "is_default": True}
    entity = f"/entities/tenant/{PLATFORM_TENANT}/integrations"
    assert (await site.send("POST", entity, link)).status_code == 201
    assert (await site.send("POST", "/quotes", {**QUOTE, "quote_id": "planted"})).is_success
    wanted = {"quote_id": "planted", "user_id": "user_mei", "amount": PRICE, "currency": "SGD"}
    bought = await site.send("POST", "/purchases", wanted)
    assert bought.is_success, bought.text
    purchase_id = str(bought.json()["purchase_id"])
    site.workflow_ids.append(workflow_id_of(purchase_id))
    await site.send("GET", f"/purchases/{purchase_id}/timeline")


def malformed(integration_id: str) -> list[tuple[str, str, object]]:
    """Each wrong in another way, each with a secret in it."""
    secret = planted("sk_test_")
    bodies: list[object] = [
        {**stripe(), "credentials": secret},
        {**stripe(), "credentials": [secret]},
        {**stripe(), "credentials": {"api_key": [secret]}},
        {**stripe(), "credentials": {"api_key": {"value": secret}}},
        {**stripe(), "credentials": {"api_key": secret * 200}},
        {**stripe(), "credentials": {"api_key": f"{secret} "}},
        {**stripe(), "credentials": {"api_key": planted("sk_live_")}},
        {**stripe(), "credentials": {"publishable_key": planted("pk_test_")}},
        {**stripe(), "credentials": {"api_key": planted("sk_test_"), "colour": secret}},
        stripe(publishable_key=planted("pk_live_")),
        {**stripe(), "colour": secret},
        {**stripe(), "name": ""},
        {**stripe(), "connection_code": "Nobody!"},
        [stripe()],
        secret,
        f'{{"credentials": {{"api_key": "{secret}"'.encode(),
        f'{{"credentials": "{secret}\xff"}}'.encode("latin-1"),
    ]
    change = f"/integrations/{integration_id}"
    return [
        *(("POST", "/integrations", body) for body in bodies),
        ("PUT", change, {"credentials": {"api_key": secret, "colour": "blue"}}),
        ("PUT", change, {"credentials": secret}),
        ("PUT", change, {"status": "error", "credentials": fresh()}),
        ("PUT", change, f'{{"credentials": "{secret}'.encode()),
    ]


async def test_no_table_holds_a_secret_as_text_or_bytes(everything_done: Site) -> None:
    contents = contents_of(everything_done.settings.paybind_home / "paybind.db")
    assert b"Planted account" in contents  # what is in clear would be found
    assert traces_in(contents) == []


async def test_no_answer_repeats_a_secret(everything_done: Site) -> None:
    assert len(everything_done.answers) > 25
    shown = b"\n".join(
        str(answer.headers).encode() + answer.content for answer in everything_done.answers
    )
    assert b"Planted account" in shown
    assert traces_in(shown) == []


async def test_no_history_holds_a_secret_once_it_is_decrypted(everything_done: Site) -> None:
    codec = EncryptionCodec(keyring(everything_done.settings))
    for workflow_id in everything_done.workflow_ids:
        run = everything_done.client.get_workflow_handle(workflow_id)
        told = await told_in(await run.fetch_history(), codec)
        assert b'"key_id":"dev"' in told or b"SGD" in told  # it is in clear
        assert traces_in(told) == []


async def test_no_log_line_holds_a_secret(everything_done: Site) -> None:
    lines = logged(everything_done.records)
    assert any(record.name.startswith("temporalio") for record in everything_done.records)
    assert traces_in(lines) == []


async def test_a_repeated_request_gets_its_first_answer_and_no_secret(site: Site) -> None:
    body = stripe()
    first, again = [
        await site.http.post("/integrations", json=body, headers={KEY: "planted-twice"})
        for _ in range(2)
    ]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert MARK not in again.text


@pytest.mark.parametrize("disguise", ["plain", "base64", "hex"])
def test_the_search_sees_through_a_disguise(disguise: str) -> None:
    secret = planted("sk_test_").encode()
    for padding in range(3):
        around = b"x" * padding + secret
        hidden = {
            "plain": around,
            "base64": base64.b64encode(around),
            "hex": around.hex().encode(),
        }[disguise]
        assert traces_in(b"before " + hidden + b" after")
