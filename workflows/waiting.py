"""Waiting for facts that handlers record."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, repeat

from temporalio import workflow


async def happens_within(window: timedelta, condition: Callable[[], bool], summary: str) -> bool:
    """Whether the condition came true in time. A fact in the same instant still counts."""
    try:
        await workflow.wait_condition(condition, timeout=window, timeout_summary=summary)
    except TimeoutError:
        return condition()
    return True


def pauses(*first: timedelta, then: timedelta) -> Iterator[timedelta]:
    """How long to wait before each look at the provider: the first ones, then the last for ever."""
    return chain(first, repeat(then))
