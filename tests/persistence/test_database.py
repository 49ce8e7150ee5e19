"""The database itself: migrations, outages, and two processes that write at once."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select

from domain.errors import Unavailable
from domain.purchases import ReviewReason
from persistence.database import Database
from persistence.keys import KeyRecords
from persistence.migrate import migrate
from persistence.purchase_views import view_of_purchase
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from persistence.rows.reviews import ReviewRow
from persistence.rows.tenants import ApiKeyRow, TenantRow
from tests.persistence.samples import NOON, TENANT, begin, order, paid, quote, settlement
from tests.postgres import binaries, postgres


class InterruptedTransaction(Exception): ...


ALEMBIC_INI = Path(__file__).parents[2] / "alembic.ini"


async def test_migrating_a_migrated_database_changes_nothing(url: str) -> None:
    database = Database(url)
    await QuoteRecords(database).register(quote())

    await asyncio.gather(migrate(url), migrate(url), migrate(url))

    assert await QuoteRecords(database).get(TENANT, "Q-1") == quote()
    await database.close()


async def test_several_processes_may_migrate_a_new_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/not/there/yet/paybind.db"

    await asyncio.gather(*(migrate(url) for _ in range(4)))

    database = Database(url)
    await database.ping()
    assert await QuoteRecords(database).get(TENANT, "Q-1") is None
    await database.close()


def test_the_tables_are_those_of_the_migrations(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(ALEMBIC_INI.parent)

    command.check(Config(str(ALEMBIC_INI)))


def test_migrations_can_be_undone_and_done_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(ALEMBIC_INI.parent)
    config = Config(str(ALEMBIC_INI))

    command.downgrade(config, "base")
    command.upgrade(config, "head")

    command.check(config)


async def test_what_0001_kept_gets_its_mode_from_what_it_belongs_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live tenant and one that only tried things out, each with a key and a review."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(ALEMBIC_INI.parent)
    database, config = Database(url), Config(str(ALEMBIC_INI))
    for tenant_id, livemode in ((TENANT, True), ("ten_trying", False)):
        await KeyRecords(database).ensure_tenant(tenant_id, "Acme", NOON)
        await KeyRecords(database).create(
            tenant_id, "till", [], f"hash of {tenant_id}", "abcd", NOON, livemode=livemode
        )
        sold = quote("Q-1", tenant_id).model_copy(update={"livemode": livemode})
        await QuoteRecords(database).register(sold)
        bought = order("Q-1", 1, tenant_id).model_copy(update={"livemode": livemode})
        await begin(PurchaseRecords(database), bought, NOON)
        await PurchaseRecords(database).flag_review(
            bought.purchase_id, ReviewReason.DISPUTE_OPENED, None, NOON
        )
    modes = await _modes(database)

    await asyncio.to_thread(command.downgrade, config, "0001")
    await asyncio.to_thread(command.upgrade, config, "head")

    tenants = {(TENANT, True), ("ten_trying", False)}
    assert modes == {(kind, *tenant) for kind in ("key", "review") for tenant in tenants}
    assert await _modes(database) == modes
    await database.close()


async def _modes(database: Database) -> set[tuple[str, str, bool]]:
    async with database.reading() as session:
        keys = {
            ("key", row.tenant_id, row.livemode) for row in await session.exec(select(ApiKeyRow))
        }
        reviews = await session.exec(select(ReviewRow))
        return keys | {("review", row.tenant_id, row.livemode) for row in reviews}


async def test_a_moment_comes_back_in_utc_whatever_zone_it_went_in(database: Database) -> None:
    singapore = datetime(2026, 11, 20, 20, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))
    keys = KeyRecords(database)
    await keys.ensure_tenant(TENANT, "Acme", singapore)
    key = await keys.create(TENANT, "till", [], "hash-1", "abcd", singapore, livemode=False)

    found = await keys.by_hash("hash-1")

    assert found is not None
    assert found.created_at == key.created_at
    assert found.created_at.utcoffset() == timedelta(0)


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError):
        await KeyRecords(database).ensure_tenant(TENANT, "Acme", NOON.replace(tzinfo=None))


async def test_a_broken_rule_is_a_fault_and_tells_no_personal_data(database: Database) -> None:
    with pytest.raises(IntegrityError) as broken:
        await begin(PurchaseRecords(database), order("Q-unregistered"), NOON)

    assert "mei@example.com" not in str(broken.value)


async def test_a_database_without_our_tables_asks_for_the_migration(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(ALEMBIC_INI.parent)
    await asyncio.to_thread(command.downgrade, Config(str(ALEMBIC_INI)), "base")
    empty = Database(url)

    with pytest.raises(Unavailable, match="run `paybind migrate`"):
        await PurchaseRecords(empty).get("pur_1")
    with pytest.raises(Unavailable, match="run `paybind migrate`"):
        await KeyRecords(empty).ensure_tenant(TENANT, "Acme", NOON)

    await empty.close()


@pytest.mark.parametrize(
    "url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_connections_that_the_server_closed_while_they_were_idle_are_replaced(
    postgres_server: str, database: Database, url: str
) -> None:
    await QuoteRecords(database).register(quote())
    async with database.reading(), database.reading():  # two at once: both are in the pool then
        await asyncio.gather(database.ping(), database.ping())
    await _end_all_sessions(postgres_server, url.rpartition("/")[2])

    assert await QuoteRecords(database).get(TENANT, "Q-1") == quote()
    await begin(PurchaseRecords(database), order(), NOON)
    await asyncio.gather(*(database.ping() for _ in range(4)))


async def _end_all_sessions(server: str, name: str) -> None:
    """Until the server has none of that database any more."""
    operator = await asyncpg.connect(f"{server}/postgres")
    try:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1"
        assert len(await operator.fetch(ended, name)) >= 2
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
        assert await operator.fetchval(left, name) == 0
    finally:
        await operator.close()


async def test_a_failed_transaction_leaves_nothing_behind(database: Database) -> None:
    async def interrupted() -> None:
        async with database.transaction() as session:
            session.add(TenantRow(tenant_id=TENANT, name="Acme", created_at=NOON))
            await session.flush()
            raise InterruptedTransaction

    with pytest.raises(InterruptedTransaction):
        await interrupted()

    async with database.reading() as session:
        assert await session.get(TenantRow, TENANT) is None


async def test_what_a_reader_sees_is_of_one_moment(database: Database) -> None:
    await QuoteRecords(database).register(quote())
    purchases = PurchaseRecords(database)
    purchase = await begin(purchases, order(), NOON)
    async with database.reading() as session:
        before = await view_of_purchase(session, TENANT, order().purchase_id)

        await purchases.record(settlement(paid(purchase)), NOON)

        assert await view_of_purchase(session, TENANT, order().purchase_id) == before


async def test_a_file_locked_by_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "paybind.db"
    await migrate(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    with locked_file(path) as other:
        writing = asyncio.create_task(QuoteRecords(database).register(quote()))
        assert await QuoteRecords(database).get(TENANT, "Q-1") is None  # readers do not wait
        assert not writing.done()
        other.execute("COMMIT")

    assert await writing == quote()
    await database.close()


async def test_two_processes_draw_numbers_from_one_database(url: str) -> None:
    one, other = Database(url), Database(url)
    words = []
    for number in range(10):
        await QuoteRecords(one).register(quote(f"Q-{number}"))
        words.append(
            settlement(paid(await begin(PurchaseRecords(one), order(f"Q-{number}"), NOON)))
        )

    settled = await asyncio.gather(
        *(PurchaseRecords((one, other)[n % 2]).record(word, NOON) for n, word in enumerate(words))
    )

    assert len({answer.policy_number for answer in settled}) == 10
    await one.close()
    await other.close()


async def test_asking_whether_a_file_is_there_waits_for_no_writer(tmp_path: Path) -> None:
    path = tmp_path / "paybind.db"
    database = Database(f"sqlite:///{path}")
    await database.ping()
    with locked_file(path):
        async with asyncio.timeout(1):
            await database.ping()
    await database.close()


async def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/paybind.db")

    with pytest.raises(Unavailable):
        await database.ping()
    with pytest.raises(Unavailable):
        await QuoteRecords(database).register(quote())
    await database.close()


@pytest.mark.postgres
async def test_postgres_stopped_is_unavailable_before_and_during_use() -> None:
    bin_dir = binaries()
    if bin_dir is None:
        pytest.skip("no PostgreSQL server on this machine")
    with postgres(bin_dir) as server:
        url = f"{server.replace('postgresql', 'postgresql+asyncpg', 1)}/postgres"
        await migrate(url)
        database = Database(url)
        await QuoteRecords(database).register(quote())

    with pytest.raises(Unavailable):  # the connection in the pool has died
        await QuoteRecords(database).get(TENANT, "Q-1")
    with pytest.raises(Unavailable):  # and there is none to be had
        await database.ping()
    await database.close()


@contextmanager
def locked_file(path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()
