"""JustiFi's lists, a page at a time, and the balance that is derived from one of them.

JustiFi has no endpoint for a balance, nor one for the refunds of a payment: both are made of what
it does tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import JsonValue

from gateways.faults import RefusedByProvider
from gateways.integrations import Ability, Ask, Done
from gateways.justifi_client import LARGEST_PAGE, JustifiClient, Page
from gateways.justifi_endpoints import Endpoint
from gateways.justifi_models import (
    BalanceTransaction,
    PageInfo,
    Payment,
    PaymentMethod,
    Payout,
    Refund,
)
from gateways.justifi_object import JustifiObject
from gateways.justifi_payouts import JustifiPayouts
from gateways.justifi_wishes import ListWish, OneWish, PayoutListWish, RefundListWish, Wish

T = TypeVar("T", bound=JustifiObject)
USUAL_PAGE = 25  # as JustiFi's own


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class JustifiLists:
    client: JustifiClient
    clock: Callable[[], datetime] = _now

    @property
    def by_name(self) -> Mapping[str, Ability]:
        endpoints = self.client.endpoints
        return {
            "list_payment_methods": self._listing(PaymentMethod, endpoints.list_payment_methods),
            "list_payments": self._listing(Payment, endpoints.list_payments),
            "list_balance_transactions": self._listing(
                BalanceTransaction, endpoints.list_balance_transactions
            ),
            "list_payouts": self.list_payouts,
            "list_refunds": self.list_refunds,
            "list_payment_refunds": self.list_payment_refunds,
            "retrieve_balance": self.retrieve_balance,
        }

    async def list_payouts(self, ask: Ask, /) -> Done:
        """The first page, from the cursor on, that holds one of the wanted statuses."""
        wish = PayoutListWish.of(ask)
        backwards = wish.before_cursor is not None
        while True:
            page = await self._page(Payout, self.client.endpoints.list_payouts, wish)
            fit = tuple(each for each in page.items if each.status in wish.statuses)
            cursor = page.info.start_cursor if backwards else page.info.end_cursor
            is_last = not (page.info.has_previous if backwards else page.info.has_next)
            if not wish.statuses:
                return _done(page.items, page.info)
            if fit or is_last or cursor in (None, wish.after_cursor, wish.before_cursor):
                return _done(fit, page.info)
            name = "before_cursor" if backwards else "after_cursor"
            wish = wish.model_copy(update={name: cursor})

    async def list_refunds(self, ask: Ask, /) -> Done:
        """Those that the payment shows, newest first; the cursor of a refund is its id."""
        wish = RefundListWish.of(ask)
        if wish.after_cursor is not None and wish.before_cursor is not None:
            raise RefusedByProvider("after_cursor and before_cursor exclude each other", "cursors")
        refunds = _newest_first(await self._refunds(wish, wish.payment_id))
        ids = [each.id for each in refunds]
        size = min(wish.limit or USUAL_PAGE, LARGEST_PAGE)
        start, end = 0, size
        if wish.after_cursor is not None:
            start = _place(ids, wish.after_cursor) + 1
            end = start + size
        elif wish.before_cursor is not None:
            end = _place(ids, wish.before_cursor)
            start = max(0, end - size)
        shown = refunds[start:end]
        info = PageInfo(
            has_next=end < len(refunds),
            has_previous=start > 0,
            start_cursor=shown[0].id if shown else None,
            end_cursor=shown[-1].id if shown else None,
        )
        return _done(shown, info)

    async def list_payment_refunds(self, ask: Ask, /) -> Done:
        wish = OneWish.of(ask)
        payment = await self._payment(wish, wish.id)
        refunds = _newest_first(await self._refunds_of(payment, wish))
        data: list[JsonValue] = [each.model_dump(mode="json") for each in refunds]
        return Done(result={"data": data, "object": payment.model_dump(mode="json")})

    async def retrieve_balance(self, ask: Ask, /) -> Done:
        wish, at = Wish.of(ask), self.clock()
        payouts = JustifiPayouts(self.client, sub_account=wish.sub_account_id)
        balance = await payouts.balance_at(at)
        balances: list[JsonValue] = [
            {
                "currency": one,
                "available": balance.available(one).minor,
                "pending": balance.pending(one).minor,
            }
            for one in balance.currencies
        ]
        told: dict[str, JsonValue] = {"balances": balances, "transactions": balance.transactions}
        return Done(result={**told, "as_of": at.isoformat()})

    async def _refunds(self, wish: Wish, payment_id: str) -> tuple[Refund, ...]:
        return await self._refunds_of(await self._payment(wish, payment_id), wish)

    async def _payment(self, wish: Wish, payment_id: str) -> Payment:
        return await self.client.retrieve(
            Payment,
            self.client.endpoints.retrieve_payment,
            payment_id,
            sub_account=wish.sub_account_id,
        )

    async def _refunds_of(self, payment: Payment, wish: Wish) -> tuple[Refund, ...]:
        """The payment shows them, though no schema says so; else they are among all refunds."""
        if payment.refunds is not None:
            return tuple(payment.refunds)
        found = self.client.listed(
            Refund, self.client.endpoints.list_refunds, sub_account=wish.sub_account_id
        )
        return tuple([each async for each in found if each.payment_id == payment.id])

    def _listing(self, kind: type[T], endpoint: Endpoint) -> Ability:
        async def listed(ask: Ask, /) -> Done:
            page = await self._page(kind, endpoint, ListWish.of(ask))
            return _done(page.items, page.info)

        return listed

    async def _page(self, kind: type[T], endpoint: Endpoint, wish: ListWish) -> Page[T]:
        return await self.client.page(
            kind,
            endpoint,
            params=dict(wish.filters),
            limit=wish.limit,
            after_cursor=wish.after_cursor,
            before_cursor=wish.before_cursor,
            sub_account=wish.sub_account_id,
        )


def _newest_first(refunds: tuple[Refund, ...]) -> tuple[Refund, ...]:
    """Those without a moment last; of one moment, by id: cursors need an order that stays."""
    longest_ago = datetime(1, 1, 1, tzinfo=UTC)
    return tuple(
        sorted(refunds, key=lambda each: (each.created_at or longest_ago, each.id), reverse=True)
    )


def _place(ids: list[str], cursor: str) -> int:
    if cursor not in ids:
        raise RefusedByProvider("no refund of this payment is at that cursor", "cursors")
    return ids.index(cursor)


def _done(items: tuple[T, ...], info: PageInfo) -> Done:
    data: list[JsonValue] = [each.model_dump(mode="json") for each in items]
    return Done(result={"data": data, "page_info": info.model_dump(mode="json")})
