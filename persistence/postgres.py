"""PostgreSQL by its async driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel.ext.asyncio.session import AsyncSession

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import AdaptedConnection


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
        event.listen(self._engine.sync_engine, "checkout", _replace_closed)
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


def _replace_closed(
    connection: DBAPIConnection, _: ConnectionPoolEntry, __: PoolProxiedConnection
) -> None:
    """What the server closed while it lay in the pool is opened anew before it is used.

    The driver has heard of it by then: it costs nothing, where a ping costs three round trips.
    """
    if cast("AdaptedConnection", connection).driver_connection.is_closed():
        raise DisconnectionError
