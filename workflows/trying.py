"""Trying a short step at once, and patiently where that fails."""

from collections.abc import Awaitable, Callable
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
    return await workflow.execute_activity_method(step, given, **patience)


def is_final(error: ActivityError) -> bool:
    """Whether repeating is pointless: the activity said so."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def fault_of(error: ActivityError) -> str | None:
    """The name of the fault that ended an activity, such as ``StoredFault``."""
    return error.cause.type if isinstance(error.cause, ApplicationError) else None
