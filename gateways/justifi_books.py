"""JustiFi's books of an account: what it holds, as far as it can be told, and what it paid out."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from gateways import justifi_models as justifi
from gateways.ability_parameters import ListWish, PayoutWish
from gateways.integrations import Ask, Done
from gateways.justifi_client import JustifiClient
from gateways.justifi_snapshots import from_justifi


@dataclass(frozen=True)
class JustifiBooks:
    """It moves nothing, so that an idempotency key is of no use to it."""

    client: JustifiClient

    async def retrieve_balance(self, _: Ask, /) -> Done:
        """JustiFi tells no balance: it is added up from what has not been paid out yet."""
        now, available, pending = datetime.now(UTC), Counter[str](), Counter[str]()
        endpoint = self.client.endpoints.list_balance_transactions
        async for each in self.client.listed(justifi.BalanceTransaction, endpoint):
            if each.payout_id is None:
                is_due = each.available_on is not None and each.available_on <= now
                held = available if is_due else pending
                held[from_justifi(each.net, each.currency).currency] += each.net
        return Done(
            result={"available": _held(available), "pending": _held(pending), "derived": True}
        )

    async def list_payouts(self, ask: Ask, /) -> Done:
        wish = ListWish.of(ask)
        page = await self.client.page(
            justifi.Payout,
            self.client.endpoints.list_payouts,
            params={"created_after": wish.since.isoformat() if wish.since else None},
            limit=wish.limit,
            after_cursor=wish.cursor,
        )
        payouts: list[JsonValue] = [_payout(each) for each in page.items]
        next_cursor = page.info.end_cursor if page.info.has_next else None
        return Done(result={"payouts": payouts, "next_cursor": next_cursor})

    async def retrieve_payout(self, ask: Ask, /) -> Done:
        endpoint = self.client.endpoints.retrieve_payout
        payout_id = PayoutWish.of(ask).payout_id
        return Done(result=_payout(await self.client.retrieve(justifi.Payout, endpoint, payout_id)))


def _held(sums: Counter[str]) -> JsonValue:
    return [{"amount": amount, "currency": currency} for currency, amount in sorted(sums.items())]


def _payout(payout: justifi.Payout) -> dict[str, JsonValue]:
    money = from_justifi(payout.amount, payout.currency)
    moments = {"arrives_at": payout.deposits_at, "created_at": payout.created_at}
    return {
        "payout_id": payout.id,
        "status": payout.status,
        "amount": money.minor,
        "currency": money.currency,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
    }
