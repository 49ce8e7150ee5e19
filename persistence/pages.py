"""Pages by key, newest first: a cursor names the last row seen, so new rows shift nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import Mapped

from domain.errors import Code, Invalid
from domain.model import Model
from domain.views import Page

Item = TypeVar("Item", bound=Model)
Place = tuple[datetime, str]


def after(cursor: str | None, at: Mapped[datetime], key: Mapped[str]) -> list[ColumnElement[bool]]:
    """The conditions for rows that come after the cursor in the order newest first."""
    if cursor is None:
        return []
    return [tuple_(at, key) < tuple_(*_place_of(cursor))]


def page_of(found: Sequence[Item], limit: int, place: Callable[[Item], Place]) -> Page[Item]:
    """``found`` holds one row more than ``limit`` where there is another page."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items=items, next_cursor=_cursor_of(place(items[-1])) if more else None)


def _cursor_of(place: Place) -> str:
    at, key = place
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{key}".encode()).decode().rstrip("=")


def _place_of(cursor: str) -> Place:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, key = raw.partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not key or "\0" in key:
            raise ValueError("not a place")
    except (ValueError, binascii.Error):
        raise Invalid(Code.INVALID_CURSOR, "this cursor was not made here") from None
    return moment, key
