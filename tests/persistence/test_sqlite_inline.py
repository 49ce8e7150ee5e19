"""The driver under SQLAlchemy: it waits for other processes without holding up this one."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from persistence.sqlite_inline import InlineConnection


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "plain.db")


async def test_a_lock_held_elsewhere_is_awaited_while_others_go_on(path: str) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE notes (word TEXT)")
    other.execute("BEGIN IMMEDIATE")
    connection = InlineConnection(path)

    writing = asyncio.create_task(connection.cursor().execute("INSERT INTO notes VALUES ('a')"))
    await asyncio.sleep(0)
    assert not writing.done()
    other.execute("COMMIT")
    await writing

    assert other.execute("SELECT word FROM notes").fetchall() == [("a",)]
    other.close()
    await connection.close()


async def test_a_wrong_statement_is_told_at_once(path: str) -> None:
    connection = InlineConnection(path)

    with pytest.raises(sqlite3.OperationalError):
        await connection.cursor().execute("SELECT * FROM nowhere")
    await connection.close()


async def test_a_closed_connection_is_used_no_more(path: str) -> None:
    connection = InlineConnection(path)
    await connection.close()
    await connection.close()

    with pytest.raises(ValueError, match="no active connection"):
        connection.cursor()


async def test_rows_and_counts_come_back(path: str) -> None:
    connection = InlineConnection(path)
    cursor = connection.cursor()
    await cursor.execute("CREATE TABLE notes (word TEXT)")
    await cursor.executemany("INSERT INTO notes VALUES (?)", [("a",), ("b",)])

    assert cursor.rowcount == 2
    await cursor.execute("SELECT word FROM notes ORDER BY word")
    assert await cursor.fetchall() == [("a",), ("b",)]
    await connection.close()
