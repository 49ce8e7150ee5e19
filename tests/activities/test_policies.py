"""A policy is printed once, and whatever cut its printing off is in nobody's way."""

from dataclasses import replace
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.policies import PolicyActivities
from domain.policies import PolicyDocument, PolicyStatus
from gateways.fsspec_documents import FsspecDocuments
from tests.activities.occasions import paid
from tests.fake_world import World
from tests.fakes import FakePrinter


async def _issue(policies: PolicyActivities, purchase_id: str) -> PolicyDocument:
    return await ActivityEnvironment().run(policies.issue_policy, purchase_id)


async def test_a_policy_asked_for_again_is_not_printed_again() -> None:
    world = World()
    purchase_id = await paid(world)

    documents = [await _issue(world.policies(), purchase_id) for _ in range(2)]

    assert documents[0] == documents[1]
    assert len(world.printer.printed) == 1


async def test_a_print_cut_off_before_an_upgrade_does_not_stop_the_next_one(tmp_path: Path) -> None:
    # Given a policy that was kept, and a worker that died before its row was written
    world = World()
    purchase_id = await paid(world)
    drawn = world.rows.policies[purchase_id]
    before = replace(world.policies(), store=FsspecDocuments(str(tmp_path)))
    left = await _issue(before, purchase_id)
    world.rows.policies[purchase_id] = drawn

    # When a worker with another layout prints it
    upgraded = replace(before, printer=FakePrinter(layout="of tomorrow"))
    issued = await _issue(upgraded, purchase_id)

    # Then the policy is issued, and both prints are whole
    assert world.rows.policies[purchase_id].status is PolicyStatus.ISSUED
    assert await before.store.get(issued.location) != await before.store.get(left.location)
