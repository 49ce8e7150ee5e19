"""Which integrations the figures name."""

from datetime import timedelta

from domain.health import FAILURES_TO_OPEN
from persistence.database import Database
from persistence.health import HealthRecords
from tests.fake_sealed_rows import NEW, vault
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, NOON


async def test_those_paused_or_failing_are_named_the_longest_first(database: Database) -> None:
    records = HealthRecords(database)
    for name in ("well", "paused", "failing", "failed-once"):
        await stored(database, integration(name), vault(NEW))
    await records.pause("paused", "key_1", None, event("integration.paused"), LATER)
    for second in range(FAILURES_TO_OPEN):
        await records.failed("failing", "429", NOON + timedelta(seconds=second))
    await records.failed("failed-once", "429", NOON)
    await records.succeeded("well", NOON)

    troubled = await records.troubled(10)

    assert [each.integration_id for each in troubled] == ["failing", "paused"]
    assert [each.is_paused for each in troubled] == [False, True]
    assert len(await records.troubled(1)) == 1
