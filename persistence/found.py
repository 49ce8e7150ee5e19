"""Columns of rows that somebody may have altered: what cannot be read is shown, and not raised.

SQLite keeps JSON and moments as text, and whoever owns the file can write any other text there.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, Dialect, TypeDecorator

from persistence.columns import UtcDateTime


class FoundObject(TypeDecorator[dict[str, JsonValue]]):
    """A JSON object. What is none comes out as one that was never written."""

    impl = JSON
    cache_ok = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[object], dict[str, JsonValue] | None]:
        read = super().result_processor(dialect, coltype)
        if read is None:  # PostgreSQL's driver gives the object itself
            return _object

        def found(kept: object) -> dict[str, JsonValue] | None:
            value = kept
            with suppress(ValueError, TypeError, RecursionError):
                value = read(kept)
            return _object(value)

        return found


class FoundMoment(UtcDateTime):
    """A moment. What is none comes out as the first of all."""

    cache_ok = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[object], datetime | None]:
        read = super().result_processor(dialect, coltype)
        assert read is not None

        def found(kept: object) -> datetime | None:
            try:
                return read(kept)
            except (ValueError, TypeError):
                return datetime.min.replace(tzinfo=UTC)

        return found


def _object(value: object) -> dict[str, JsonValue] | None:
    return value if value is None or isinstance(value, dict) else {"unreadable": str(value)}
