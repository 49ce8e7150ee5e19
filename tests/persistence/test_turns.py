"""Turns in the rows: taken by all workers together, and counted by the database's clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlmodel import select, update

from persistence.database import Database
from persistence.rows.turns import IntegrationTurnRow
from persistence.turns import TurnRecords
from tests.persistence.integration_samples import integration, stored

LONG, SHORT = timedelta(hours=1), timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def turns(database: Database) -> TurnRecords:
    await stored(database, integration(), None)
    return TurnRecords(database)


@pytest_asyncio.fixture
async def others(url: str, turns: TurnRecords) -> AsyncIterator[TurnRecords]:  # noqa: ARG001
    """Those of another worker, once the integration is there."""
    opened = Database(url)
    yield TurnRecords(opened)
    await opened.close()


async def _end_of_turns(database: Database) -> timedelta:
    async with database.reading() as session:
        micros = (await session.exec(select(IntegrationTurnRow.next_turn))).one()
    return timedelta(microseconds=micros)


async def test_the_first_turn_is_at_once(turns: TurnRecords) -> None:
    assert await turns.take("int-1", 1, SHORT) == timedelta()


async def test_no_turn_of_two_workers_is_taken_twice(
    turns: TurnRecords, others: TurnRecords, database: Database
) -> None:
    await turns.take("int-1", 7, LONG)
    before = await _end_of_turns(database)

    waits = await asyncio.gather(*(each.take("int-1", 7, LONG) for each in (turns, others) * 7))

    assert None not in waits
    taken = await _end_of_turns(database) - before
    assert taken >= 2 * SECOND  # 14 at 7 a second


async def test_a_second_has_no_more_turns_than_the_limit_not_even_the_first(
    turns: TurnRecords, database: Database
) -> None:
    await turns.take("int-1", 3, LONG)
    first = await _end_of_turns(database)

    for _ in range(3):
        await turns.take("int-1", 3, LONG)

    assert await _end_of_turns(database) - first >= SECOND  # so is the fourth turn from the first


async def test_where_the_next_turn_is_too_far_away_none_is_taken(
    turns: TurnRecords, database: Database
) -> None:
    await turns.take("int-1", 1, SHORT)
    end = await _end_of_turns(database)

    assert await turns.take("int-1", 1, SHORT) is None

    assert await _end_of_turns(database) == end
    assert timedelta() < await turns.until_free("int-1") <= SECOND


async def test_what_was_idle_has_saved_no_turns_up(turns: TurnRecords, database: Database) -> None:
    await turns.take("int-1", 1, SHORT)
    await _move(database, -LONG)
    assert await turns.until_free("int-1") == timedelta()

    assert await turns.take("int-1", 1, SHORT) == timedelta()
    assert await turns.take("int-1", 1, SHORT) is None


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(
    turns: TurnRecords, database: Database
) -> None:
    await turns.take("int-1", 1, SHORT)
    await _move(database, LONG)

    assert await turns.take("int-1", 1, SHORT) == timedelta()
    assert await turns.until_free("int-1") <= SECOND


async def test_integrations_have_turns_of_their_own(turns: TurnRecords, database: Database) -> None:
    await stored(database, integration("int-2"), None)
    for integration_id in ("int-1", "int-2"):
        assert await turns.take(integration_id, 1, SHORT) == timedelta()


async def _move(database: Database, by: timedelta) -> None:
    """The turns, as another clock would see them."""
    turn = IntegrationTurnRow.next_turn
    async with database.transaction() as session:
        moved = turn + by // timedelta(microseconds=1)
        await session.exec(update(IntegrationTurnRow).values(next_turn=moved))
