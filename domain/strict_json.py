"""JSON that every reader reads alike (RFC 7493): one that is not is refused before it is read."""

import json
import math
from collections.abc import Iterable, Mapping

from domain.codes import Code

# What was found, for a sentence that must not repeat it.
FLAWS = {
    Code.INVALID_NUMBER: "a number is none in JSON (NaN, Infinity), or too large for a double",
    Code.DUPLICATE_MEMBER: "an object names a member twice",
    Code.NESTED_TOO_DEEP: "it is nested more than 64 levels deep",
}
_DEEPEST = 64
_DOUBLE_DIGITS = 308


class _Flaw(Exception):
    def __init__(self, code: Code) -> None:
        self.code = code


def flaw_in(body: bytes) -> Code | None:
    """One of ``FLAWS``. None also for what is no JSON at all: whoever reads it will say so."""
    try:
        value = json.loads(
            body,
            parse_constant=_refused,
            parse_float=_finite,
            parse_int=_held_by_a_double,
            object_pairs_hook=_once_each,
        )
    except _Flaw as flaw:
        return flaw.code
    except (ValueError, RecursionError):
        return None
    return Code.NESTED_TOO_DEEP if _is_too_deep(value) else None


def _refused(_: str) -> float:
    raise _Flaw(Code.INVALID_NUMBER)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _held_by_a_double(text: str) -> float:
    return _refused(text) if len(text) > _DOUBLE_DIGITS else 0


def _once_each(members: Iterable[tuple[str, object]]) -> Mapping[str, object]:
    pairs = list(members)
    together = dict(pairs)
    if len(together) < len(pairs):
        raise _Flaw(Code.DUPLICATE_MEMBER)
    return together


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [each for part in level for each in _parts_of(part)]
    return bool(level)


def _parts_of(part: object) -> Iterable[object]:
    if isinstance(part, dict):
        return part.values()
    return part if isinstance(part, list) else ()
