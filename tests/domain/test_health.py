"""A circuit opens after failures in a row, lets one call through, and closes by itself."""

from datetime import UTC, datetime, timedelta

from domain.health import COOL_DOWN, FAILURES_TO_OPEN, Circuit, Health

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _failed(times: int, health: Health | None = None, at: datetime = NOON) -> Health:
    health = health or Health(integration_id="int_1")
    for _ in range(times):
        health = health.failed("Stripe answered 503", at)
    return health


def test_a_circuit_opens_after_so_many_failures_in_a_row() -> None:
    nearly = _failed(FAILURES_TO_OPEN - 1)
    assert (nearly.circuit(NOON), nearly.opened_at) == (Circuit.CLOSED, None)

    opened = nearly.failed("Stripe answered 503", NOON)
    assert (opened.circuit(NOON), opened.opened_at) == (Circuit.OPEN, NOON)
    assert (opened.last_failure, opened.last_failure_at) == ("Stripe answered 503", NOON)


def test_a_success_in_between_begins_the_count_anew() -> None:
    health = _failed(FAILURES_TO_OPEN - 1).succeeded(NOON)
    assert health.last_success_at == NOON
    assert _failed(FAILURES_TO_OPEN - 1, health).circuit(NOON) is Circuit.CLOSED


def test_an_open_circuit_is_half_open_once_it_has_cooled_down() -> None:
    opened = _failed(FAILURES_TO_OPEN)
    just_before = NOON + COOL_DOWN - timedelta(microseconds=1)
    assert opened.circuit(just_before) is Circuit.OPEN
    assert opened.circuit(NOON + COOL_DOWN) is Circuit.HALF_OPEN


def test_a_probe_that_fails_opens_it_again_and_one_that_works_closes_it() -> None:
    later = NOON + COOL_DOWN
    opened = _failed(FAILURES_TO_OPEN)

    again = opened.failed("Stripe gave no answer", later)
    assert (again.circuit(later), again.opened_at) == (Circuit.OPEN, NOON)
    assert again.circuit(later + COOL_DOWN) is Circuit.HALF_OPEN

    closed = opened.succeeded(later)
    assert (closed.circuit(later), closed.failures, closed.opened_at) == (Circuit.CLOSED, 0, None)
