"""A payout that does not arrive, from day to day: JustiFi's double on its clock, our balances."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.balances import BalanceActivities, SnapshotOrder
from gateways.justifi_payouts import JustifiPayouts
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.migrate import migrate
from persistence.paid_records import PaidRecords
from persistence.payouts import PayoutRecords
from simulators.justifi.exchange import PREFIX
from tests.fake_payouts import ACCOUNT, FakePayoutGateways, usd
from tests.gateways.simulated_justifi import SimulatedJustifi, simulated_justifi

# A Monday before the batch of 14:30 US/Central. Deposits are at 9:00 of the next morning.
MONDAY_NOON = datetime.fromisoformat("2030-01-07T18:00:00+00:00")
DAY = timedelta(days=1)


@dataclass
class Seller:
    """At the double; each day's end is its daily round."""

    justifi: SimulatedJustifi
    http: httpx.AsyncClient
    database: Database

    @property
    def balances(self) -> BalanceRecords:
        return BalanceRecords(self.database)

    @property
    def payouts(self) -> JustifiPayouts:
        return JustifiPayouts(self.justifi.client)

    async def steer(self, path: str, **wish: str) -> None:
        done = await self.http.post(f"/_simulator/justifi{path}", json=wish)
        assert done.is_success, done.text

    async def ends(self, day: int) -> None:
        at = MONDAY_NOON.replace(hour=1, minute=5) + (day + 1) * DAY
        await self.steer("/clock", to=at.isoformat())
        steps = BalanceActivities(
            self.balances,
            PayoutRecords(self.database),
            PaidRecords(self.database),
            FakePayoutGateways(self.payouts),
        )
        order = SnapshotOrder(account=ACCOUNT, at=at)
        assert await ActivityEnvironment().run(steps.take_snapshots, order) == (day >= 0)


@pytest.fixture
async def seller(tmp_path: Path) -> AsyncIterator[Seller]:
    url = f"sqlite:///{tmp_path / 'paybind.db'}"
    await migrate(url)
    database = Database(url)
    async with (
        simulated_justifi() as justifi,
        httpx.AsyncClient(base_url=justifi.url.removesuffix(PREFIX)) as http,
    ):
        yield Seller(justifi, http, database)
    await database.close()


async def test_what_fails_and_goes_out_with_the_next_batch_leaves_no_day_with_a_difference(
    seller: Seller,
) -> None:
    await seller.ends(-1)
    await seller.steer("/clock", to=MONDAY_NOON.isoformat())
    await seller.justifi.pay("one", 20_000)
    await seller.ends(0)
    [made] = (await seller.payouts.list_payouts(None, None)).payouts
    await seller.steer(f"/payouts/{made.provider_payout_id}", outcome="failed")
    for day in (1, 2):
        await seller.ends(day)

    first, last = MONDAY_NOON.date(), (MONDAY_NOON + 2 * DAY).date()
    days = await seller.balances.between(ACCOUNT.tenant_id, first, last)
    assert [(each.paid_out, each.returned) for each in days] == [
        (made.amount, usd(0)),
        (made.amount, made.amount),
        (usd(0), usd(0)),
    ]
    assert [each.difference for each in days] == [usd(0)] * 3
