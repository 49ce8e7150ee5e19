"""Every test here runs on both databases, each on a fresh copy of migrated tables."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from domain.purchases import PurchaseOrder
from persistence.database import Database
from persistence.migrate import migrate
from persistence.quotes import QuoteRecords
from tests.persistence.samples import order, quote
from tests.postgres import binaries, postgres

_TEMPLATE = "prepared"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    bin_dir = binaries()
    if bin_dir is None:
        pytest.skip("no PostgreSQL server on this machine")
    with postgres(bin_dir) as server:
        yield server


@pytest.fixture(scope="session")
def prepared_postgres(postgres_server: str) -> str:
    asyncio.run(_execute(postgres_server, f"CREATE DATABASE {_TEMPLATE}"))
    asyncio.run(migrate(f"{driven(postgres_server)}/{_TEMPLATE}"))
    return postgres_server


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "paybind.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, migrated and empty."""
    if request.param == "sqlite":
        path = tmp_path / "paybind.db"
        shutil.copy(request.getfixturevalue("prepared_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("prepared_postgres")
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
    yield f"{driven(server)}/{name}"
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def ordered(database: Database) -> PurchaseOrder:
    """The order of a purchase whose quote is registered; nothing is opened yet."""
    await QuoteRecords(database).register(quote())
    return order()


def driven(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
