"""Trying a step at once, patiently where that fails, and under a new key where one is spoilt."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityConfig

from workflows import options

Ports = TypeVar("Ports")
Given = TypeVar("Given")
Result = TypeVar("Result")


async def promptly(
    step: Callable[[Ports, Given], Awaitable[Result]],
    given: Given,
    patience: ActivityConfig = options.PATIENTLY,
    when_delayed: Callable[[], None] | None = None,
) -> Result:
    """Run an idempotent step as a local activity; once that failed, as a regular one.

    The happy path costs one marker in history; a failing step shows up among the pending
    activities, with its attempts and its last failure, where operators look.
    """
    try:
        return await workflow.execute_local_activity_method(step, given, **options.PROMPTLY)
    except ActivityError as error:
        if is_final(error):
            raise
        pause = _pause_asked_by(error)
    if when_delayed is not None:
        when_delayed()
    if pause is not None:  # a Retry-After binds the first repetition, too
        await workflow.sleep(pause, summary="as long as the service asked for")
    return await workflow.execute_activity_method(step, given, **patience)


async def under_fresh_keys(attempt: Callable[[int], Awaitable[Result]]) -> Result:
    """Attempt it under the next key when the provider has stored a fault under the last one."""
    *first, last = options.ATTEMPT_GROUPS
    for group in first:
        try:
            return await attempt(group)
        except ActivityError as error:
            if fault_of(error) != "StoredFault":
                raise
    return await attempt(last)


def is_final(error: ActivityError) -> bool:
    """Whether repeating is pointless: the activity said so."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def fault_of(error: ActivityError) -> str | None:
    """The name of the fault that ended an activity, such as ``StoredFault``."""
    return error.cause.type if isinstance(error.cause, ApplicationError) else None


def words_of(error: ActivityError) -> str:
    """What the activity itself said when it failed."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)


def _pause_asked_by(error: ActivityError) -> timedelta | None:
    return error.cause.next_retry_delay if isinstance(error.cause, ApplicationError) else None
