"""A backup is asked where the one before it did not act for certain, and never else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.checkouts import ATTEMPTS_BEFORE_BACKUP, Opening, first_route
from activities.purchases import Standing
from domain.errors import Code
from domain.purchases import Purchase, PurchaseOrder, Refusal
from domain.routing import ENVIRONMENT, Candidate, Route
from gateways.faults import (
    Busy,
    GatewayFault,
    Misconfigured,
    OutcomeUnknown,
    Parked,
    RefusedByProvider,
    StoredFault,
    Throttled,
    Unreachable,
)
from tests.fake_payments import FakePayments
from tests.fake_rows import FakePurchaseRecords
from tests.fake_world import World

STARTED = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("north", "south", "west")
Earlier = Literal["not asked", "asked in vain", "answer lost"]


class TestFirstRoute:
    def test_it_leads_to_the_first(self) -> None:
        route = first_route(_candidates(3), STARTED)
        assert route is not None
        assert (route.integration_id, route.because) == ("int_north", "the tenant's default")
        assert (route.passed_over, route.decided_at) == ((), STARTED)

    def test_it_passes_over_what_cannot_be_used_and_tells_why(self) -> None:
        north, south, west = _candidates(3)
        hindered = [_hindered(north, "its status is inactive"), _hindered(south, "it was deleted")]
        route = first_route([*hindered, west], STARTED)
        assert route is not None
        assert (route.name, route.because) == ("west", "the tenant's backup")
        assert [(each.name, each.why) for each in route.passed_over] == [
            ("north", "its status is inactive"),
            ("south", "it was deleted"),
        ]

    def test_it_leads_nowhere_where_none_can_be_used(self) -> None:
        assert first_route([_hindered(_candidates(1)[0], "it was deleted")], STARTED) is None

    def test_without_any_link_it_is_the_account_of_the_environment(self) -> None:
        route = first_route([Candidate()], STARTED)
        assert route is not None
        assert (route.integration_id, route.name) == (None, ENVIRONMENT)


MOVE_ON_AT_ONCE = [
    Parked("it is paused", timedelta(seconds=15)),
    Unreachable("nobody listens"),
    Busy("429", retry_after=timedelta(seconds=11)),
    Misconfigured("401", "stripe"),
]
MOVE_ON_LATER = [Busy("503"), Busy("429", retry_after=timedelta(seconds=10))]
NEVER_MOVE_ON = [OutcomeUnknown("no answer"), StoredFault("500"), RefusedByProvider("400")]


def _named(fault: GatewayFault) -> str:
    return f"{type(fault).__name__}-{fault}"


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("fault", MOVE_ON_AT_ONCE, ids=_named)
@pytest.mark.parametrize("earlier", ["not asked", "asked in vain", "answer lost"])
async def test_who_did_not_act_for_certain_is_backed_up(
    fault: GatewayFault, others: int, earlier: Earlier
) -> None:
    street = await _street(1 + others, earlier)
    street.of("north").faults_before["open_checkout"].append(fault)

    answer = await street.open()

    if earlier == "answer lost":  # what was there is found, and nobody else is asked
        assert isinstance(answer, Purchase)
        assert street.checkouts() == {"north": 1}
    elif others:
        assert isinstance(answer, Purchase)
        assert answer.route is not None
        assert answer.route.because == f"backup of north: {fault}"
        assert street.checkouts() == {"south": 1}
    else:
        assert isinstance(answer, ApplicationError)
        assert answer.message == str(fault)
        assert street.checkouts() == {}
        assert not street.world.rows.outcomes_unknown


@pytest.mark.parametrize("fault", MOVE_ON_LATER, ids=_named)
async def test_who_is_only_busy_is_asked_three_times_before_its_backup_is(
    fault: GatewayFault,
) -> None:
    street = await _street(2)
    street.of("north").faults_before["open_checkout"].extend([fault] * ATTEMPTS_BEFORE_BACKUP)

    for attempt in range(1, ATTEMPTS_BEFORE_BACKUP):
        answer = await street.open(attempt=attempt)
        assert isinstance(answer, ApplicationError)
        assert answer.type == "Busy"
        assert street.of("south").calls == []

    answer = await street.open(attempt=ATTEMPTS_BEFORE_BACKUP)
    assert isinstance(answer, Purchase)
    assert street.checkouts() == {"south": 1}


async def test_whose_turn_only_has_to_come_is_never_backed_up() -> None:
    street = await _street(2)
    street.of("north").faults_before["open_checkout"].append(Throttled("it has had its calls"))

    answer = await street.open(attempt=ATTEMPTS_BEFORE_BACKUP)

    assert isinstance(answer, ApplicationError)
    assert street.of("south").calls == []


@pytest.mark.parametrize("fault", NEVER_MOVE_ON, ids=_named)
@pytest.mark.parametrize("earlier", ["not asked", "asked in vain", "answer lost"])
async def test_an_unknown_outcome_and_a_no_are_never_backed_up(
    fault: GatewayFault, earlier: Earlier
) -> None:
    street = await _street(3, earlier)
    street.of("north").faults_before["open_checkout"].append(fault)

    answer = await street.open(attempt=ATTEMPTS_BEFORE_BACKUP)

    assert isinstance(answer, ApplicationError)
    assert answer.type == type(fault).__name__
    assert (street.of("south").calls, street.of("west").calls) == ([], [])
    assert street.world.rows.outcomes_unknown


@pytest.mark.parametrize("fault", [*MOVE_ON_AT_ONCE, OutcomeUnknown("no answer")], ids=_named)
async def test_nobody_moves_on_while_it_cannot_be_looked_whether_there_is_a_checkout(
    fault: GatewayFault,
) -> None:
    street = await _street(2, "answer lost")
    north = street.of("north")
    north.faults_before["open_checkout"].append(Parked("it is paused"))
    north.faults_before["find_checkout"].append(fault)

    answer = await street.open(attempt=ATTEMPTS_BEFORE_BACKUP)

    assert isinstance(answer, ApplicationError)
    assert street.of("south").calls == []
    assert street.world.rows.outcomes_unknown
    assert isinstance(await street.open(), Purchase)
    assert street.checkouts() == {"north": 1}


async def test_a_worker_that_died_before_it_asked_is_followed_by_one_that_asks_there() -> None:
    street = await _street(2)
    await street.die_before_asking("north")

    assert isinstance(await street.open(), Purchase)

    assert street.checkouts() == {"north": 1}
    assert street.of("north").calls == ["open_checkout"]


async def test_a_worker_that_died_before_it_asked_the_backup_is_followed_there_too() -> None:
    street = await _street(2)
    await street.die_before_asking("south")

    purchase = await street.open()

    assert isinstance(purchase, Purchase)
    assert purchase.integration_id == "int_south"
    assert street.of("north").calls == []


async def test_a_worker_that_died_may_have_asked_so_a_look_comes_before_the_backup() -> None:
    street = await _street(2)
    await street.die_before_asking("north")
    street.of("north").faults_before["open_checkout"].append(Unreachable("nobody listens"))

    assert isinstance(await street.open(), Purchase)

    assert street.of("north").calls == ["open_checkout", "find_checkout"]
    assert street.checkouts() == {"south": 1}


async def test_each_backup_is_asked_once_and_then_all_are_told_of_together() -> None:
    street = await _street(3)
    waits = {"north": 15, "south": 3600, "west": 20}
    for name, wait in waits.items():
        fault = Parked if name == "north" else Busy
        street.of(name).faults_before["open_checkout"].append(fault(name, timedelta(seconds=wait)))

    answer = await street.open()

    assert isinstance(answer, ApplicationError)
    assert (answer.type, answer.message) == ("Parked", "north; south; west")
    assert answer.next_retry_delay == timedelta(hours=1)  # as long as any of them asks for
    assert not street.world.rows.outcomes_unknown
    assert isinstance(await street.open(), Purchase)  # with the one that was asked last
    assert street.checkouts() == {"west": 1}


async def test_after_the_last_comes_the_first_again() -> None:
    street = await _street(2)
    for name in ("north", "south", "south"):
        street.of(name).faults_before["open_checkout"].append(Unreachable("away"))
    first = await street.open()
    assert isinstance(first, ApplicationError)
    assert (first.type, first.next_retry_delay) == ("Busy", None)

    assert isinstance(await street.open(), Purchase)
    assert street.checkouts() == {"north": 1}


async def test_a_key_that_nobody_accepts_stays_a_matter_for_an_operator() -> None:
    street = await _street(2)
    for name in ("north", "south"):
        street.of(name).faults_before["open_checkout"].append(Misconfigured(name, "stripe"))

    answer = await street.open()

    assert isinstance(answer, ApplicationError)
    assert (answer.type, answer.message) == ("Misconfigured", "south")


async def test_an_integration_switched_off_before_it_acted_opens_nothing_any_more() -> None:
    street = await _street(2)
    north, south = street.world.rows.candidates
    street.of("north").faults_before["open_checkout"].append(Busy("503"))
    assert isinstance(await street.open(), ApplicationError)

    street.world.rows.candidates = (_hindered(north, "its status is inactive"), south)
    purchase = await street.open()

    assert isinstance(purchase, Purchase)
    assert purchase.route is not None
    assert "its status is inactive" in purchase.route.because
    assert street.checkouts() == {"south": 1}


async def test_one_that_was_unlinked_before_it_acted_opens_nothing_any_more() -> None:
    street = await _street(2)
    street.of("north").faults_before["open_checkout"].append(Busy("503"))
    assert isinstance(await street.open(), ApplicationError)

    street.world.rows.candidates = street.world.rows.candidates[1:]

    assert isinstance(await street.open(), Purchase)
    assert street.checkouts() == {"south": 1}


async def test_one_that_is_switched_off_is_waited_for_where_it_has_no_backup() -> None:
    street = await _street(1)
    street.of("north").faults_before["open_checkout"].append(Busy("503"))
    assert isinstance(await street.open(), ApplicationError)
    street.world.rows.candidates = (_hindered(_candidates(1)[0], "its status is inactive"),)

    answer = await street.open()

    assert isinstance(answer, ApplicationError)
    assert (answer.type, answer.message) == (
        "Parked",
        "north: its status is inactive; nothing was sent",
    )


async def test_one_that_was_switched_off_after_it_may_have_acted_is_still_asked() -> None:
    street = await _street(2, "answer lost")
    north, south = street.world.rows.candidates
    street.world.rows.candidates = (_hindered(north, "its status is inactive"), south)

    assert isinstance(await street.open(), Purchase)
    assert street.checkouts() == {"north": 1}


async def test_only_a_repetition_says_since_when_it_may_have_been_opened() -> None:
    """Not every provider keeps a key's promise: such a one has to look."""
    street = await _street(2)
    north, south = street.of("north"), street.of("south")
    north.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    assert isinstance(await street.open(), ApplicationError)
    assert isinstance(await street.open(), Purchase)

    assert [each.tried_since is None for each in north.asked_for] == [True, False]
    assert south.asked_for == []


