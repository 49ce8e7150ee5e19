"""Trying a step at once, patiently where that fails, and under a new key where one is spoilt."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutError
from temporalio.workflow import ActivityConfig

from workflows import options

Ports = TypeVar("Ports")
Given = TypeVar("Given")
Result = TypeVar("Result")

# How a step ends in vain: a regular activity wraps what it said, a local one does not.
FAILED = (ActivityError, ApplicationError, TimeoutError)
_SPOILT = ("StoredFault", "Conflict")  # what a key is worth nothing any more after


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
    except FAILED as error:
        if is_final(error):
            raise
        pause = pause_asked_by(error)
    if when_delayed is not None:
        when_delayed()
    if pause is not None:  # a Retry-After binds the first repetition, too
        await workflow.sleep(pause, summary="as long as the service asked for")
    return await workflow.execute_activity_method(step, given, **patience)


async def under_key(
    key: str, step: Callable[[Ports, Given], Awaitable[Result]], given: Given
) -> Result:
    """Run a step that acts at the provider under this key, past the 409s of a request at work.

    A 409 does not tell that request from one that has failed. So it is asked for again, and once
    every answer was a 409 for so long that nothing can be at work any more, the last one is raised:
    that is a fault which the provider has stored.
    """
    since: datetime | None = None
    while True:
        try:
            return await workflow.execute_activity_method(step, given, **options.moving_money(key))
        except FAILED as error:
            if fault_of(error) != "Conflict":
                raise
            since = since if since is not None and _began_before(error) else workflow.now()
            if workflow.now() - since >= options.AT_WORK_AT_MOST:
                raise
            pause = pause_asked_by(error) or options.AT_WORK_AT_MOST
        await workflow.sleep(pause, summary="a request under this key may be at work")


async def under_fresh_keys(
    attempt: Callable[[int], Awaitable[Result]], may_wait: Callable[[], bool] = lambda: True
) -> Result:
    """Attempt it under the next key when the provider has stored a fault under the last one.

    What was parked until the life of its key was over goes on, too, for as long as it ``may_wait``:
    every key after the first is used only after a look that finds nothing.
    """
    group, stored = 1, 0
    while True:
        try:
            return await attempt(group)
        except FAILED as error:
            is_spoilt = fault_of(error) in _SPOILT
            stored += is_spoilt
            is_parked = _was_parked(error) and may_wait()
            if not is_parked and (not is_spoilt or stored == options.STORED_FAULTS_ENOUGH):
                raise
            pause = pause_asked_by(error) if is_parked else None
        if pause is not None:
            await workflow.sleep(pause, summary="parked")
        group += 1


def _was_parked(error: FailureError) -> bool:
    """Also where the time was over while it waited for its next try."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type == "Parked":
            return True
        cause = cause.__cause__
    return False


def _began_before(error: FailureError) -> bool:
    """Whether what a 409 speaks of was begun before the activity that met it."""
    said = _said_in(error)
    return said is not None and bool(said.details) and said.details[0] is True


def is_final(error: FailureError) -> bool:
    """Whether repeating is pointless: the activity said so."""
    said = _said_in(error)
    return said is not None and said.non_retryable


def fault_of(error: FailureError) -> str | None:
    """The name of the fault that ended an activity, such as ``StoredFault``."""
    said = _said_in(error)
    return said.type if said else None


def words_of(error: FailureError) -> str:
    """What the activity itself said when it failed."""
    said = _said_in(error)
    return said.message if said else str(error.cause or error)


def pause_asked_by(error: FailureError) -> timedelta | None:
    """What the provider, or who keeps us from it, asked to be waited for."""
    said = _said_in(error)
    return said.next_retry_delay if said else None


def _said_in(error: FailureError) -> ApplicationError | None:
    cause = error.cause if isinstance(error, ActivityError) else error
    return cause if isinstance(cause, ApplicationError) else None
