"""What a port's fault becomes for Temporal: tried again, later, or never."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities.faults import CONFLICT_PAUSE, MISCONFIGURED_PAUSE, now, told_to_temporal
from domain.errors import Code, NotFound, Unavailable
from gateways.documents import UnprintableSheet
from gateways.emails import IncompleteLetter
from gateways.faults import (
    Busy,
    Conflict,
    Misconfigured,
    OutcomeUnknown,
    Parked,
    RefusedByProvider,
    StoredFault,
)


def _told(fault: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as told, told_to_temporal():
        raise fault
    return told.value


def test_a_busy_service_is_left_alone_for_as_long_as_it_asked() -> None:
    told = _told(Busy("429", retry_after=timedelta(seconds=17)))
    assert (told.type, told.next_retry_delay) == ("Busy", timedelta(seconds=17))
    assert not told.non_retryable
    assert _told(Busy("503")).next_retry_delay is None


def test_a_wait_that_came_with_no_answer_is_obeyed_as_well() -> None:
    told = _told(OutcomeUnknown("502", retry_after=timedelta(seconds=17)))
    assert (told.type, told.next_retry_delay) == ("OutcomeUnknown", timedelta(seconds=17))
    assert not told.non_retryable


def test_a_wrong_key_is_tried_again_slowly_and_counted_for_the_operator() -> None:
    counted: MetricBuffer = MetricBuffer(10)
    within = ActivityEnvironment()
    within.metric_meter = Runtime(telemetry=TelemetryConfig(metrics=counted)).metric_meter
    told = within.run(_told, Misconfigured("401", "stripe"))
    assert (told.type, told.next_retry_delay) == ("Misconfigured", MISCONFIGURED_PAUSE)
    assert not told.non_retryable
    [update] = counted.retrieve_updates()
    assert (update.metric.name, update.value) == ("paybind_misconfigured", 1)
    assert update.attributes["service"] == "stripe"


def test_what_is_parked_is_told_apart_and_counted_for_as_long_as_it_waits() -> None:
    counted: MetricBuffer = MetricBuffer(10)
    within = ActivityEnvironment()
    within.metric_meter = Runtime(telemetry=TelemetryConfig(metrics=counted)).metric_meter
    told = within.run(_told, Parked("it is paused", timedelta(seconds=15)))
    assert (told.type, told.next_retry_delay) == ("Parked", timedelta(seconds=15))
    assert not told.non_retryable
    [update] = counted.retrieve_updates()
    assert (update.metric.name, update.value) == ("paybind_parked", 1)


def test_a_row_that_was_never_written_is_not_waited_for() -> None:
    told = _told(NotFound(Code.PURCHASE_NOT_FOUND, "no purchase pur_1"))
    assert (told.type, told.message, told.non_retryable) == ("NotFound", "no purchase pur_1", True)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_conflict_is_for_the_workflow_which_learns_whether_it_is_of_this_activity(
    attempt: int,
) -> None:
    within = ActivityEnvironment()
    within.info = replace(within.info, attempt=attempt)
    told = within.run(_told, Conflict("409"))
    assert (told.type, told.non_retryable, told.next_retry_delay) == (
        "Conflict",
        True,
        CONFLICT_PAUSE,
    )
    assert told.details == (attempt == 1,)


@pytest.mark.parametrize("fault", [OutcomeUnknown("no answer"), Unavailable("no database")])
def test_what_may_work_later_is_tried_again(fault: Exception) -> None:
    told = _told(fault)
    assert (told.type, told.non_retryable) == (type(fault).__name__, False)


@pytest.mark.parametrize(
    "fault",
    [
        StoredFault("500"),
        RefusedByProvider("400", "no_such"),
        UnprintableSheet("too long"),
        IncompleteLetter("no link"),
    ],
)
def test_a_definite_no_is_never_repeated(fault: Exception) -> None:
    told = _told(fault)
    assert (told.type, told.message, told.non_retryable) == (type(fault).__name__, str(fault), True)


def test_a_defect_of_ours_stays_what_it_is() -> None:
    with pytest.raises(LookupError), told_to_temporal():
        raise LookupError("the row is missing")


def test_now_knows_its_time_zone() -> None:
    assert now().tzinfo is UTC
