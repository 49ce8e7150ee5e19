"""A shop for the session: real services and workflows, a provider and a mail service in memory."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from composition import build_services
from connections import connect_database, connect_temporal
from domain.tenants import Scope
from environment import accounts_of
from gateways.integrations import GatewayProviders
from gateways.justifi_integration import JustifiProvider
from persistence.migrate import migrate
from settings import Settings
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail, FakePrinter
from tests.harbour import CODE, Harbour, put_into_catalogue
from tests.mcp_server.justifi_double import (
    CLIENT_ID,
    CLIENT_SECRET,
    SELLER,
    JustifiDouble,
    justifi_double,
)
from tests.mcp_server.shop import Shop
from tests.mcp_server.site import Site, opened
from worker import documents_worker, purchases_worker
from workflows import attributes

TENANT = "ten_acme"


def _binary(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=_binary("temporal-test-server")
    ) as env:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        kinds = {"Keyword": keyword, "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL}
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={name: kinds[kind] for name, kind in attributes.ALL.items()},
            )
        )
        yield env


@pytest.fixture(scope="session")
async def justifi() -> AsyncIterator[JustifiDouble]:
    async with justifi_double() as double:
        yield double


@pytest.fixture(scope="session")
async def shop(
    temporal: WorkflowEnvironment,
    justifi: JustifiDouble,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Shop]:
    settings = Settings(
        paybind_home=tmp_path_factory.mktemp("shop"),
        temporal_address=temporal.client.service_client.config.target_host,
        worker_metrics_port=0,
        BACKEND_API_URL="https://paybind.example",
        justifi_client_id=CLIENT_ID,
        justifi_client_secret=SecretStr(CLIENT_SECRET),
        justifi_base_url=justifi.base_url,
        justifi_sub_account=SELLER,
    )
    await migrate(settings.database)
    database, client = connect_database(settings), await connect_temporal(settings)
    payments, mail, harbour = FakePayments(), FakeMail(), Harbour()
    providers: GatewayProviders = {CODE: harbour, "justifi": JustifiProvider(justifi.base_url)}
    services = build_services(settings, client, database, providers)
    await put_into_catalogue(services.connections)
    _, key = await services.api_keys.issue(TENANT, "agent", frozenset(Scope) - {Scope.ADMIN})
    accounts = accounts_of(settings)
    async with (
        purchases_worker(client, settings, database, payments, mail, providers, accounts),
        documents_worker(client, settings, database, FakePrinter()),
    ):
        yield Shop(settings, services, payments, mail, key, TENANT, harbour)
    for account in accounts.values():
        await account.close()
    await database.close()


@pytest.fixture(scope="module")
async def site(shop: Shop) -> AsyncIterator[Site]:
    async with opened(shop) as site:
        yield site
