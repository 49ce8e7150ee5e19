"""The primary goes down in the middle of 200 purchases: each is paid once, at one account."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pydantic import JsonValue

from domain.purchases import PaymentStatus
from tests.journeys.branches import Branches, branches
from tests.journeys.house import House
from tests.journeys.providers import SESSIONS
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PURCHASES, AT_ONCE = 200, 16
GOES_DOWN, COMES_BACK = 60, 140  # when so many have been begun
LOST_ANSWERS = 5
PATIENCE = 240.0  # seconds


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Branches]:
    async with branches(house) as opened:
        yield opened


async def test_the_primary_is_down_in_the_middle_of_200_purchases(shop: Branches) -> None:
    # Given a primary that loses some of its answers
    for kind, times in (("cut_after_effect", LOST_ANSWERS - 1), ("timeout_after_effect", 1)):
        await _fault(shop, kind, times)

    # When it goes down in the middle, and comes back
    bought = await _Rush(shop).run()

    # Then all are paid, each once and at one account, though both have taken some
    for purchase_id in bought:
        await shop.house.until_status(purchase_id, PaymentStatus.COMPLETED, within=PATIENCE)
    north, south = await shop.north.paid(), await shop.south.paid()
    assert Counter(north + south) == Counter(bought)
    assert len(bought) == len(set(bought)) == PURCHASES
    assert min(len(north), len(south)) > LOST_ANSWERS
    # Nor was a page opened for anybody at two accounts
    pages = [*await shop.north.sessions(), *await shop.south.sessions()]
    assert Counter(str(each["client_reference_id"]) for each in pages) == Counter(bought)
    verdict = await until(shop.house.verification.verify)
    assert [each for each in verdict.findings if set(each.purchase_ids) & set(bought)] == []


class _Rush:
    """Customers who buy and pay at the same time."""

    def __init__(self, shop: Branches) -> None:
        self.shop = shop
        self.begun = 0
        self.bought: list[str] = []
        self.outage: str | None = None

    async def run(self) -> list[str]:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._buy_on())
        return self.bought

    async def _buy_on(self) -> None:
        while self.begun < PURCHASES:
            self.begun += 1
            await self._meet_the_moment(self.begun)
            sold = await self.shop.house.quote()
            started = await self.shop.house.joined(sold, within=PATIENCE)
            await self.shop.house.providers.pay(started.session_id)
            self.bought.append(started.purchase_id)

    async def _meet_the_moment(self, number: int) -> None:
        if number == GOES_DOWN:
            self.outage = await _fault(self.shop, "unavailable", 10**9)
        elif number == COMES_BACK:
            await self.shop.north.simulators.delete(f"/_simulator/faults/{self.outage}")


async def _fault(shop: Branches, kind: str, times: int) -> str:
    match: JsonValue = {"account": shop.north.shown}
    if kind != "unavailable":
        match = {"account": shop.north.shown, "method": "POST", "path_prefix": SESSIONS}
    return await shop.house.providers.script(target="stripe", kind=kind, times=times, match=match)
