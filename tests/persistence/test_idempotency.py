"""Idempotency keys as rows: one request works, the others wait or get its answer."""

import asyncio
from datetime import datetime, timedelta

from domain.idempotency import GIVEN_UP_AFTER, KEPT_FOR, Claim, Fresh, InFlight, Replay, Reused
from persistence.database import Database
from persistence.idempotency import IdempotencyRecords
from tests.persistence.samples import NOON, TENANT

ANSWER = Replay(status=201, body='{"email": "mei@example.com"}', media_type="application/json")
MOMENT = timedelta(seconds=1)


async def begun(
    records: IdempotencyRecords,
    at: datetime = NOON,
    body_hash: str = "hash",
    tenant_id: str = TENANT,
) -> Claim:
    return await records.begin(tenant_id, "key-1", "POST /purchases", body_hash, at)


async def finished(records: IdempotencyRecords, at: datetime = NOON) -> None:
    await records.finish(TENANT, "key-1", ANSWER.status, ANSWER.body, ANSWER.media_type, at)


async def test_a_repeated_request_gets_the_first_answer(database: Database) -> None:
    records = IdempotencyRecords(database)

    assert await begun(records) == Fresh()
    assert await begun(records) == InFlight()
    await finished(records)
    assert await begun(records) == ANSWER
    assert "mei@example.com" not in repr(await begun(records))


async def test_another_body_under_the_same_key_is_told_so(database: Database) -> None:
    records = IdempotencyRecords(database)
    await begun(records)

    assert await begun(records, body_hash="other") == Reused()
    await finished(records)
    assert await begun(records, body_hash="other") == Reused()


async def test_another_tenant_may_use_the_same_key(database: Database) -> None:
    records = IdempotencyRecords(database)
    await begun(records)

    assert await begun(records, tenant_id="ten_other", body_hash="other") == Fresh()


async def test_of_equal_requests_at_once_one_works(database: Database) -> None:
    records = IdempotencyRecords(database)

    claims = await asyncio.gather(*(begun(records) for _ in range(5)))

    assert sorted(type(claim).__name__ for claim in claims) == ["Fresh", *["InFlight"] * 4]


async def test_a_request_that_died_may_be_made_anew_by_one(database: Database) -> None:
    records = IdempotencyRecords(database)
    await begun(records)

    assert await begun(records, NOON + GIVEN_UP_AFTER) == InFlight()
    later = NOON + GIVEN_UP_AFTER + MOMENT
    claims = await asyncio.gather(*(begun(records, later) for _ in range(3)))

    assert sorted(type(claim).__name__ for claim in claims) == ["Fresh", "InFlight", "InFlight"]


async def test_a_key_is_free_again_after_its_life(database: Database) -> None:
    records = IdempotencyRecords(database)
    await begun(records)
    await finished(records)

    assert await begun(records, NOON + KEPT_FOR) == ANSWER
    assert await begun(records, NOON + KEPT_FOR + MOMENT, body_hash="other") == Fresh()
    assert await begun(records, NOON + KEPT_FOR + MOMENT, body_hash="other") == InFlight()


async def test_an_abandoned_request_frees_its_key_and_a_finished_one_does_not(
    database: Database,
) -> None:
    records = IdempotencyRecords(database)
    await begun(records)
    await records.abandon(TENANT, "key-1", NOON)
    await finished(records)  # nobody works on it: nothing is kept
    assert await begun(records) == Fresh()
    assert await begun(records) == InFlight()

    await finished(records)
    await records.abandon(TENANT, "key-1", NOON)

    assert await begun(records) == ANSWER


async def test_an_abandoned_request_leaves_its_key_to_nobody_but_itself(
    database: Database,
) -> None:
    records = IdempotencyRecords(database)
    await begun(records)
    await records.abandon(TENANT, "key-1", NOON)

    assert await begun(records, body_hash="other") == Reused()
    claims = await asyncio.gather(*(begun(records) for _ in range(3)))
    assert sorted(type(claim).__name__ for claim in claims) == ["Fresh", "InFlight", "InFlight"]
    assert await begun(records, NOON + KEPT_FOR + MOMENT, body_hash="other") == Fresh()
