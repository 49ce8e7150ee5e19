"""Credentials are sealed anew while purchases use them: none of those fails, or meets another's."""

import asyncio

from temporalio.testing import ActivityEnvironment

from activities.keys import KeyActivities, ResealOrder
from activities.opened_integrations import OpenedIntegrations
from domain.integrations import Credentials, IntegrationStatus
from persistence.database import Database
from persistence.health import HealthRecords
from persistence.integrations import IntegrationRecords
from persistence.sealed_rows import SealedRows
from persistence.turns import TurnRecords
from tests.fake_payments import FakePayments
from tests.fake_sealed_rows import NEW, OLD, vault
from tests.persistence.integration_samples import integration, secret_of, stored
from tests.persistence.samples import TENANT
from tests.persistence.test_opened_integrations import _Gateway, _Provider

IDS = tuple(f"int-{number}" for number in range(6))
ROUNDS = 5


def forgetful(database: Database, provider: _Provider) -> OpenedIntegrations:
    """A worker with room for one client: it unseals at nearly every use."""
    return OpenedIntegrations(
        rows=IntegrationRecords(database),
        health=HealthRecords(database),
        turns=TurnRecords(database),
        vault=vault(NEW, OLD),
        providers={"stripe": provider},
        environment=FakePayments(),
        kept_open=1,
    )


async def used(opened: OpenedIntegrations, integration_id: str) -> Credentials:
    """What a purchase's step has opened, as long as it works with it."""
    async with opened.using(integration_id) as gateway:
        await asyncio.sleep(0)  # the others have their turn
        assert isinstance(gateway, _Gateway)
        return gateway.credentials


async def test_purchases_go_on_by_their_own_accounts_while_keys_are_rotated(
    database: Database,
) -> None:
    secrets = {each: {"api_key": f"sk_test_of_{each}"} for each in IDS}
    for each in IDS:
        await stored(database, integration(each), vault(OLD), secrets[each])
    provider = _Provider()
    opened = forgetful(database, provider)
    keys = KeyActivities(rows=SealedRows(database), vault=vault(NEW, OLD))

    async def buy(integration_id: str) -> list[Credentials]:
        return [await used(opened, integration_id) for _ in range(ROUNDS)]

    async def rotate() -> int:
        done = 0
        for each in IDS:
            order = ResealOrder(key_id=vault(NEW).active_key_id, integration_ids=(each,))
            done += (await ActivityEnvironment().run(keys.reseal_credentials, order)).resealed
        return done

    resealed, *bought = await asyncio.gather(rotate(), *map(buy, IDS))
    await opened.close()

    assert resealed == len(IDS)
    assert bought == [[secrets[each]] * ROUNDS for each in IDS]
    for each in IDS:
        assert await secret_of(database, each, vault(NEW)) == secrets[each]
        standing = await IntegrationRecords(database).get(TENANT, each)
        assert standing is not None
        assert (standing.status, standing.version) == (IntegrationStatus.ACTIVE, 1)
    assert all(gateway.closed == 1 for gateway in provider.connected)
