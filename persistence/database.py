"""One database, SQLite or PostgreSQL: transactions for writers, snapshots for readers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from persistence.faults import translated_faults

_SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout=10000",  # milliseconds; first, so that the others wait as well
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """``url`` names the async driver: ``sqlite+aiosqlite:///…`` or ``postgresql+asyncpg://…``."""

    def __init__(self, url: str) -> None:
        self.engine = _engine_of(url)
        readers = self.engine.execution_options(reads_only=True)
        self._writers = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        self._readers = async_sessionmaker(readers, class_=AsyncSession, expire_on_commit=False)
        # SQLite has one writer at a time and lets the others poll: inside a process we queue.
        self._turn: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """All of it is kept when the block ends, or nothing when it raises."""
        with translated_faults():
            async with self._turn, self._writers() as session, session.begin():
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For statements that change nothing. It never waits for a writer."""
        with translated_faults():
            async with self._readers() as session:
                yield session

    async def ping(self) -> None:
        """Raises ``Unavailable`` when the database is away."""
        async with self.reading() as session:
            await session.exec(select(1))

    async def close(self) -> None:
        await self.engine.dispose()


def _engine_of(url: str) -> AsyncEngine:
    # Parameters stay out of error messages: they hold personal data.
    if not url.startswith("sqlite"):
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            pool_timeout=10,
            connect_args={"timeout": 5, "command_timeout": 30},
        )
    engine = create_async_engine(url, hide_parameters=True, pool_timeout=10)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing: _begin_sqlite does
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: an upgrade in mid-transaction would fail, not wait."""
    reads_only = connection.get_execution_options().get("reads_only", False)
    cursor = connection.connection.cursor()  # the driver's own: a statement of SQLAlchemy's costs
    cursor.execute("BEGIN" if reads_only else "BEGIN IMMEDIATE")
    cursor.close()
