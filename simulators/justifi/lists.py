"""Cursor-paged lists, newest first, in JustiFi's envelope."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import dropwhile, islice
from typing import Annotated, Protocol, TypeVar

from pydantic import BeforeValidator

from simulators.justifi.bodies import Query
from simulators.justifi.errors import UnfitRequestError, Wire

DEFAULT, MOST = 25, 100


class Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created(self) -> float: ...


D = TypeVar("D", bound=Dated)


def _limit(value: object) -> object:
    """What is no number is as good as nothing."""
    text = str(value)
    return max(1, min(int(text), MOST)) if text.isdecimal() else DEFAULT


class ListQuery(Query):
    limit: Annotated[int, BeforeValidator(_limit)] = DEFAULT
    after_cursor: str | None = None
    before_cursor: str | None = None
    created_before: datetime | None = None
    created_after: datetime | None = None


def envelope(identifier: str | None, kind: str, data: object, page_info: Wire | None) -> Wire:
    return {"id": identifier, "type": kind, "data": data, "page_info": page_info}


def page(query: ListQuery, newest_first: Iterable[D], render: Callable[[D], Wire]) -> Wire:
    if query.after_cursor and query.before_cursor:
        raise UnfitRequestError(400, "bad_request", "Give after_cursor or before_cursor, not both")
    dated = (item for item in newest_first if within(item.created, query))
    if query.before_cursor:
        found, more = _before(dated, _read(query.before_cursor), query.limit)
        has_previous, has_next = more, True
    else:
        found, more = _after(dated, query.after_cursor, query.limit)
        has_previous, has_next = query.after_cursor is not None, more
    info: Wire = {
        "has_next": has_next,
        "has_previous": has_previous,
        "start_cursor": _cursor(found[0]) if found else "",
        "end_cursor": _cursor(found[-1]) if found else "",
    }
    return envelope(None, "array", [render(item) for item in found], info)


def within(moment: float, query: ListQuery) -> bool:
    before, after = query.created_before, query.created_after
    return (before is None or moment < seconds(before)) and (
        after is None or moment > seconds(after)
    )


def seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _after(items: Iterable[D], cursor: str | None, limit: int) -> tuple[list[D], bool]:
    if cursor:
        last = _read(cursor)
        items = islice(dropwhile(lambda item: item.id != last, items), 1, None)
    found = list(islice(items, limit + 1))
    return found[:limit], len(found) > limit


def _before(items: Iterable[D], first: str, limit: int) -> tuple[list[D], bool]:
    found: list[D] = []
    for item in items:
        if item.id == first:
            break
        found.append(item)
    return found[-limit:], len(found) > limit


def _cursor(item: D) -> str:
    moment = datetime.fromtimestamp(item.created, UTC).strftime("%Y-%m-%d %H:%M:%S.%f000")
    return base64.b64encode(json.dumps([moment, item.id]).encode()).decode()


def _read(cursor: str) -> str:
    try:
        _, identifier = json.loads(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise UnfitRequestError(400, "bad_request", "That is no cursor") from None
    return str(identifier)
