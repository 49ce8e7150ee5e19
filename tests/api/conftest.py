"""One door for the session: everything in it is told apart by quote, never cleaned up."""

import asyncio
import base64
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from api.main import create_app
from composition import build_services
from connections import connect_database, connect_temporal
from domain.tenants import PLATFORM_TENANT, Scope
from gateways.providers import installed_providers
from persistence.database import Database
from persistence.migrate import migrate
from services.catalogue import Services
from settings import Settings
from tests.api.door import SECRET, Door
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail, FakePrinter
from tests.harbour import CODE, Harbour, put_into_catalogue
from tests.temporal_away import client_of_a_server_gone
from worker import documents_worker, purchases_worker
from workflows import attributes

BASE = "https://paybind.example"


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server_binary()
    ) as env:
        await _add_search_attributes(env.client)
        yield env


@pytest.fixture(scope="session")
async def door(
    temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    sendgrid = ec.generate_private_key(ec.SECP256R1())
    settings = Settings(
        paybind_home=tmp_path_factory.mktemp("door"),
        temporal_address=temporal.client.service_client.config.target_host,
        worker_metrics_port=0,
        stripe_webhook_secret=SECRET,
        sendgrid_webhook_public_key=_public(sendgrid),
        max_body_bytes=100_000,
        BACKEND_API_URL=BASE,
    )
    await migrate(settings.database)
    database, client = connect_database(settings), await connect_temporal(settings)
    payments, mail, printer, harbour = FakePayments(), FakeMail(), FakePrinter(), Harbour()
    nowhere = installed_providers({"justifi": "http://127.0.0.1:9"})  # nobody listens there
    providers = {**nowhere, CODE: harbour}
    app = create_app(settings, providers)
    async with (
        purchases_worker(client, settings, database, payments, mail, providers),
        documents_worker(client, settings, database, printer),
        started(app),
    ):
        await put_into_catalogue(app.state.services.connections)
        issued = app.state.services.api_keys.issue(PLATFORM_TENANT, "tests", frozenset(Scope))
        _, key = await issued
        async with client_of(app, key) as http:
            yield Door(app, settings, payments, mail, printer, key, http, sendgrid, harbour)
    await database.close()


@pytest.fixture
async def stranger(door: Door) -> AsyncIterator[AsyncClient]:
    """Nobody's client: no key at all."""
    async with client_of(door.app) as http:
        yield http


@pytest.fixture
async def neighbour(door: Door) -> AsyncIterator[AsyncClient]:
    """Another tenant, with every scope."""
    keys = door.app.state.services.api_keys
    _, key = await keys.issue("ten_neighbour", "tests", frozenset(Scope))
    async with client_of(door.app, key) as http:
        yield http


@pytest.fixture
async def without_temporal(door: Door) -> AsyncIterator[AsyncClient]:
    """A door whose Temporal server answered once, and then went away."""
    app = create_app(door.settings)
    short_lived = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server_binary()
    )
    client = await client_of_a_server_gone(short_lived, door.settings)
    database = Database(door.settings.database)
    providers = {CODE: door.harbour}
    app.state.services = build_services(door.settings, client, database, providers)
    async with client_of(app, door.key) as http:
        yield http
    await database.close()


@asynccontextmanager
async def door_over(door: Door, services: Services) -> AsyncIterator[AsyncClient]:
    """The same door, with other services behind it."""
    app = create_app(door.settings)
    app.state.services = services
    async with client_of(app, door.key) as http:
        yield http


def server_binary() -> str | None:
    beside = Path(sys.executable).with_name("temporal-test-server")
    return str(beside) if beside.exists() else shutil.which(beside.name)


def client_of(app: FastAPI, key: str | None = None) -> AsyncClient:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    transport = ASGITransport(app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url=BASE, headers=headers, timeout=40)


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[None]:
    """Its lifespan in one task, as a server runs it: a fixture may end in another than it began."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            ready.set()
            await stop.wait()

    task = asyncio.create_task(live())
    try:
        await asyncio.wait((task, asyncio.create_task(ready.wait())), return_when="FIRST_COMPLETED")
        yield
    finally:
        stop.set()
        await task


async def _add_search_attributes(client: Client) -> None:
    kinds = {
        "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    }
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={name: kinds[kind] for name, kind in attributes.ALL.items()},
        )
    )


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
