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


def test_a_declined_purchase_takes_its_rule_along_and_tells_why_it_left() -> None:
    ruled = NORTH.model_copy(update={"failover_decline_codes": ("do_not_honor",)})
    changed = SOUTH.model_copy(update={"failover_decline_codes": ("another_code",)})

    route = Route.to(ruled, NOON).left_for(changed, "do_not_honor", "cs_1", NOON)

    (left,) = route.left
    assert (left.name, left.session_id) == ("north", "cs_1")
    assert left.why == "declined with do_not_honor, which the rule lets fail over to south"
    assert route.because == f"backup of north: {left.why}"
    assert route.failover_decline_codes == ("do_not_honor",)  # as it was when it was chosen
    assert route.moved_on(WEST, "it is paused", NOON).left == (left,)


WEST = Candidate(integration_id="int_west", name="west", because="the tenant's backup")
ALL = (NORTH, SOUTH, WEST)


def test_the_next_one_in_turn_is_asked_and_after_the_last_the_first() -> None:
    assert Route.to(NORTH, NOON).next_of(ALL, ()) == SOUTH
    assert Route.to(SOUTH, NOON).next_of(ALL, ()) == WEST
    assert Route.to(WEST, NOON).next_of(ALL, ()) == NORTH  # it was passed over, and not used


def test_who_was_left_is_hindered_or_at_rest_is_not_asked() -> None:
    left = Route.to(NORTH, NOON).left_for(SOUTH, "do_not_honor", "cs_1", NOON)
    assert left.next_of(ALL, ()) == WEST
    assert left.next_of(ALL, {"int_west"}) is None
    hindered = WEST.model_copy(update={"hindrance": "it was deleted"})
    assert left.next_of((NORTH, SOUTH, hindered), ()) is None


def test_where_its_own_integration_is_unlinked_nobody_knows_whose_backups_those_are() -> None:
    assert Route.to(NORTH, NOON).next_of((SOUTH, WEST), ()) is None
