"""Cursor-paged lists, newest first."""

from collections.abc import Callable, Iterable
from itertools import dropwhile, islice
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

from simulators.stripe.errors import StripeError
from simulators.stripe.forms import Integer, Nested, Params, Text
from simulators.stripe.objects import Wire


class Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created(self) -> int: ...


D = TypeVar("D", bound=Dated)


class CreatedRange(Nested):
    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None

    def holds(self, moment: int) -> bool:
        return (
            (self.gt is None or moment > self.gt)
            and (self.gte is None or moment >= self.gte)
            and (self.lt is None or moment < self.lt)
            and (self.lte is None or moment <= self.lte)
        )


class ListParams(Params):
    limit: Annotated[Integer, Field(ge=1, le=100)] = 10
    starting_after: Text | None = None
    ending_before: Text | None = None
    created: CreatedRange | None = None


def page(
    url: str, params: ListParams, newest_first: Iterable[D], render: Callable[[D], Wire]
) -> Wire:
    if params.starting_after and params.ending_before:
        raise StripeError(
            "You may only provide one of starting_after or ending_before.",
            code="parameters_exclusive",
        )
    created = params.created
    dated = (item for item in newest_first if created is None or created.holds(item.created))
    if params.ending_before:
        found, more = _before(dated, params.ending_before, params.limit)
    else:
        found, more = _after(dated, params.starting_after, params.limit)
    return {
        "object": "list",
        "data": [render(item) for item in found],
        "has_more": more,
        "url": url,
    }


def _after(items: Iterable[D], cursor: str | None, limit: int) -> tuple[list[D], bool]:
    if cursor:
        items = islice(dropwhile(lambda item: item.id != cursor, items), 1, None)
    found = list(islice(items, limit + 1))
    return found[:limit], len(found) > limit


def _before(items: Iterable[D], cursor: str, limit: int) -> tuple[list[D], bool]:
    found: list[D] = []
    for item in items:
        if item.id == cursor:
            break
        found.append(item)
    return found[-limit:], len(found) > limit
