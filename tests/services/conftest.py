"""A shop on the real server, which keeps a list of runs: the one that skips time has none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from temporalio.client import Client

from composition import build_services
from connections import connect_database, connect_temporal
from domain.tenants import Scope
from gateways.fsspec_documents import FsspecDocuments
from persistence.database import Database
from persistence.migrate import migrate
from persistence.policies import PolicyRecords
from persistence.verification import VerificationRecords
from services.reconciliation import Reconciliation
from services.verification import VerificationService
from settings import Settings
from tests.api.door import SECRET
from tests.fake_payments import FakePayments
from tests.fakes import FakeMail, FakePrinter
from tests.mcp_server.shop import Shop
from tests.workflows.servers import start_dev_server
from worker import documents_worker, purchases_worker


@dataclass(frozen=True)
class Premises:
    """A shop with what stands behind it."""

    shop: Shop
    client: Client
    database: Database
    verification: VerificationService


@pytest.fixture(scope="session")
async def premises(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Premises]:
    async with await start_dev_server() as server:
        settings = Settings(
            paybind_home=tmp_path_factory.mktemp("premises"),
            temporal_address=server.client.service_client.config.target_host,
            worker_metrics_port=0,
            stripe_webhook_secret=SECRET,
        )
        await migrate(settings.database)
        database, client = connect_database(settings), await connect_temporal(settings)
        services = build_services(settings, client, database)
        payments, mail = FakePayments(), FakeMail()
        _, key = await services.api_keys.issue("ten_acme", "tests", frozenset(Scope))
        async with (
            purchases_worker(client, settings, database, payments, mail),
            documents_worker(client, settings, database, FakePrinter()),
        ):
            shop = Shop(settings, services, payments, mail, key, "ten_acme")
            verification = VerificationService(
                VerificationRecords(database),
                PolicyRecords(database),
                FsspecDocuments(settings.documents),
                client,
                Reconciliation({"stripe": payments}),
            )
            yield Premises(shop, client, database, verification)
        await database.close()
