"""A payment provider in memory, with the customers on its pages.

It keeps the promises of the real one: a key gives the same answer again, and nothing is refunded
twice over. What shall go wrong is put into its scripts.
"""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutRequest,
    CheckoutSnapshot,
    CheckoutState,
    Failure,
    ProviderRefundState,
    ReceivedPayment,
    RefundOrder,
    RefundSnapshot,
)
from domain.refunds import Refund
from gateways.faults import GatewayFault, Parked, PaymentElsewhere, RefusedByProvider, StoredFault
from gateways.payments import PaymentGateway

PARKED_FOR = timedelta(hours=1)  # in production seconds: days of them would take long here
DECLINED = Failure(code="card_declined", reason="Your card was declined.")


class FakePayments:
    """A payment provider and the customers on its pages. Its ids are numbered from ``first`` on."""

    def __init__(self, first: int = 1) -> None:
        self.requests: dict[str, CheckoutRequest] = {}
        self.asked_for: list[CheckoutRequest] = []  # repetitions and all
        self.snapshots: dict[str, CheckoutSnapshot] = {}
        self.refunds: dict[str, RefundSnapshot] = {}
        self.our_refund_ids: dict[str, str] = {}
        self.calls: list[str] = []
        self.refund_keys: list[str] = []  # of all that was asked for
        self.expired_under: list[str] = []  # the keys of what was not refused
        self.charged_at: dict[str, datetime] = {}
        # What the next calls of an operation meet: before it acts, or after it has acted.
        self.faults_before: defaultdict[str, deque[GatewayFault]] = defaultdict(deque)
        self.faults_after: defaultdict[str, deque[GatewayFault]] = defaultdict(deque)
        self.before_next: dict[str, Callable[[], object]] = {}
        self._held: dict[str, asyncio.Event] = {}
        self.cannot_close = False  # as JustiFi: whoever has the page can pay after the end
        self.next_refunds: deque[ProviderRefundState] = deque()
        self._checkouts: dict[str, Checkout] = {}
        self._refunds: dict[str, str] = {}
        self._stored: set[str] = set()
        self._numbers = count(first)

    # The port

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        self.asked_for.append(request)
        self._meet("open_checkout", request.idempotency_key)
        checkout = self._checkouts.get(request.idempotency_key)
        if checkout is None:
            session_id = f"cs_test_{next(self._numbers)}"
            self.requests[session_id] = request
            self.snapshots[session_id] = CheckoutSnapshot(
                session_id=session_id, state=CheckoutState.OPEN
            )
            checkout = self._checkouts[request.idempotency_key] = self._page_of(session_id)
        await self._answered("open_checkout")
        self._lose("open_checkout", request.idempotency_key)
        return checkout

    async def find_checkout(self, purchase_id: str, since: datetime) -> Checkout | None:
        self._meet("find_checkout")
        for session_id, request in self.requests.items():
            is_open = self.snapshots[session_id].state is CheckoutState.OPEN
            if request.purchase_id == purchase_id and is_open:
                return self._page_of(session_id)
        return None

    async def fetch_checkout(self, session_id: str) -> CheckoutSnapshot:
        self._meet("fetch_checkout")
        if session_id not in self.snapshots:
            raise RefusedByProvider("there is no such checkout", "resource_missing")
        seen = self.snapshots[session_id]
        await self._answered("fetch_checkout")
        return seen

    async def expire_checkout(self, session_id: str, idempotency_key: str) -> CheckoutSnapshot:
        self._meet("expire_checkout", idempotency_key)
        self.expired_under.append(idempotency_key)
        if self.snapshots[session_id].state is CheckoutState.OPEN:
            self._become(session_id, state=CheckoutState.EXPIRED, may_bring_money=self.cannot_close)
        self._lose("expire_checkout", idempotency_key)
        return self.snapshots[session_id]

    async def received_payments(self, since: datetime) -> AsyncIterator[ReceivedPayment]:
        self._meet("received_payments")
        for session_id, seen in self.snapshots.items():
            payment_id = seen.payment_id
            charged_at = self.charged_at.get(payment_id or "", since)
            if payment_id is not None and seen.paid is not None and charged_at >= since:
                yield ReceivedPayment(
                    payment_id=payment_id,
                    purchase_id=self.requests[session_id].purchase_id,
                    amount=seen.paid,
                    at=charged_at,
                )

    async def create_refund(self, order: RefundOrder) -> RefundSnapshot:
        self.refund_keys.append(order.idempotency_key)
        self._meet("create_refund", order.idempotency_key)
        made = self._refunds.get(order.idempotency_key)
        if made is None:
            state = (
                self.next_refunds.popleft() if self.next_refunds else ProviderRefundState.SUCCEEDED
            )
            made = self._give_back(order.payment_id, order.amount, state)
            self._refunds[order.idempotency_key] = made
            self.our_refund_ids[made] = order.refund_id
        await self._answered("create_refund")
        self._lose("create_refund", order.idempotency_key)
        return self.refunds[made]

    async def find_refund(self, refund_id: str, payment_id: str) -> RefundSnapshot | None:
        self._meet("find_refund")
        for made, ours in self.our_refund_ids.items():
            if ours == refund_id and self.refunds[made].payment_id == payment_id:
                return self.refunds[made]
        return None

    async def found_refunds(self, payment_id: str) -> tuple[RefundSnapshot, ...]:
        self._meet("found_refunds")
        ours = self.our_refund_ids
        seen = self.refunds.items()
        return tuple(r for made, r in seen if r.payment_id == payment_id and made not in ours)

    async def fetch_refund(self, provider_refund_id: str) -> RefundSnapshot:
        self._meet("fetch_refund")
        seen = self.refunds[provider_refund_id]
        await self._answered("fetch_refund")
        return seen

    # The customer, the bank and the person at the provider's dashboard

    def decline(self, purchase_id: str) -> None:
        self._become(self.session_of(purchase_id), failure=DECLINED)

    def pay(self, purchase_id: str, amount: Money | None = None) -> str:
        """Even where the checkout has ended: banks do such things. Gives the payment's id."""
        session_id = self.session_of(purchase_id)
        payment_id = self.snapshots[session_id].payment_id or f"pi_{next(self._numbers)}"
        self.charged_at[payment_id] = datetime.now(UTC)
        self._become(
            session_id,
            state=CheckoutState.COMPLETE,
            paid=amount or self.requests[session_id].price,
            payment_id=payment_id,
            failure=None,
            may_bring_money=False,
        )
        return payment_id

    def order_debit(self, purchase_id: str) -> None:
        """The customer chose a method that settles, or fails, days later."""
        self._become(
            self.session_of(purchase_id),
            state=CheckoutState.COMPLETE,
            payment_id=f"pi_{next(self._numbers)}",
            failure=None,
        )

    def bounce_debit(self, purchase_id: str) -> None:
        self._become(self.session_of(purchase_id), failure=DECLINED)

    def expire(self, purchase_id: str) -> None:
        session_id = self.session_of(purchase_id)
        self._become(session_id, state=CheckoutState.EXPIRED, may_bring_money=False)

    def leave_open(self, purchase_id: str) -> None:
        """As where a provider has no end as early as ours: it goes on taking money."""
        session_id = self.session_of(purchase_id)
        self._become(session_id, state=CheckoutState.EXPIRED, may_bring_money=True)

    def settle_refund(
        self, made: str, state: ProviderRefundState, reason: str | None = None
    ) -> None:
        self.refunds[made] = self.refunds[made].model_copy(
            update={"state": state, "failure_reason": reason}
        )

    def refund_in_dashboard(self, payment_id: str, amount: Money) -> str:
        return self._give_back(payment_id, amount, ProviderRefundState.SUCCEEDED)

    def refund_under_our_id(self, refund: Refund, payment_id: str) -> str:
        """One that was made although its answer never came."""
        made = self._give_back(payment_id, refund.amount, ProviderRefundState.SUCCEEDED)
        self.our_refund_ids[made] = refund.refund_id
        return made

    # What tests ask, and arrange

    def refuse_next(self, operation: str) -> None:
        self.faults_before[operation].append(RefusedByProvider("not allowed", "forbidden"))

    def hold(self, operation: str) -> None:
        """Its answers stay under way until ``let_go``."""
        self._held[operation] = asyncio.Event()

    def let_go(self, operation: str) -> None:
        self._held[operation].set()

    def session_of(self, purchase_id: str) -> str:
        """The latest of the purchase's checkouts."""
        return [s for s, r in self.requests.items() if r.purchase_id == purchase_id][-1]

    def provider_id_of(self, refund_id: str) -> str:
        return next(made for made, ours in self.our_refund_ids.items() if ours == refund_id)

    def refunded(self, payment_id: str) -> int:
        """Minor units that went back, or are on their way."""
        return sum(
            refund.amount.minor
            for refund in self.refunds.values()
            if refund.payment_id == payment_id and refund.state is not ProviderRefundState.FAILED
        )

    def _meet(self, operation: str, key: str | None = None) -> None:
        self.calls.append(operation)
        if key in self._stored:
            raise StoredFault("the provider repeats its 500 for this key")
        if operation in self.before_next:
            self.before_next.pop(operation)()
        if self.faults_before[operation]:
            raise self._kept(self.faults_before[operation].popleft(), key)

    async def _answered(self, operation: str) -> None:
        if operation in self._held:
            await self._held[operation].wait()

    def _lose(self, operation: str, key: str | None = None) -> None:
        if self.faults_after[operation]:
            raise self._kept(self.faults_after[operation].popleft(), key)

    def _kept(self, fault: GatewayFault, key: str | None) -> GatewayFault:
        if isinstance(fault, StoredFault) and key is not None:
            self._stored.add(key)
        return fault

    def _give_back(self, payment_id: str, amount: Money, state: ProviderRefundState) -> str:
        paid = {s.payment_id: s.paid for s in self.snapshots.values()}
        if payment_id not in paid:
            raise PaymentElsewhere("the fake", payment_id)
        left = paid[payment_id]
        if left is None or self.refunded(payment_id) + amount.minor > left.minor:
            raise RefusedByProvider("nothing is left to refund", "charge_already_refunded")
        made = f"re_{next(self._numbers)}"
        self.refunds[made] = RefundSnapshot(
            provider_refund_id=made, payment_id=payment_id, amount=amount, state=state
        )
        return made

    def _page_of(self, session_id: str) -> Checkout:
        return Checkout(
            session_id=session_id,
            url=f"https://pay.example/{session_id}",
            expires_at=self.requests[session_id].expires_at,
        )

    def _become(self, session_id: str, **changes: object) -> None:
        self.snapshots[session_id] = self.snapshots[session_id].model_copy(update=changes)


@dataclass(frozen=True)
class FakeAccounts:
    """The environment's account, and those of integrations; whose fault list is met is theirs.

    ``doubles`` are integrations as well: gateways that speak to a provider's double.
    """

    environment: FakePayments
    integrations: Mapping[str, FakePayments]
    doubles: Mapping[str, PaymentGateway]
    paused: Collection[str | None] = ()

    @asynccontextmanager
    async def of(self, integration_id: str | None) -> AsyncIterator[PaymentGateway]:
        if integration_id in self.paused:
            raise Parked("it is paused; nothing was sent", PARKED_FOR)
        if integration_id is None:
            yield self.environment
        else:
            yield self.doubles.get(integration_id) or self.integrations[integration_id]
