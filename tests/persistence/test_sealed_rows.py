"""Rotation in the rows, by the steps that production takes."""

from collections.abc import AsyncIterator

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.keys import ANOTHER_KEY, DueAfter, KeyActivities, ResealOrder
from domain.audit import AuditEvent
from domain.integrations import Integration, IntegrationStatus
from domain.key_rotation import Resealed, SealedCount
from gateways.keyring_vault import KeyringVault
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.integrations import IntegrationRecords
from persistence.sealed_rows import SealedRows
from tests.fake_sealed_rows import LOST, NEW, OLD, SECRET, vault
from tests.persistence.integration_samples import event, integration, secret_of, stored
from tests.persistence.samples import LATER, TENANT


def steps(database: Database, by: KeyringVault) -> KeyActivities:
    return KeyActivities(rows=SealedRows(database), vault=by)


async def resealed(database: Database, by: KeyringVault, *ids: str) -> Resealed:
    order = ResealOrder(key_id=by.active_key_id, integration_ids=ids)
    return await ActivityEnvironment().run(steps(database, by).reseal_credentials, order)


async def due(database: Database, by: KeyringVault, after: str = "", limit: int = 10) -> list[str]:
    place = DueAfter(key_id=by.active_key_id, after=after, limit=limit)
    return list(await ActivityEnvironment().run(steps(database, by).list_due, place))


async def now_in(database: Database, integration_id: str = "int-1") -> Integration:
    found = await IntegrationRecords(database).get(TENANT, integration_id)
    assert found is not None
    return found


async def told(database: Database, action: str) -> AsyncIterator[tuple[object, object]]:
    async for entry in AuditRecords(database).chains():
        if entry.action == action:
            yield entry.before, entry.after


async def test_what_an_older_key_sealed_opens_by_the_new_one_alone(database: Database) -> None:
    before = await stored(database, integration(), vault(OLD))

    done = await resealed(database, vault(NEW, OLD), "int-1")

    assert done == Resealed(resealed=1)
    assert await secret_of(database, "int-1", vault(NEW)) == SECRET
    assert await now_in(database) == before  # its version too: opened clients may stay


