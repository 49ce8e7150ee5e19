"""Keeps every record in memory and writes it through to SQLite before an answer leaves."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter


class Record(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Record)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
)
"""
# An update keeps the row's rowid, so that rows load in the order in which they were made.
_WRITE = """
INSERT INTO records (kind, id, body) VALUES (?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body
"""


class Table(Generic[R]):
    """Records of one kind, oldest first."""

    def __init__(self, kind: str, shape: type[R], store: "Store") -> None:
        self._kind = kind
        self._adapter = TypeAdapter(shape)
        self._store = store
        self._records = {
            identifier: self._adapter.validate_json(body) for identifier, body in store.read(kind)
        }

    def put(self, record: R) -> R:
        self._records[record.id] = record
        self._store.note(self._kind, record.id, lambda: self._adapter.dump_json(record))
        return record

    def get(self, identifier: str) -> R | None:
        return self._records.get(identifier)

    def drop(self, identifier: str) -> None:
        if self._records.pop(identifier, None) is not None:
            self._store.note(self._kind, identifier, None)

    def clear(self) -> None:
        for identifier in list(self._records):
            self.drop(identifier)

    def newest_first(self) -> Iterator[R]:
        return reversed(self._records.values())

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)


class Store:
    """Synchronous is off: the file survives the death of this process, not a power cut."""

    def __init__(self, path: Path | None = None) -> None:
        self._database = _open(path) if path else None
        self._pending: dict[tuple[str, str], Callable[[], bytes] | None] = {}

    def table(self, kind: str, shape: type[R]) -> Table[R]:
        return Table(kind, shape, self)

    def read(self, kind: str) -> list[tuple[str, bytes]]:
        if self._database is None:
            return []
        rows = self._database.execute(
            "SELECT id, body FROM records WHERE kind = ? ORDER BY rowid", (kind,)
        )
        return [(str(identifier), bytes(body)) for identifier, body in rows]

    def note(self, kind: str, identifier: str, dump: Callable[[], bytes] | None) -> None:
        if self._database is not None:
            self._pending[kind, identifier] = dump

    def flush(self) -> None:
        """One transaction for all that changed since the last one."""
        if self._database is None or not self._pending:
            return
        changes, self._pending = self._pending, {}
        written = [(*key, dump()) for key, dump in changes.items() if dump is not None]
        dropped = [key for key, dump in changes.items() if dump is None]
        with self._database:
            self._database.executemany(_WRITE, written)
            self._database.executemany("DELETE FROM records WHERE kind = ? AND id = ?", dropped)

    def close(self) -> None:
        self.flush()
        if self._database is not None:
            self._database.close()
            self._database = None


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_SCHEMA)
    database.commit()
    return database
