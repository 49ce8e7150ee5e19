"""A route tells who was asked, and why not another."""

from datetime import UTC, datetime, timedelta

from domain.routing import Candidate, Route

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NORTH, SOUTH = (
    Candidate(integration_id=f"int_{name}", name=name, because=f"the tenant's {rank}")
    for name, rank in (("north", "default"), ("south", "backup"))
)


def test_a_route_that_moved_on_tells_why() -> None:
    route = Route.to(NORTH, NOON).moved_on(SOUTH, "it is paused", NOON + timedelta(seconds=1))

    assert (route.integration_id, route.because) == ("int_south", "backup of north: it is paused")
    (left,) = route.passed_over
    assert (left.name, left.integration_id, left.why) == ("north", "int_north", "it is paused")
    assert left.at == route.decided_at == NOON + timedelta(seconds=1)


def test_a_route_that_goes_round_for_days_tells_of_each_integration_once() -> None:
    route = Route.to(NORTH, NOON)
    for turn in range(100):
        backup = NORTH if turn % 2 else SOUTH
        route = route.moved_on(backup, f"paused at {turn}", NOON + timedelta(seconds=turn))

    assert [(each.name, each.why) for each in route.passed_over] == [
        ("north", "paused at 98"),
        ("south", "paused at 99"),
    ]
