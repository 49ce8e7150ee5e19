"""Asking for a refund, and a human's yes or no to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Code, Conflict, NotFound
from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Limit, Money, require_payable
from domain.refunds import Asker, Decision, Refund, RefundReason, RefundRequest, RefundStatus
from domain.tenants import Caller, Scope
from domain.views import Page
from persistence.clock import now
from persistence.refunds import RefundRecords
from services.purchases import PurchaseService
from services.refusals import require_paid
from services.workflows import Workflows

REPEATED_WITHIN = timedelta(minutes=10)


class RefundWish(Model):
    """``amount_minor`` None means all that is left; ``key`` tells two equal wishes apart.

    A caller names no currency: the figure is in the purchase's own, and becomes money with it.
    """

    purchase: str
    amount_minor: int | None = None
    reason: RefundReason = RefundReason.REQUESTED_BY_CUSTOMER
    key: str | None = None


@dataclass(frozen=True)
class RefundService:
    refunds: RefundRecords
    purchases: PurchaseService
    workflows: Workflows
    approval_above: Limit
    clock: Callable[[], datetime] = now

    async def request(
        self, caller: Caller, wish: RefundWish, asker: Asker, human_agreed: bool = False
    ) -> Refund:
        """Record a refund and start it, or let it wait for approval.

        A service needs the refund scope. An agent needs only the write scope, since a human must
        agree; a yes given in the agent's own chat counts where its key has the refund scope.
        """
        caller.require(Scope.WRITE if asker is Asker.AGENT else Scope.REFUND)
        view = await self.purchases.get(caller, wish.purchase)
        require_paid(view)
        request = RefundRequest(
            refund_id=await self._refund_id(caller, wish, view.purchase_id),
            purchase_id=view.purchase_id,
            tenant_id=caller.tenant_id,
            amount=self._amount(wish, view.price),
            reason=wish.reason,
            asker=asker,
            requested_by=caller.key_id,
            address=caller.address,
            approved_by=caller.key_id if human_agreed and caller.may(Scope.REFUND) else None,
            needs_approval_above=self.approval_above.of(view.price.currency).minor,
        )
        order = await self.purchases.order(view.purchase_id)
        return await self.workflows.refund(order, request)

    async def get(self, caller: Caller, refund_id: str) -> Refund:
        caller.require(Scope.READ)
        refund = await self.refunds.get(caller.tenant_id, refund_id)
        if refund is None:
            raise NotFound(Code.REFUND_NOT_FOUND, f"no refund {refund_id}")
        return refund

    async def page(
        self,
        caller: Caller,
        status: RefundStatus | None,
        purchase_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Refund]:
        caller.require(Scope.READ)
        return await self.refunds.page(caller.tenant_id, status, purchase_id, cursor, limit)

    async def decide(
        self, caller: Caller, refund_id: str, approved: bool, note: str | None
    ) -> Refund:
        caller.require(Scope.REFUND)
        refund = await self.get(caller, refund_id)
        if refund.status is not RefundStatus.AWAITING_APPROVAL:
            raise _decided_already(refund)
        decision = Decision(approved=approved, by=caller.key_id, address=caller.address, note=note)
        order = await self.purchases.order(refund.purchase_id)
        decided = await self.workflows.decide(order, refund, decision)
        if not _follows(decided, decision):  # its run had closed: the first decision stands
            raise _decided_already(decided)
        return decided

    async def _refund_id(self, caller: Caller, wish: RefundWish, purchase_id: str) -> str:
        """With a key, the key decides which refund it is.

        Without one, the same wish by the same caller within minutes is a repetition, after a
        time-out say: giving money back twice costs more than asking for a key.
        """
        if wish.key is not None:
            return derived_id("ref", caller.tenant_id, purchase_id, wish.key)
        asked_at = self.clock()
        window = int(asked_at.timestamp() // REPEATED_WITHIN.total_seconds())
        words = (caller.key_id, purchase_id, wish.amount_minor or "all", wish.reason)
        earlier = derived_id("ref", *words, window - 1)
        made = await self.refunds.get(caller.tenant_id, earlier)
        if made is not None and asked_at - made.created_at < REPEATED_WITHIN:
            return earlier
        return derived_id("ref", *words, window)

    def _amount(self, wish: RefundWish, price: Money) -> Money | None:
        if wish.amount_minor is None:
            return None
        amount = Money(minor=wish.amount_minor, currency=price.currency)
        require_payable(amount)
        return amount


def _follows(refund: Refund, decision: Decision) -> bool:
    was_approved = refund.status is not RefundStatus.DECLINED
    return refund.decided_by == decision.by and was_approved is decision.approved


def _decided_already(refund: Refund) -> Conflict:
    return Conflict(
        Code.REFUND_NOT_AWAITING_APPROVAL,
        f"{refund.refund_id} is {refund.status}",
        purchase_id=refund.purchase_id,
    )
