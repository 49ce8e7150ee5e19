"""JustiFi's books of an account as capabilities: what it holds, and what it paid out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from domain.money import Money
from domain.payouts import PayoutSnapshot
from gateways.ability_parameters import ListWish, PayoutWish
from gateways.integrations import Ask, Done
from gateways.justifi_client import JustifiClient
from gateways.justifi_payouts import JustifiPayouts
from gateways.justifi_snapshots import unreadable


@dataclass(frozen=True)
class JustifiBooks:
    """It moves nothing, so that an idempotency key is of no use to it."""

    client: JustifiClient

    async def retrieve_balance(self, _: Ask, /) -> Done:
        balance = await JustifiPayouts(self.client).balance_at(datetime.now(UTC))
        available = map(balance.available, balance.currencies)
        pending = map(balance.pending, balance.currencies)
        return Done(
            result={"available": _held(available), "pending": _held(pending), "derived": True}
        )

    async def list_payouts(self, ask: Ask, /) -> Done:
        wish = ListWish.of(ask)
        payouts = JustifiPayouts(self.client, page_size=wish.limit)
        page = await payouts.list_payouts(wish.since, wish.cursor)
        if page.unreadable:  # whoever asks takes the page for all there is
            raise unreadable(f"JustiFi's payouts {', '.join(page.unreadable)} make no sense here")
        shown: list[JsonValue] = [_shown(each) for each in page.payouts]
        return Done(result={"payouts": shown, "next_cursor": page.next_cursor})

    async def retrieve_payout(self, ask: Ask, /) -> Done:
        payout_id = PayoutWish.of(ask).payout_id
        return Done(result=_shown(await JustifiPayouts(self.client).fetch_payout(payout_id)))


def _held(sums: Iterable[Money]) -> JsonValue:
    return [{"amount": each.minor, "currency": each.currency} for each in sums if each.minor]


def _shown(payout: PayoutSnapshot) -> dict[str, JsonValue]:
    arrives = {"arrives_at": payout.deposits_at.isoformat()} if payout.deposits_at else {}
    return {
        "payout_id": payout.provider_payout_id,
        "status": payout.status,
        "amount": payout.amount.minor,
        "currency": payout.amount.currency,
        **arrives,
        "created_at": payout.created_at.isoformat(),
    }
