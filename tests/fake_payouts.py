"""Payouts and balance transactions of an account, as a provider shows them; time is the test's."""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.audit import AuditEvent
from domain.balances import BalanceTransaction, TransactionKind
from domain.money import Money
from domain.payouts import Payout, PayoutAccount, PayoutSnapshot, PayoutTotals, payout_id_of
from gateways.faults import UNREADABLE, GatewayFault, OutcomeUnknown, RefusedByProvider
from gateways.payouts import PayoutGateway, PayoutPage

ACCOUNT = PayoutAccount(tenant_id="ten_harbour", provider="justifi", livemode=True)
MONDAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # just after the batch


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def totals(payments: int, refunds: int = 0, fees: int = 0, other: int = 0) -> PayoutTotals:
    return PayoutTotals(
        payments=usd(payments), refunds=usd(refunds), fees=usd(fees), other=usd(other)
    )


def payout(
    name: str = "po_1", status: str = "scheduled", at: datetime = MONDAY, **more: object
) -> PayoutSnapshot:
    made: dict[str, object] = {
        "provider_payout_id": name,
        "status": status,
        "amount": usd(22_015),
        "totals": totals(24_500, -1_000, 1_485),
        "payments_count": 2,
        "refunds_count": 1,
        "payout_type": "cc",
        "bank_account_last_four": "6789",
        "deposits_at": at + timedelta(days=1),
        "created_at": at,
        "updated_at": at,
    }
    return PayoutSnapshot.model_validate(made | more)


def kept(snapshot: PayoutSnapshot, account: PayoutAccount = ACCOUNT) -> Payout:
    return Payout(
        **dict(snapshot),
        **account.model_dump(),
        payout_id=payout_id_of(account, snapshot.provider_payout_id),
        first_seen_at=snapshot.created_at,
        seen_at=snapshot.created_at,
    )


def seen_to(before: Payout) -> AuditEvent:
    """What is written down of it when somebody resolves its review."""
    return AuditEvent(
        tenant_id=before.tenant_id,
        actor="key_1",
        action="payout_review.resolved",
        subject=before.payout_id,
        before=before.model_dump(mode="json", include={"status", "needs_review"}),
    )


def transaction(
    name: str,
    minor: int,
    at: datetime = MONDAY,
    kind: TransactionKind = TransactionKind.PAYMENT,
    **more: object,
) -> BalanceTransaction:
    amount, fee = usd(minor), usd(0)
    made: dict[str, object] = {
        "transaction_id": name,
        "kind": kind,
        "txn_type": kind.value,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "available_on": at,
        "created_at": at,
    }
    return BalanceTransaction.model_validate(made | more)


@dataclass
class FakePayouts:
    """One account. ``calls`` counts what it was asked; ``fault`` stands until it is taken away.

    Of those ``unanswered`` no question is answered; what is told of those ``unreadable`` is odd.
    """

    payouts: dict[str, PayoutSnapshot] = field(default_factory=dict)
    transactions: list[BalanceTransaction] = field(default_factory=list)
    page_size: int = 100
    calls: list[str] = field(default_factory=list)
    fault: GatewayFault | None = None
    unanswered: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def put(self, *snapshots: PayoutSnapshot) -> None:
        self.payouts |= {each.provider_payout_id: each for each in snapshots}

    def move(self, name: str, status: str, after: timedelta = timedelta(hours=1)) -> None:
        known = self.payouts[name]
        self.put(
            known.model_copy(update={"status": status, "updated_at": known.updated_at + after})
        )

    async def list_payouts(self, since: datetime | None, cursor: str | None) -> PayoutPage:
        self._reach("page")
        listed = sorted(
            (each for each in self.payouts.values() if since is None or each.created_at >= since),
            key=lambda each: (each.created_at, each.provider_payout_id),
            reverse=True,
        )
        first = int(cursor or 0)
        end = first + self.page_size
        shown = {each.provider_payout_id: each for each in listed[first:end]}
        return PayoutPage(
            payouts=tuple(each for name, each in shown.items() if name not in self.unreadable),
            unreadable=tuple(name for name in shown if name in self.unreadable),
            next_cursor=str(end) if end < len(listed) else None,
        )

    async def fetch_payout(self, provider_payout_id: str) -> PayoutSnapshot:
        self._reach("payout")
        if provider_payout_id in self.unanswered:
            raise OutcomeUnknown("no answer")
        if provider_payout_id in self.unreadable:
            raise RefusedByProvider("it has no date", UNREADABLE)
        if provider_payout_id not in self.payouts:
            raise RefusedByProvider("there is no such payout", "resource_not_found")
        return self.payouts[provider_payout_id]

    async def transactions_of_payout(
        self, provider_payout_id: str
    ) -> AsyncIterator[BalanceTransaction]:
        self._reach("transactions")
        for each in self.transactions:
            if each.provider_payout_id == provider_payout_id:
                yield each

    async def transactions_since(self, since: datetime | None) -> AsyncIterator[BalanceTransaction]:
        self._reach("transactions")
        for each in sorted(self.transactions, key=lambda each: each.created_at, reverse=True):
            if since is None or each.created_at >= since:
                yield each

    def _reach(self, call: str) -> None:
        self.calls.append(call)
        if self.fault is not None:
            raise self.fault.with_traceback(None)


@dataclass(frozen=True)
class FakePayoutGateways:
    gateway: PayoutGateway

    @asynccontextmanager
    async def of(self, account: PayoutAccount) -> AsyncIterator[PayoutGateway]:
        yield self.gateway


@dataclass
class FakeAccountRows:
    accounts: list[PayoutAccount] = field(default_factory=lambda: [ACCOUNT])

    async def all(self) -> tuple[PayoutAccount, ...]:
        return tuple(self.accounts)

    async def is_known(self, account: PayoutAccount) -> bool:
        return account in self.accounts


@dataclass
class FakePayoutRows:
    rows: dict[str, Payout] = field(default_factory=dict)

    async def required(self, payout_id: str) -> Payout:
        return self.rows[payout_id]
