"""The one place that tells a database which is away from a statement which is wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import Unavailable

_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
# Classes of SQLSTATE: connection, resources, shutdown, and transactions that lost to another.
_POSTGRES_AWAY = ("08", "40", "53", "57")
_POSTGRES_NO_TABLE = "42P01"


@contextmanager
def translated_faults() -> Iterator[None]:
    """Raises ``Unavailable`` for what passes by itself, or with the migration that is missing;
    anything else is a fault of ours."""
    try:
        yield
    except (OSError, PoolTimeout) as fault:
        raise Unavailable("the database does not answer") from fault
    except (DBAPIError, sqlite3.Error) as fault:
        if _lacks_tables(fault):
            raise Unavailable("the database lacks our tables: run `paybind migrate`") from fault
        if not _is_away(fault):
            raise
        raise Unavailable("the database is away or busy") from fault


def _lacks_tables(fault: DBAPIError | sqlite3.Error) -> bool:
    driver_fault = fault.orig if isinstance(fault, DBAPIError) else fault
    if isinstance(driver_fault, sqlite3.OperationalError):  # which has no code for it
        return str(driver_fault).startswith("no such table")
    return getattr(driver_fault, "sqlstate", None) == _POSTGRES_NO_TABLE


def _is_away(fault: DBAPIError | sqlite3.Error) -> bool:
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        return True
    driver_fault = fault.orig if isinstance(fault, DBAPIError) else fault
    if isinstance(driver_fault, sqlite3.Error):
        code: int = getattr(driver_fault, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_AWAY  # the rest of it are details
    state: str | None = getattr(driver_fault, "sqlstate", None)
    return state is not None and state.startswith(_POSTGRES_AWAY)
