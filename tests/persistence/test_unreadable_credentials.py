"""Credentials that cannot be opened where they are used: told to the operator, not destroyed."""

import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities.keys import KeyActivities, ResealOrder
from activities.opened_integrations import OpenedIntegrations
from domain.integrations import Integration, IntegrationStatus
from domain.key_rotation import Resealed
from gateways.faults import Misconfigured
from gateways.keyring_vault import KeyringVault
from gateways.stripe_integration import StripeProvider
from persistence.database import Database
from persistence.health import HealthRecords
from persistence.integrations import IntegrationRecords
from persistence.sealed_rows import SealedRows
from persistence.turns import TurnRecords
from tests.fake_payments import FakePayments
from tests.fake_sealed_rows import LOST, NEW, OLD, SECRET, vault
from tests.persistence.integration_samples import integration, secret_of, stored
from tests.persistence.samples import TENANT


def opened_by(database: Database, by: KeyringVault) -> OpenedIntegrations:
    return OpenedIntegrations(
        rows=IntegrationRecords(database),
        health=HealthRecords(database),
        turns=TurnRecords(database),
        vault=by,
        providers={"stripe": StripeProvider("http://127.0.0.1:1")},
        environment=FakePayments(),
    )


async def use(database: Database, by: KeyringVault) -> None:
    opened = opened_by(database, by)
    try:
        async with opened.using("int-1"):
            pass
    finally:
        await opened.close()


async def standing(database: Database) -> Integration:
    found = await IntegrationRecords(database).get(TENANT, "int-1")
    assert found is not None
    return found


async def test_a_lost_key_puts_the_integration_in_error_with_a_reason(database: Database) -> None:
    await stored(database, integration(), vault(LOST))

    with pytest.raises(Misconfigured, match="the encryption key 2024 is not in PAYBIND"):
        await use(database, vault(NEW))

    marked = await standing(database)
    assert (marked.status, marked.is_unreadable) == (IntegrationStatus.ERROR, True)
    assert await secret_of(database, "int-1", vault(LOST)) == SECRET


async def test_a_rotation_tries_again_what_a_use_could_not_open(database: Database) -> None:
    await stored(database, integration(), vault(LOST))
    with pytest.raises(Misconfigured):
        await use(database, vault(NEW))

    assert await SealedRows(database).ids_due("2024", "", 10) == ("int-1",)


async def test_a_test_while_the_key_is_lost_does_not_hide_that_from_the_rotation(
    database: Database,
) -> None:
    await stored(database, integration(), vault(LOST))
    await opened_by(database, vault(NEW)).test("int-1")
    assert (await standing(database)).is_unreadable

    steps = KeyActivities(rows=SealedRows(database), vault=vault(NEW, LOST))
    order = ResealOrder(key_id="2026", integration_ids=("int-1",))
    await ActivityEnvironment().run(steps.reseal_credentials, order)

    after = await standing(database)
    assert (after.status, after.status_reason) == (IntegrationStatus.ACTIVE, None)


async def test_once_the_key_is_back_its_next_use_sets_it_right(database: Database) -> None:
    await stored(database, integration(), vault(LOST))
    with pytest.raises(Misconfigured):
        await use(database, vault(NEW))

    await use(database, vault(NEW, LOST))

    after = await standing(database)
    assert (after.status, after.status_reason) == (IntegrationStatus.ACTIVE, None)


@pytest.mark.slow
async def test_a_rotation_disturbs_nobody_who_uses_the_integrations_meanwhile(
    database: Database,
) -> None:
    ids = [f"int-{number}" for number in range(10)]
    for integration_id in ids:
        await stored(database, integration(integration_id), vault(OLD))
    both, opened = vault(NEW, OLD), opened_by(database, vault(NEW, OLD))
    steps = KeyActivities(rows=SealedRows(database), vault=both)
    seen = []

    async def use_each() -> None:
        for integration_id in ids:
            await use_freshly(integration_id)
            async with opened.using(integration_id) as gateway:
                seen.append((integration_id, gateway))

    async def use_freshly(integration_id: str) -> None:
        fresh = opened_by(database, both)
        async with fresh.using(integration_id):
            pass
        await fresh.close()

    order = ResealOrder(key_id="2026", integration_ids=tuple(ids))
    rotating = ActivityEnvironment().run(steps.reseal_credentials, order)
    done, *_ = await asyncio.gather(rotating, use_each(), use_each(), use_each())
    await use_each()
    await opened.close()

    assert done == Resealed(resealed=10)
    assert len(seen) == 40
    assert len(set(seen)) == 10  # clients that were open stayed so