async def test_no_purchase_begins_where_none_can_be_used_and_the_answer_names_them() -> None:
    street = await _street(0)
    street.world.rows.candidates = tuple(
        _hindered(each, "its status is error") for each in _candidates(2)
    )
    refused = await ActivityEnvironment().run(
        street.world.purchases().open_purchase, _opening(street.order, 1)
    )
    assert isinstance(refused, Refusal)
    assert refused.code is Code.INTEGRATION_INACTIVE
    assert "(north: its status is error; south: its status is error)" in refused.message
    assert street.world.rows.purchases == {}


_FAULTS = st.sampled_from([*MOVE_ON_AT_ONCE, *MOVE_ON_LATER, *NEVER_MOVE_ON[:2]])
_SCRIPTS = st.fixed_dictionaries({name: st.lists(_FAULTS, max_size=3) for name in NAMES})


@pytest.mark.slow
@given(before=_SCRIPTS, after=_SCRIPTS, looks=_SCRIPTS)
async def test_whatever_goes_wrong_there_is_one_checkout_in_the_end(
    before: dict[str, list[GatewayFault]],
    after: dict[str, list[GatewayFault]],
    looks: dict[str, list[GatewayFault]],
) -> None:
    """A lost answer is unknown, whatever its reason: what did not act has no effect to lose."""
    street = await _street(3)
    for name in NAMES:
        account = street.of(name)
        account.faults_before["open_checkout"].extend(before[name])
        account.faults_before["find_checkout"].extend(looks[name])
        lost = [each for each in after[name] if isinstance(each, StoredFault | OutcomeUnknown)]
        account.faults_after["open_checkout"].extend(lost)

    answer: Purchase | ApplicationError | None = None
    attempt, group = 0, 1
    while not isinstance(answer, Purchase):
        attempt += 1
        answer = await street.open(attempt, group)
        if isinstance(answer, ApplicationError) and answer.type == "StoredFault":
            attempt, group = 0, group + 1

    assert sum(street.checkouts().values()) == 1
    assert street.checkouts() == {street.name_of(answer): 1}


