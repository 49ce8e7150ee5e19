"""Makes JustiFi's payouts before their time, moves them, and serves their reports."""

import csv
import io
from dataclasses import replace

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict

from simulators.justifi import payouts, records
from simulators.justifi.errors import JustifiError
from simulators.justifi.exchange import PREFIX
from simulators.justifi.payout_objects import balance_transaction
from simulators.justifi.platform import JustifiPlatform
from simulators.justifi.platforms import JustifiPlatforms
from simulators.store import Store

COLUMNS = ("id", "txn_type", "amount", "fee", "net", "currency", "source_id", "source_payment_id")
FAR_AWAY = float("inf")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PayoutWish(_Part):
    """Of the platform of `client_id`, the configured one unless given; `outcome` is its end."""

    client_id: str | None = None
    outcome: records.PayoutEnd = "paid"


class PayoutChange(_Part):
    """`status` moves it now, `outcome` says how it will end by itself."""

    status: records.PayoutStatus | None = None
    outcome: records.PayoutEnd | None = None


class PayoutState(_Part):
    payout_id: str
    account_id: str
    status: str
    amount: int
    currency: str


class PayoutsMade(_Part):
    payouts: list[PayoutState]


class PayoutDoor:
    def __init__(self, platforms: JustifiPlatforms, store: Store) -> None:
        self._platforms = platforms
        self._store = store
        self.router = APIRouter(tags=["JustiFi's payouts"])
        add, steering = self.router.add_api_route, "/_simulator/justifi/payouts"
        add(steering, self.make, methods=["POST"])
        add(steering + "/{payout_id}", self.change, methods=["POST"])
        add(PREFIX + "/reports/{payout_id}.csv", self.report, response_class=Response)

    async def make(self, wish: PayoutWish | None = None) -> PayoutsMade:
        """Pay out everything now, whether it is available yet or not."""
        wish = wish or PayoutWish()
        known = self._platforms.configured
        platform = self._platforms.of_client(wish.client_id) if wish.client_id else known
        made = payouts.make_payouts(platform, available_by=FAR_AWAY, outcome=wish.outcome)
        self._store.flush()
        return PayoutsMade(payouts=[_state(payout) for payout in made])

    async def change(self, payout_id: str, change: PayoutChange) -> PayoutState:
        """Move a payout now, or say how it will end."""
        platform, payout = self._found(payout_id)
        if change.outcome:
            payout = platform.payouts.put(replace(payout, outcome=change.outcome))
        if change.status:
            try:
                payout = payouts.move(platform, payout, change.status)
            except JustifiError as refused:
                raise HTTPException(refused.status, refused.message) from None
        self._store.flush()
        return _state(payout)

    async def report(self, payout_id: str) -> Response:
        """The file to which a report's address leads: the lines' net adds up to the payout."""
        platform, payout = self._found(payout_id)
        lines = io.StringIO()
        table = csv.DictWriter(lines, COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows(
            balance_transaction(one)
            for one in platform.transactions
            if one.payout_id == payout.id and one.txn_type != "payout"
        )
        return Response(lines.getvalue(), media_type="text/csv")

    def _found(self, payout_id: str) -> tuple[JustifiPlatform, records.Payout]:
        platform = self._platforms.of_payout(payout_id)
        payout = platform.payouts.get(payout_id)
        if payout is None:
            raise HTTPException(404, "No such payout.")
        return platform, payout


def _state(payout: records.Payout) -> PayoutState:
    return PayoutState(
        payout_id=payout.id,
        account_id=payout.account_id,
        status=payout.status,
        amount=payout.amount,
        currency=payout.currency,
    )
