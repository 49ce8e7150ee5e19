"""JustiFi's payouts and balance transactions, in our words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.balances import Balance, BalanceTransaction, TransactionKind
from domain.payouts import PayoutSnapshot, PayoutTotals
from gateways.faults import RefusedByProvider
from gateways.justifi_client import LARGEST_PAGE, JustifiClient
from gateways.justifi_models import BalanceTransaction as JustifiTransaction
from gateways.justifi_models import Payout
from gateways.justifi_object import JustifiObject
from gateways.justifi_snapshots import from_justifi, unreadable
from gateways.payouts import PayoutPage

# txn_type is an open set: what is not here moves the balance like any other.
_KINDS = {
    "seller_payment": TransactionKind.PAYMENT,
    "seller_payment_refund": TransactionKind.REFUND,
    "refund": TransactionKind.REFUND,
    "processing_fee": TransactionKind.FEE,
    "processing_fee_credit": TransactionKind.FEE,
    "processing_fee_return": TransactionKind.FEE,
    "platform_fee": TransactionKind.FEE,
    "platform_fee_credit": TransactionKind.FEE,
    "platform_fee_return": TransactionKind.FEE,
    "refund_processing_fee": TransactionKind.FEE,
    "fee_rounding_adjustment": TransactionKind.FEE,
}
_OF_PAYOUTS = {"payout", "transfer"}


@dataclass(frozen=True)
class JustifiPayouts:
    """Of the account that the client asks for, or of that ``sub_account``."""

    client: JustifiClient
    page_size: int = LARGEST_PAGE
    sub_account: str | None = None

    async def list_payouts(self, since: datetime | None, cursor: str | None) -> PayoutPage:
        """JustiFi's own fields are read one payout at a time: an odd one hides no other."""
        page = await self.client.page(
            JustifiObject,
            self.client.endpoints.list_payouts,
            params={"created_after": _written(since)},
            limit=self.page_size,
            after_cursor=cursor,
            sub_account=self.sub_account,
        )
        payouts, unreadable = [], []
        for each in page.items:
            try:
                payouts.append(snapshot_of(Payout.of(each.model_extra)))
            except RefusedByProvider:
                unreadable.append(str((each.model_extra or {}).get("id") or "?"))
        return PayoutPage(
            payouts=tuple(payouts),
            unreadable=tuple(unreadable),
            next_cursor=page.following(cursor),
        )

    async def fetch_payout(self, provider_payout_id: str) -> PayoutSnapshot:
        endpoint = self.client.endpoints.retrieve_payout
        found = await self.client.retrieve(
            Payout, endpoint, provider_payout_id, sub_account=self.sub_account
        )
        return snapshot_of(found)

    async def transactions_of_payout(
        self, provider_payout_id: str
    ) -> AsyncIterator[BalanceTransaction]:
        listed = self.client.listed(
            JustifiTransaction,
            self.client.endpoints.list_balance_transactions,
            params={"payout_id": provider_payout_id},
            sub_account=self.sub_account,
        )
        async for each in listed:
            yield transaction_of(each)

    async def transactions_since(self, since: datetime | None) -> AsyncIterator[BalanceTransaction]:
        """JustiFi takes no time here: its list, newest first, is left where it gets too old."""
        listed = self.client.listed(
            JustifiTransaction,
            self.client.endpoints.list_balance_transactions,
            sub_account=self.sub_account,
        )
        async for each in listed:
            transaction = transaction_of(each)
            if since is not None and transaction.created_at < since:
                return
            yield transaction

    async def balance_at(self, now: datetime) -> Balance:
        """JustiFi tells none: it is added up from all that has not been paid out yet."""
        balance = Balance(now)
        async for each in self.transactions_since(None):
            if each.is_held:
                balance.add(each)
        return balance


def snapshot_of(payout: Payout) -> PayoutSnapshot:
    if payout.created_at is None:
        raise unreadable(f"JustiFi's payout {payout.id} has no date")
    bank = payout.bank_account
    return PayoutSnapshot(
        provider_payout_id=payout.id,
        provider_account_id=payout.account_id,
        status=payout.status,
        amount=from_justifi(payout.amount, payout.currency),
        totals=PayoutTotals(
            payments=from_justifi(payout.payments_total or 0, payout.currency),
            refunds=from_justifi(payout.refunds_total or 0, payout.currency),
            fees=from_justifi(payout.fees_total or 0, payout.currency),
            other=from_justifi(payout.other_total or 0, payout.currency),
        ),
        payments_count=payout.payments_count or 0,
        refunds_count=payout.refunds_count or 0,
        payout_type=payout.payout_type,
        settlement_priority=payout.settlement_priority,
        delivery_method=payout.delivery_method,
        bank_account_last_four=_last_four(bank.account_number_last4) if bank else None,
        deposits_at=payout.deposits_at,
        created_at=payout.created_at,
        updated_at=payout.updated_at or payout.created_at,
    )


def transaction_of(made: JustifiTransaction) -> BalanceTransaction:
    if made.created_at is None:
        raise unreadable(f"JustiFi's transaction {made.id} has no date")
    return BalanceTransaction(
        transaction_id=made.id,
        kind=_kind_of(made),
        txn_type=made.txn_type,
        amount=from_justifi(made.amount, made.currency),
        fee=from_justifi(made.fee, made.currency),
        net=from_justifi(made.net, made.currency),
        available_on=made.available_on,
        provider_payout_id=made.payout_id,
        source_id=made.source_id,
        source_payment_id=made.source_payment_id,
        created_at=made.created_at,
    )


def _kind_of(made: JustifiTransaction) -> TransactionKind:
    is_of_payout = (made.source_type or "").lower() == "payout" and made.txn_type in _OF_PAYOUTS
    if is_of_payout or made.txn_type == "payout":
        return TransactionKind.PAYOUT if _is_payouts_own(made) else TransactionKind.RETURNED
    return _KINDS.get(made.txn_type, TransactionKind.OTHER)


def _is_payouts_own(made: JustifiTransaction) -> bool:
    """It names itself; the one that undoes it is in no payout yet, or in a later one."""
    if made.payout_id is None or made.source_id is None:
        return made.amount <= 0
    return made.source_id == made.payout_id


def _last_four(told: str | None) -> str | None:
    """Never more, whatever comes."""
    return told[-4:] if told else None


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