async def test_sealing_anew_is_written_down_without_the_secret(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    await resealed(database, vault(NEW, OLD), "int-1")

    [(before, after)] = [each async for each in told(database, "integration.resealed")]

    shown = {"status": "active", "status_reason": None}
    assert before == {**shown, "key_id": "2025"}
    assert after == {**shown, "key_id": "2026"}


async def test_a_step_that_is_repeated_counts_the_same_and_changes_nothing(
    database: Database,
) -> None:
    await stored(database, integration(), vault(OLD))
    first = await resealed(database, vault(NEW, OLD), "int-1")

    again = await resealed(database, vault(NEW, OLD), "int-1")

    assert again == first
    assert len([each async for each in told(database, "integration.resealed")]) == 1


async def test_those_due_are_found_by_rising_id_and_without_the_bare_and_the_fresh(
    database: Database,
) -> None:
    for integration_id in ("int-c", "int-a", "int-b"):
        await stored(database, integration(integration_id), vault(OLD))
    await stored(database, integration("int-fresh"), vault(NEW))
    await stored(database, integration("int-bare"), None)

    both = vault(NEW, OLD)
    assert await due(database, both, limit=2) == ["int-a", "int-b"]
    assert await due(database, both, after="int-b") == ["int-c"]
    counted = await ActivityEnvironment().run(steps(database, both).count_sealed, "2026")
    assert counted == SealedCount(fresh=1, due=3)


async def test_a_lost_key_is_named_nothing_is_destroyed_and_the_rest_goes_on(
    database: Database,
) -> None:
    await stored(database, integration("int-1"), vault(LOST))
    await stored(database, integration("int-2"), vault(OLD))

    done = await resealed(database, vault(NEW, OLD), "int-1", "int-2")

    assert done.resealed == 1
    [met] = done.unreadable
    assert (met.integration_id, met.tenant_id) == ("int-1", TENANT)
    assert "the encryption key 2024 is not in PAYBIND_ENCRYPTION_KEYS" in met.reason
    standing = await now_in(database)
    assert (standing.status, standing.status_reason) == (IntegrationStatus.ERROR, met.reason)
    assert await secret_of(database, "int-1", vault(LOST)) == SECRET
    assert await secret_of(database, "int-2", vault(NEW)) == SECRET


async def test_a_key_that_comes_back_sets_it_right(database: Database) -> None:
    await stored(database, integration(), vault(LOST))
    await resealed(database, vault(NEW), "int-1")
    back = vault(NEW, LOST)

    assert await due(database, back) == ["int-1"]
    assert await resealed(database, back, "int-1") == Resealed(resealed=1)

    standing = await now_in(database)
    assert (standing.status, standing.status_reason) == (IntegrationStatus.ACTIVE, None)
    assert await secret_of(database, "int-1", vault(NEW)) == SECRET


async def test_it_is_set_right_also_where_the_key_that_is_back_is_the_active_one(
    database: Database,
) -> None:
    await stored(database, integration(), vault(OLD))
    await resealed(database, vault(NEW), "int-1")

    assert await due(database, vault(OLD)) == ["int-1"]
    assert await resealed(database, vault(OLD), "int-1") == Resealed(resealed=1)

    assert (await now_in(database)).status is IntegrationStatus.ACTIVE


async def test_one_that_stays_unreadable_is_told_once_and_is_not_counted_as_due(
    database: Database,
) -> None:
    await stored(database, integration(), vault(LOST))
    for _ in range(2):
        assert len((await resealed(database, vault(NEW), "int-1")).unreadable) == 1

    assert len([each async for each in told(database, "integration.unreadable")]) == 1
    assert await SealedRows(database).count("2026") == SealedCount(fresh=0, due=0)


async def test_one_that_was_switched_off_by_hand_is_not_switched_on_by_its_key(
    database: Database,
) -> None:
    await stored(database, integration(status=IntegrationStatus.INACTIVE), vault(LOST))
    await resealed(database, vault(NEW), "int-1")
    unreadable = await now_in(database)
    await resealed(database, vault(NEW, LOST), "int-1")

    assert unreadable.status is IntegrationStatus.INACTIVE
    assert unreadable.is_unreadable
    standing = await now_in(database)
    assert (standing.status, standing.status_reason) == (IntegrationStatus.INACTIVE, None)


async def test_one_whose_provider_refused_it_stays_in_error(database: Database) -> None:
    refused = integration(status=IntegrationStatus.ERROR)
    refused = refused.model_copy(update={"status_reason": "Stripe refused the key"})
    await stored(database, refused, vault(OLD))

    await resealed(database, vault(NEW, OLD), "int-1")

    assert await now_in(database) == refused


async def test_a_row_that_was_altered_is_named_as_such(database: Database) -> None:
    await stored(database, integration("int-1"), vault(OLD))
    await stored(database, integration("int-2"), vault(OLD))
    copied = await IntegrationRecords(database).with_secret("int-1")
    assert copied is not None

    def pasted(before: Integration) -> tuple[Integration, AuditEvent]:
        return before, event("integration.updated")

    await IntegrationRecords(database).change(TENANT, "int-2", pasted, copied[1])

    [met] = (await resealed(database, vault(NEW, OLD), "int-2")).unreadable
    assert "not sealed for this row, or altered (key 2025)" in met.reason


async def test_one_that_was_deleted_meanwhile_is_passed_over(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    await IntegrationRecords(database).delete(TENANT, "int-1", event(), LATER)

    assert await resealed(database, vault(NEW, OLD), "int-1", "int-2") == Resealed()


async def test_a_worker_with_an_older_key_first_seals_nothing(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    stale = steps(database, vault(OLD, NEW))
    order = ResealOrder(key_id="2026", integration_ids=("int-1",))

    with pytest.raises(ApplicationError, match="restart every worker with 2026") as refused:
        await ActivityEnvironment().run(stale.reseal_credentials, order)
    with pytest.raises(ApplicationError, match="seals under the key 2025, not 2026"):
        await ActivityEnvironment().run(stale.count_sealed, "2026")

    assert (refused.value.type, refused.value.non_retryable) == (ANOTHER_KEY, True)


async def test_new_credentials_given_meanwhile_are_not_overwritten(database: Database) -> None:
    await stored(database, integration(), vault(OLD))
    fresh = {"api_key": "sk_test_given_meanwhile_0000005678"}

    def changed(before: Integration) -> tuple[Integration, AuditEvent]:
        return before.model_copy(update={"updated_at": LATER}), event("integration.updated")

    sealed = vault(NEW).seal(fresh, integration().secret_place)
    await IntegrationRecords(database).change(TENANT, "int-1", changed, sealed)

    assert await resealed(database, vault(NEW, OLD), "int-1") == Resealed(resealed=1)
    assert await secret_of(database, "int-1", vault(NEW)) == fresh
