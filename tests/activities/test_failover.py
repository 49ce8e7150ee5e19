"""Opening at a backup after a decline: the one that was left is never asked again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.checkouts import Opening
from activities.purchases import Standing
from domain.payments import CheckoutSnapshot, CheckoutState
from domain.purchases import Purchase
from domain.routing import Candidate
from gateways.faults import OutcomeUnknown, Parked, Unreachable
from tests.fake_payments import DECLINED, FakePayments
from tests.fake_rows import FakePurchaseRecords
from tests.fake_world import World

STARTED = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("north", "south", "west")


async def _left(world: World) -> Purchase:
    """A purchase that was declined at north, and is about to be opened at south."""
    world.integrations = {name: FakePayments() for name in NAMES}
    world.rows.candidates = tuple(
        Candidate(
            integration_id=name,
            name=name,
            because="the tenant's",
            failover_decline_codes=(DECLINED.code,),
        )
        for name in NAMES
    )
    opened = await _open(world, Purchase(order=world.order()))
    assert isinstance(opened, Purchase)
    seen = CheckoutSnapshot(session_id="cs", state=CheckoutState.OPEN, failure=DECLINED)
    moved = opened.applied(seen, STARTED).failed_over(world.rows.candidates[1], STARTED)
    env, activities = ActivityEnvironment(), world.purchases()
    for _ in range(2):  # repeating it changes nothing
        await env.run(activities.leave_checkout, moved)
    assert world.rows.purchases[moved.order.purchase_id] == moved
    return moved


async def _open(world: World, purchase: Purchase, attempt: int = 1) -> Purchase | ApplicationError:
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    opening = Opening(
        order=purchase.order, started_at=STARTED, expires_at=STARTED + timedelta(hours=23)
    )
    try:
        standing = await env.run(world.purchases().open_purchase, opening)
    except ApplicationError as error:
        return error
    assert isinstance(standing, Standing)
    return standing.purchase


async def test_however_the_backups_fail_the_one_that_was_left_is_not_asked_again() -> None:
    world = World()
    moved = await _left(world)
    for name in ("south", "west", "west", "south"):
        world.integrations[name].faults_before["open_checkout"].append(Unreachable("away"))

    for _ in range(2):
        assert isinstance(await _open(world, moved), ApplicationError)
    opened = await _open(world, moved)

    assert isinstance(opened, Purchase)
    assert opened.integration_id in ("south", "west")
    assert len(world.integrations["north"].requests) == 1
    (asked,) = world.integrations[opened.integration_id].requests.values()
    assert asked.idempotency_key == f"{moved.order.purchase_id}:checkout-2:1"


async def test_a_worker_that_died_after_the_backup_was_asked_is_followed_by_one_that_finds_it() -> (
    None
):
    world = World()
    moved = await _left(world)
    south = world.integrations["south"]
    south.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    assert isinstance(await _open(world, moved), ApplicationError)
    south.faults_before["open_checkout"].append(Parked("it is paused"))

    opened = await _open(world, moved, attempt=2)

    assert isinstance(opened, Purchase)
    assert (opened.integration_id, opened.can_retry) == ("south", True)
    assert len(south.requests) == 1
    assert world.integrations["west"].requests == {}


async def test_a_worker_that_died_before_the_backup_was_asked_is_followed_there() -> None:
    world = World()
    moved = await _left(world)
    assert moved.route is not None
    records = FakePurchaseRecords(world.rows)
    await records.route(moved.order.purchase_id, moved.route, STARTED)

    opened = await _open(world, moved)

    assert isinstance(opened, Purchase)
    assert opened.integration_id == "south"
    assert world.integrations["south"].calls == ["open_checkout"]


@pytest.mark.parametrize("attempts", [1, 3])
async def test_asking_again_gives_the_page_that_is_open(attempts: int) -> None:
    world = World()
    moved = await _left(world)
    answers = [await _open(world, moved) for _ in range(attempts)]
    assert all(each == answers[0] for each in answers)
    assert len(world.integrations["south"].requests) == 1
