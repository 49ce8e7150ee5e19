"""One database, SQLite or PostgreSQL: transactions for writers, snapshots for readers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from persistence.faults import translated_faults
from persistence.postgres import Postgres
from persistence.rows import every  # noqa: F401  a row is written where all it refers to is known
from persistence.sqlite import Sqlite


class Database:
    """``url`` is ``sqlite:///…`` or ``postgresql+asyncpg://…``."""

    def __init__(self, url: str) -> None:
        self._engine = Sqlite(url) if url.startswith("sqlite") else Postgres(url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """All of it is kept when the block ends, or nothing when it raises.

        The block waits for nothing but the database: on SQLite others wait for its end.
        """
        with translated_faults():
            async with self._engine.writing() as session:
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For statements that change nothing. It never waits for a writer."""
        with translated_faults():
            async with self._engine.reading() as session:
                yield session

    async def ping(self) -> None:
        """Raises ``Unavailable`` when the database is away."""
        async with self.reading() as session:
            await session.exec(select(1))

    async def close(self) -> None:
        await self._engine.close()
