"""SQLite for SQLAlchemy's async engine without a thread per connection.

Handing each step of a statement to a thread costs a hundred times what SQLite itself needs for it.
Here statements run where they are asked for; what may take long, the wait for another process's
write lock, is an await.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Self

Value = str | int | float | bytes | None

_LOCK_WAIT = 10.0  # seconds
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.008


class InlineConnection:
    """What the adapter of SQLAlchemy's aiosqlite dialect asks of a connection."""

    def __init__(self, path: str) -> None:
        # No transactions of the driver's own making, and no waiting of SQLite's: it would block.
        self._connection: sqlite3.Connection | None = sqlite3.connect(
            path, timeout=0, isolation_level=None, check_same_thread=False
        )

    @property
    def isolation_level(self) -> str | None:
        return self._open.isolation_level

    def cursor(self) -> "InlineCursor":
        return InlineCursor(self._open.cursor())

    async def create_function(
        self, name: str, arguments: int, function: Callable[..., Value], deterministic: bool = False
    ) -> None:
        self._open.create_function(name, arguments, function, deterministic=deterministic)

    async def commit(self) -> None:
        await _when_free(self._open.commit)

    async def rollback(self) -> None:
        self._open.rollback()

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ValueError("no active connection")
        return self._connection


class InlineCursor:
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.arraysize = cursor.arraysize

    @property
    def description(self) -> Sequence[Sequence[str | None]] | None:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Value] = ()) -> Self:
        await _when_free(lambda: self._cursor.execute(statement, parameters))
        return self

    async def executemany(self, statement: str, rows: Sequence[Sequence[Value]]) -> Self:
        await _when_free(lambda: self._cursor.executemany(statement, rows))
        return self

    async def fetchall(self) -> list[tuple[Value, ...]]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


async def _when_free(act: Callable[[], object]) -> None:
    """Act, and act again while another process holds the lock. A refused act had no effect."""
    deadline = time.monotonic() + _LOCK_WAIT
    pause = _FIRST_PAUSE
    while True:
        try:
            act()
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
