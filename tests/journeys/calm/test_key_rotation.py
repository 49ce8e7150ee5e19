"""The keys of credentials are rotated while customers buy with them."""

import asyncio
from collections import Counter

import pytest
from temporalio.testing import ActivityEnvironment

from activities.keys import KeyActivities, ResealOrder
from connections import connect_database
from domain.purchases import PaymentStatus
from persistence.sealed_rows import SealedRows
from services.key_rotation import KeyRotationService
from tests.fake_sealed_rows import NEW, OLD, vault
from tests.journeys.branches import branches
from tests.journeys.house import House

pytestmark = [pytest.mark.slow]
PURCHASES = 12


async def test_purchases_are_paid_once_while_the_keys_of_their_accounts_are_rotated(
    house: House,
) -> None:
    # Given two accounts whose credentials are still sealed under the key that is to go
    async with branches(house) as shop:
        both = (shop.north.integration_id, shop.south.integration_id)
        before = vault(OLD, NEW)
        database = connect_database(house.running.settings)
        keys = KeyActivities(SealedRows(database), before)
        order = ResealOrder(key_id=before.active_key_id, integration_ids=both)
        await ActivityEnvironment().run(keys.reseal_credentials, order)
        await database.close()

        # When they are rotated while customers buy
        async def buy() -> str:
            started = await shop.house.joined(await shop.house.quote())
            await shop.house.providers.pay(started.session_id)
            await shop.house.until_status(started.purchase_id, PaymentStatus.COMPLETED)
            return started.purchase_id

        buying = asyncio.gather(*(buy() for _ in range(PURCHASES)))
        rotated = await KeyRotationService(house.temporal).rotate(vault(NEW).active_key_id)
        bought = await buying

        # Then each is paid once, and nothing is left under the old key
        assert (rotated.resealed, rotated.unreadable) == (len(both), 0)
        assert Counter(await shop.north.paid()) == Counter(bought)
        assert await shop.south.paid() == []
        again = await KeyRotationService(house.temporal).rotate(vault(NEW).active_key_id)
        assert again.resealed == 0
