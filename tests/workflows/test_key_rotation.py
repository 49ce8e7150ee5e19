"""The rotation of the encryption key: to its end, whatever interrupts it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.keys import KeyActivities
from domain.errors import Unavailable
from domain.key_rotation import ROTATION_ID, Rotation
from gateways.keyring_vault import KeyringVault
from services.key_rotation import KeyRotationService
from tests.fake_sealed_rows import LOST, NEW, OLD, FakeSealedRows, vault
from tests.workflows.stories import Stories
from tests.workflows.workers import WATCHING
from workflows import options
from workflows.key_rotation import BATCHES_IN_A_RUN, KeyRotationWorkflow

ASIDE = "aside"  # a queue whose worker comes and goes


async def test_every_row_is_sealed_anew_and_the_lost_ones_are_named(stories: Stories) -> None:
    rows = stories.world.sealed
    for number in range(3):
        rows.add(f"int-{number}", OLD)
    rows.add("int-fresh", NEW)
    rows.add("int-lost", LOST)

    rotation = await rotated(stories.client)

    assert (rotation.resealed, rotation.fresh, rotation.unreadable) == (3, 1, 1)
    [met] = rotation.named
    assert met.integration_id == "int-lost"
    assert "the encryption key 2024 is not in PAYBIND_ENCRYPTION_KEYS" in met.reason
    assert {sealed.key_id for _, sealed in rows.rows.values()} == {"2026", "2024"}
    assert rotation.left == 0
    run = stories.client.get_workflow_handle(ROTATION_ID)
    assert await run.query(KeyRotationWorkflow.current) == rotation


@pytest.mark.slow  # on a real server: on the other one, two that wait make the time fly
async def test_two_that_rotate_at_once_are_one_rotation(dev_server: WorkflowEnvironment) -> None:
    rows, client = FakeSealedRows(), dev_server.client
    for number in range(5):
        rows.add(f"int-{number}", OLD)

    async with rotating(client, rows, queue=options.PURCHASES):
        first, second = await asyncio.gather(rotated(client), rotated(client))

    assert first == second
    assert len(rows.resealed) == 5


async def test_nothing_to_do_is_said_so(stories: Stories) -> None:
    assert await rotated(stories.client) == Rotation(key_id="2026", fresh=0)


@pytest.mark.slow
async def test_many_rows_take_several_runs_and_are_counted_as_one(stories: Stories) -> None:
    rows = stories.world.sealed
    many = BATCHES_IN_A_RUN + 2
    for number in range(many):
        rows.add(f"int-{number:04}", OLD)

    begun = await started(stories.client, Rotation(key_id="2026", batch_size=1))
    rotation = await begun.result()

    assert rotation.resealed == many == len(rows.resealed)
    first = await stories.client.get_workflow_handle(
        ROTATION_ID, run_id=begun.first_execution_run_id
    ).fetch_history()
    assert len(first.events) < 5_000


@pytest.mark.slow
async def test_a_worker_that_goes_in_the_middle_of_a_batch_loses_nothing(
    dev_server: WorkflowEnvironment,
) -> None:
    rows = FakeSealedRows(stops_at="int-2")
    for number in range(5):
        rows.add(f"int-{number}", OLD)
    async with rotating(dev_server.client, rows):
        begun = await started(dev_server.client, Rotation(key_id="2026"), ASIDE)
        await rows.stopped.wait()
    assert rows.resealed == ["int-0", "int-1"]

    rows.stops_at = None
    async with rotating(dev_server.client, rows):
        rotation = await begun.result()

    assert rotation.resealed == 5
    assert rows.resealed == [f"int-{number}" for number in range(5)]  # each once


async def test_a_worker_that_was_not_restarted_is_told_of_at_once(stories: Stories) -> None:
    with pytest.raises(Unavailable, match="a worker seals under the key 2026, not 2027"):
        await KeyRotationService(stories.client).rotate("2027")


@pytest.mark.slow
async def test_a_rotation_to_another_key_is_waited_for_and_followed_by_ones_own(
    dev_server: WorkflowEnvironment,
) -> None:
    theirs, ours, client = FakeSealedRows(), FakeSealedRows(), dev_server.client
    theirs.add("int-1", NEW)
    ours.add("int-2", OLD)
    begun = await started(client, Rotation(key_id="2025"), ASIDE)

    async with rotating(client, ours, queue=options.PURCHASES):
        waiting = asyncio.create_task(rotated(client))
        async with rotating(client, theirs, vault(OLD, NEW)):
            assert (await begun.result()).resealed == 1
        assert (await waiting).resealed == 1


async def test_what_an_older_process_sealed_meanwhile_is_counted_as_left(stories: Stories) -> None:
    rows = stories.world.sealed
    rows.add("int-5", OLD)
    rows.add("int-0", OLD)

    rotation = await (
        await started(stories.client, Rotation(key_id="2026", after="int-3", fresh=0))
    ).result()

    assert (rotation.resealed, rotation.left) == (1, 1)


async def rotated(client: Client) -> Rotation:
    return await KeyRotationService(client).rotate("2026")


async def started(
    client: Client, rotation: Rotation, queue: str = options.PURCHASES
) -> WorkflowHandle[KeyRotationWorkflow, Rotation]:
    return await client.start_workflow(
        KeyRotationWorkflow.run, rotation, id=ROTATION_ID, task_queue=queue
    )


@asynccontextmanager
async def rotating(
    client: Client, rows: FakeSealedRows, by: KeyringVault | None = None, queue: str = ASIDE
) -> AsyncIterator[None]:
    steps = KeyActivities(rows=rows, vault=by or vault(NEW, OLD))
    async with Worker(
        client,
        task_queue=queue,
        workflows=[KeyRotationWorkflow],
        activities=[steps.count_sealed, steps.list_due, steps.reseal_credentials],
        workflow_runner=WATCHING,
    ):
        yield
