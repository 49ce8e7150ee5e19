"""PostgreSQL by its async driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession


class Postgres:
    def __init__(self, url: str) -> None:
        # Parameters stay out of error messages: they hold personal data.
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            pool_timeout=10,
            connect_args={"timeout": 5, "command_timeout": 30},
        )
        # All that one reader reads is of one moment, as it is on SQLite.
        self._readers = self._engine.execution_options(isolation_level="REPEATABLE READ")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def reading(self) -> AsyncSession:
        return AsyncSession(self._readers, expire_on_commit=False)

    async def close(self) -> None:
        await self._engine.dispose()
