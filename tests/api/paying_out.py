"""An integration at the HTTP door whose account pays out."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from httpx import AsyncClient

from domain.payouts import PayoutSnapshot
from domain.tenants import Caller, Scope
from tests.api.door import Door, Json
from tests.api.executing import berth
from tests.fake_payouts import FakePayouts, payout

_numbers = count(1)
SOON = 10.0


@dataclass(frozen=True)
class Pier:
    """``gateway`` is what stands at the provider; ``name`` of a payout is like no other's."""

    door: Door
    http: AsyncClient
    integration_id: str
    gateway: FakePayouts

    def made(self, status: str = "scheduled", at: datetime | None = None) -> PayoutSnapshot:
        made = payout(f"po_{next(_numbers)}", status, at or datetime.now(UTC))
        self.gateway.put(made)
        return made

    async def look(self, tenant_id: str = "default") -> None:
        """Have the account looked at, and wait until what it shows is in rows."""
        caller = Caller(tenant_id=tenant_id, key_id="key_1", scopes=frozenset(Scope))
        await self.door.app.state.services.payouts.watch(caller, self.integration_id)
        shown = set(self.gateway.payouts)
        async with asyncio.timeout(SOON):
            while {str(each["provider_payout_id"]) for each in await self.listed()} != shown:
                continue

    async def until_in_review(self) -> None:
        async with asyncio.timeout(SOON):
            while not any(each["needs_review"] for each in await self.listed()):
                continue

    async def listed(self, **asked: str) -> list[Json]:
        wanted = {"integration_id": self.integration_id, **asked}
        found: list[Json] = (await self.http.get("/payouts", params=wanted)).json()["items"]
        return found


async def pier(door: Door, http: AsyncClient | None = None) -> Pier:
    made = await berth(door, http)
    return Pier(door, made.http, made.integration_id, made.account.payouts)
