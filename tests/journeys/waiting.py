"""Waiting for what will be true: a look, a hope and a deadline instead of a sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import httpx

from domain.errors import Unavailable

Seen = TypeVar("Seen")
LOOK_AGAIN = 0.05  # seconds


class Away(Exception):
    """The answer was 503: whoever waits looks again."""


async def until(
    look: Callable[[], Awaitable[Seen]],
    hoped: Callable[[Seen], object] = bool,
    within: float = 60,
) -> Seen:
    """What was seen when it was as hoped; an outage meanwhile is only a reason to look again."""
    seen: Seen | str = "nothing"
    try:
        async with asyncio.timeout(within):
            while True:
                with suppress(Away, Unavailable, httpx.TransportError):
                    seen = await look()
                    if hoped(seen):
                        return seen
                await asyncio.sleep(LOOK_AGAIN)
    except TimeoutError:
        raise AssertionError(f"after {within} s there was still {seen!r}") from None
