"""Regular expressions that others wrote, in time linear to the text: by RE2.

Python's own engine tries every way there is: `^(a+)+$` keeps it, and whoever waits for it, busy for
years. A time limit would refuse by chance, and hold the event loop until then. RE2 takes no
look-around and no back-references; what it does take means the same as in ECMA-262, down to `$`,
which is the very end.
"""

from functools import lru_cache
from typing import Protocol, cast

import re2

_LARGEST = 2_000  # instructions; the cost of a text is as many for each of its characters at worst
_MEMORY = 1 << 20  # bytes of one pattern and its states


class Pattern(Protocol):
    @property
    def programsize(self) -> int: ...
    def search(self, text: bytes, /) -> object | None: ...


class PatternRefused(ValueError):
    """It is none, RE2 does not take it, or it is too large."""


@lru_cache(maxsize=512)
def pattern_of(source: str) -> Pattern:
    """Raises ``PatternRefused``."""
    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = _MEMORY, False, True
    try:
        pattern = cast(Pattern, re2.compile(source.encode("utf-8", "surrogatepass"), options))
    except re2.error:
        raise PatternRefused(source) from None
    if pattern.programsize > _LARGEST:
        raise PatternRefused(source)
    return pattern


def is_found(source: str, text: str) -> bool:
    return pattern_of(source).search(text.encode("utf-8", "surrogatepass")) is not None


def cost_of(source: str, text: str) -> int:
    """Instructions at worst."""
    return pattern_of(source).programsize * (len(text) + 1)
