"""An operation of the API: a function of the platform and one typed call, free of HTTP."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from simulators.justifi.errors import not_found
from simulators.justifi.platform import JustifiPlatform, Origin
from simulators.store import Table

P = TypeVar("P", bound=BaseModel)


class OfAccount(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def account_id(self) -> str: ...


A = TypeVar("A", bound=OfAccount)


@dataclass(frozen=True)
class Call(Generic[P]):
    """`subject` is the id in the path; `sub_account` is empty where the header was not sent."""

    params: P
    subject: str
    sub_account: str
    origin: Origin


def found(platform: JustifiPlatform, table: Table[A], call: Call[P]) -> A:
    """What belongs to another sub account than the one named is not found."""
    record = platform.find(table, call.subject)
    if not _is_seen(platform, record, call.sub_account):
        raise not_found()
    return record


def seen(platform: JustifiPlatform, newest_first: Iterable[A], call: Call[P]) -> Iterator[A]:
    return (one for one in newest_first if _is_seen(platform, one, call.sub_account))


def _is_seen(platform: JustifiPlatform, record: OfAccount, sub_account: str) -> bool:
    """The platform itself sees everything."""
    return sub_account in ("", platform.identity.id, record.account_id)
