"""SQLite on the event loop: its statements take less time than waking a thread for them would.

What may take long, the wait for another process's transaction, is an await.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

_PRAGMAS = (
    "PRAGMA busy_timeout=0",  # SQLite's own way of waiting would hold up the whole process
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)
_LOCK_WAIT = 10.0  # seconds
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.008


class InlineSession(AsyncSession):
    """An async session on a plain engine.

    Nothing in it suspends, so that transactions of one process never meet. Its own context
    managers end in tasks of their own: use the plain session's.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(expire_on_commit=False)
        self.sync_session.bind = engine

    if not TYPE_CHECKING:  # with the types of what it overrides

        async def exec(self, statement, **options):
            return self.sync_session.exec(statement, **options)


class Sqlite:
    """Sessions on one file, which other processes use as well."""

    def __init__(self, url: str) -> None:
        # Parameters stay out of error messages: they hold personal data.
        self._engine = create_engine(url, hide_parameters=True, max_overflow=-1)
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        self._readers = self._engine.execution_options(reads_only=True)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        session = InlineSession(self._engine)
        with session.sync_session as plain, plain.begin():
            await _take_write_lock(plain)
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        session = InlineSession(self._readers)
        with session.sync_session:
            yield session

    async def close(self) -> None:
        self._engine.dispose()


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing: _begin does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes its lock at once: an upgrade in mid-transaction would fail, not wait."""
    reads_only = connection.get_execution_options().get("reads_only", False)
    cursor = connection.connection.cursor()  # the driver's own: a statement of SQLAlchemy's costs
    cursor.execute("BEGIN" if reads_only else "BEGIN IMMEDIATE")
    cursor.close()


async def _take_write_lock(session: Session) -> None:
    deadline = time.monotonic() + _LOCK_WAIT
    pause = _FIRST_PAUSE
    while True:
        try:
            session.connection()
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