class _Street:
    """A tenant with accounts in a row, and one purchase."""

    def __init__(self, world: World, order: PurchaseOrder) -> None:
        self.world = world
        self.order = order

    def of(self, name: str) -> FakePayments:
        return self.world.integrations[f"int_{name}"]

    def checkouts(self) -> dict[str, int]:
        """How many the purchase has at each account that knows it."""
        return {name: len(self.of(name).requests) for name in NAMES if self.of(name).requests}

    def name_of(self, purchase: Purchase) -> str:
        assert purchase.integration_id is not None
        return purchase.integration_id.removeprefix("int_")

    async def open(self, attempt: int = 1, group: int = 1) -> Purchase | ApplicationError:
        env = ActivityEnvironment()
        env.info = replace(env.info, attempt=attempt)
        try:
            standing = await env.run(
                self.world.purchases().open_purchase, _opening(self.order, group)
            )
        except ApplicationError as error:
            return error
        assert isinstance(standing, Standing)
        assert self.world.rows.purchases[self.order.purchase_id] == standing.purchase
        return standing.purchase

    async def die_before_asking(self, name: str) -> None:
        """The row says that this one is about to be asked, and nobody did."""
        there = next(each for each in self.world.rows.candidates if each.name == name)
        records = FakePurchaseRecords(self.world.rows)
        await records.open(self.order, Route.to(there, STARTED), STARTED)


async def _street(accounts: int, earlier: Earlier = "not asked") -> _Street:
    world = World()
    world.integrations = {f"int_{name}": FakePayments() for name in NAMES}
    world.rows.candidates = _candidates(accounts)
    street = _Street(world, world.order())
    if earlier != "not asked":
        north = street.of("north")
        faults = north.faults_before if earlier == "asked in vain" else north.faults_after
        faults["open_checkout"].append(OutcomeUnknown("no answer"))
        assert isinstance(await street.open(), ApplicationError)
    return street


def _candidates(number: int) -> tuple[Candidate, ...]:
    ranks: Sequence[str] = ("default", "backup", "backup")
    return tuple(
        Candidate(integration_id=f"int_{name}", name=name, because=f"the tenant's {rank}")
        for name, rank in zip(NAMES[:number], ranks, strict=False)
    )


def _hindered(candidate: Candidate, why: str) -> Candidate:
    return candidate.model_copy(update={"hindrance": why})


def _opening(order: PurchaseOrder, group: int) -> Opening:
    expires_at = STARTED + timedelta(hours=23)
    return Opening(order=order, started_at=STARTED, expires_at=expires_at, group=group)
