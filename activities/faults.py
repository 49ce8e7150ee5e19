"""Faults of ports, turned into what Temporal understands: try again, later, or never."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from domain.errors import NotFound, Unavailable
from gateways.documents import UnprintableSheet
from gateways.emails import IncompleteLetter
from gateways.faults import (
    Busy,
    Conflict,
    GatewayFault,
    Misconfigured,
    OutcomeUnknown,
    Parked,
    RefusedByProvider,
    StoredFault,
)

# A wrong key is put right by a person: asking more often only fills the provider's log.
MISCONFIGURED_PAUSE = timedelta(minutes=1)
CONFLICT_PAUSE = timedelta(minutes=1)  # for what is at work under the key to end


@contextmanager
def told_to_temporal() -> Iterator[None]:
    try:
        yield
    except Parked as parked:
        _count("paybind_parked", "Calls not made: their integration is paused or fails")
        raise ApplicationError(
            str(parked), type=Parked.__name__, next_retry_delay=parked.retry_after
        ) from parked
    except Busy as busy:
        raise ApplicationError(
            str(busy), type=Busy.__name__, next_retry_delay=busy.retry_after
        ) from busy
    except Conflict as conflict:
        raise _spoken_of_an_earlier_request(conflict) from conflict
    except OutcomeUnknown as unknown:
        raise ApplicationError(
            str(unknown), type=OutcomeUnknown.__name__, next_retry_delay=unknown.retry_after
        ) from unknown
    except Misconfigured as fault:
        _count("paybind_misconfigured", "Calls refused for our key or account", fault.service)
        raise ApplicationError(
            str(fault), type=Misconfigured.__name__, next_retry_delay=MISCONFIGURED_PAUSE
        ) from fault
    except (StoredFault, RefusedByProvider, UnprintableSheet, IncompleteLetter) as final:
        raise ApplicationError(str(final), type=type(final).__name__, non_retryable=True) from final
    except NotFound as missing:  # a row that was never written will not appear by waiting
        raise ApplicationError(
            missing.message, type=NotFound.__name__, non_retryable=True
        ) from missing
    except Unavailable as down:
        raise ApplicationError(down.message, type=Unavailable.__name__) from down


def pause_after(fault: GatewayFault) -> timedelta:
    """Until this activity's next attempt, as ``told_to_temporal`` and its retry policy have it."""
    if isinstance(fault, Misconfigured):
        return MISCONFIGURED_PAUSE
    if isinstance(fault, Conflict):
        return CONFLICT_PAUSE
    if isinstance(fault, Busy | OutcomeUnknown) and fault.retry_after is not None:
        return fault.retry_after
    info = activity.info()
    policy = info.retry_policy or RetryPolicy()
    pause = policy.initial_interval * policy.backoff_coefficient ** min(info.attempt - 1, 20)
    return min(pause, policy.maximum_interval or pause)


def _spoken_of_an_earlier_request(conflict: Conflict) -> ApplicationError:
    """For the workflow, which knows what was asked under the key before.

    It says as well whether this activity may have begun that request itself, by an earlier attempt.
    """
    began_before = activity.info().attempt == 1
    return ApplicationError(
        str(conflict),
        began_before,
        type=Conflict.__name__,
        non_retryable=True,
        next_retry_delay=CONFLICT_PAUSE,
    )


def _count(name: str, what: str, service: str | None = None) -> None:
    """Each try, so that it grows for as long as something waits for an operator."""
    meter = activity.metric_meter()
    if service is not None:
        meter = meter.with_additional_attributes({"service": service})
    meter.create_counter(name, what).add(1)


def now() -> datetime:
    return datetime.now(UTC)
