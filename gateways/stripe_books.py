"""Stripe's books of an account: what it holds, what moved, and what went to the bank."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import JsonValue

from gateways.ability_parameters import ListWish, PayoutWish
from gateways.integrations import Ask, Done
from gateways.stripe_amounts import from_stripe
from gateways.stripe_api import StripeApi, path_of
from gateways.stripe_snapshots import Answer, Page, Thing

BALANCE = "/v1/balance"
TRANSACTIONS = "/v1/balance_transactions"
PAYOUTS = "/v1/payouts"


class _Held(Answer):
    amount: int
    currency: str

    @property
    def result(self) -> JsonValue:
        money = from_stripe(self.amount, self.currency)
        return {"amount": money.minor, "currency": money.currency}


class _Balance(Answer):
    available: tuple[_Held, ...]
    pending: tuple[_Held, ...]


class _Transaction(Thing):
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    source: str | None = None
    created: int

    @property
    def result(self) -> dict[str, JsonValue]:
        amount, fee, net = (
            from_stripe(each, self.currency) for each in (self.amount, self.fee, self.net)
        )
        return {
            "transaction_id": self.id,
            "type": self.type,
            "amount": amount.minor,
            "fee": fee.minor,
            "net": net.minor,
            "currency": amount.currency,
            "source_id": self.source,
            "created_at": moment(self.created),
        }


class _Payout(Thing):
    status: str
    amount: int
    currency: str
    arrival_date: int
    created: int

    @property
    def result(self) -> dict[str, JsonValue]:
        money = from_stripe(self.amount, self.currency)
        return {
            "payout_id": self.id,
            "status": self.status,
            "amount": money.minor,
            "currency": money.currency,
            "arrives_at": moment(self.arrival_date),
            "created_at": moment(self.created),
        }


L = TypeVar("L", _Transaction, _Payout)


@dataclass(frozen=True)
class StripeBooks:
    """It moves nothing, so that an idempotency key is of no use to it."""

    api: StripeApi

    async def sync_transactions(self, ask: Ask, /) -> Done:
        listed, next_cursor = await self._page(_Transaction, TRANSACTIONS, ask)
        transactions: list[JsonValue] = [each.result for each in listed]
        return Done(result={"transactions": transactions, "next_cursor": next_cursor})

    async def list_payouts(self, ask: Ask, /) -> Done:
        listed, next_cursor = await self._page(_Payout, PAYOUTS, ask)
        payouts: list[JsonValue] = [each.result for each in listed]
        return Done(result={"payouts": payouts, "next_cursor": next_cursor})

    async def retrieve_payout(self, ask: Ask, /) -> Done:
        path = path_of(PAYOUTS, PayoutWish.of(ask).payout_id)
        return Done(result=_Payout.of(await self.api.ask("get", path)).result)

    async def retrieve_balance(self, _: Ask, /) -> Done:
        balance = _Balance.of(await self.api.ask("get", BALANCE))
        return Done(
            result={
                "available": [held.result for held in balance.available],
                "pending": [held.result for held in balance.pending],
            }
        )

    async def _page(self, kind: type[L], path: str, ask: Ask) -> tuple[list[L], str | None]:
        """Newest first, as Stripe lists; and where the next page begins, if there is one."""
        wish = ListWish.of(ask)
        params: dict[str, object] = {"limit": wish.limit}
        if wish.since is not None:
            params["created"] = {"gte": int(wish.since.timestamp())}
        if wish.cursor is not None:
            params["starting_after"] = wish.cursor
        page = Page.of(await self.api.ask("get", path, params))
        listed = [kind.of(each) for each in page.data]
        return listed, listed[-1].id if page.has_more and listed else None


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
