"""Refunds in memory: claimed against what is left, and never beyond it."""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Code
from domain.identifiers import derived_id
from domain.money import Money
from domain.payments import ProviderRefundState, RefundSnapshot
from domain.purchases import Purchase, Refusal
from domain.refunds import (
    CLAIMS_MONEY,
    Asker,
    Decision,
    Payment,
    Refund,
    RefundReason,
    RefundRequest,
    RefundStatus,
)
from tests.fake_rows import Rows


@dataclass(frozen=True)
class FakeRefundRecords:
    rows: Rows

    async def request(self, request: RefundRequest, at: datetime) -> Refund | Refusal:
        self.rows.reach()
        purchase = self.rows.purchases.get(request.purchase_id)
        if purchase is None:
            return Refusal(code=Code.PURCHASE_NOT_FOUND, message=request.purchase_id)
        if request.refund_id in self.rows.refunds:
            return self.rows.refunds[request.refund_id]
        source = request.stray or _own_payment(purchase, request.asker)
        if source is None:
            return Refusal(code=Code.NOT_PAID, message="not paid")
        left = source.amount - self._claimed(purchase, source.payment_id)
        amount = request.amount or left
        if amount.currency != left.currency:
            return Refusal(code=Code.CURRENCY_MISMATCH, message="another currency")
        if request.amount is not None and amount.minor <= 0:
            return Refusal(code=Code.INVALID_AMOUNT, message="more than nothing")
        if left.minor <= 0 or amount > left:
            return Refusal(code=Code.REFUND_ABOVE_CAP, message=f"{left} is left")
        return self._insert(request, source, amount, at)

    async def decide(self, refund_id: str, decision: Decision, at: datetime) -> Refund:
        refund = self.rows.refunds[refund_id]
        if refund.status is not RefundStatus.AWAITING_APPROVAL:
            return refund
        status = RefundStatus.PENDING if decision.approved else RefundStatus.DECLINED
        return self._write(refund, status=status, decided_by=decision.by, updated_at=at)

    async def record_outcome(
        self, refund_id: str, snapshot: RefundSnapshot, event_ids: tuple[str, ...], at: datetime
    ) -> Refund:
        self.rows.reach()
        self.rows.mark_handled(event_ids, at)
        refund = self.rows.refunds[refund_id]
        status = RefundStatus(snapshot.state.value)
        is_final = refund.status is RefundStatus.FAILED and refund.provider_refund_id is not None
        is_back = refund.status is RefundStatus.SUCCEEDED
        if is_final or (is_back and snapshot.state is not ProviderRefundState.FAILED):
            status = refund.status
        written = self._write(
            refund,
            status=status,
            provider_refund_id=snapshot.provider_refund_id,
            failure_reason=snapshot.failure_reason,
            updated_at=at,
        )
        self._cancel_policy(refund.purchase_id, at)
        return written

    async def fail(self, refund_id: str, reason: str, at: datetime) -> Refund:
        refund = self.rows.refunds[refund_id]
        return self._write(refund, status=RefundStatus.FAILED, failure_reason=reason, updated_at=at)

    async def adopt(
        self,
        purchase_id: str,
        snapshot: RefundSnapshot,
        event_ids: tuple[str, ...],
        at: datetime,
        integration_id: str | None = None,
    ) -> Refund:
        self.rows.reach()
        known = [
            refund.refund_id
            for refund in self.rows.refunds.values()
            if refund.provider_refund_id == snapshot.provider_refund_id
        ]
        refund_id = known[0] if known else derived_id("ref", snapshot.provider_refund_id)
        if not known:
            found = RefundRequest(
                refund_id=refund_id,
                purchase_id=purchase_id,
                tenant_id=self.rows.purchases[purchase_id].order.tenant_id,
                asker=Asker.PROVIDER,
                requested_by="provider",
                needs_approval_above=snapshot.amount.minor,
            )
            source = Payment(
                payment_id=snapshot.payment_id,
                amount=snapshot.amount,
                integration_id=integration_id,
            )
            self._insert(found, source, snapshot.amount, at)
        return await self.record_outcome(refund_id, snapshot, event_ids, at)

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        return self.rows.refunds.get(refund_id)

    def _claimed(self, purchase: Purchase, payment_id: str) -> Money:
        claims = self.rows.refunds_of(purchase.order.purchase_id)
        minor = sum(
            each.amount.minor
            for each in claims
            if each.status in CLAIMS_MONEY and each.payment_id == payment_id
        )
        return Money(minor=minor, currency=purchase.order.price.currency)

    def _cancel_policy(self, purchase_id: str, at: datetime) -> None:
        policy = self.rows.policies.get(purchase_id)
        paid = self.rows.purchases[purchase_id].paid
        if policy is not None and paid is not None:
            is_back = self.rows.refunded(purchase_id) >= paid.minor
            cancelled = policy.model_copy(update={"cancelled_at": at if is_back else None})
            self.rows.policies[purchase_id] = cancelled

    def _insert(
        self, request: RefundRequest, source: Payment, amount: Money, at: datetime
    ) -> Refund:
        purchase = self.rows.purchases[request.purchase_id]
        total = self._claimed(purchase, source.payment_id).minor + amount.minor
        needs_approval = request.needs_approval(amount.model_copy(update={"minor": total}))
        refund = Refund(
            refund_id=request.refund_id,
            purchase_id=request.purchase_id,
            tenant_id=request.tenant_id,
            livemode=self.rows.purchases[request.purchase_id].order.livemode,
            integration_id=source.integration_id,
            payment_id=source.payment_id,
            amount=amount,
            reason=RefundReason.REQUESTED_BY_CUSTOMER,
            status=RefundStatus.AWAITING_APPROVAL if needs_approval else RefundStatus.PENDING,
            asker=request.asker,
            requested_by=request.requested_by,
            created_at=at,
            updated_at=at,
        )
        self.rows.refunds[request.refund_id] = refund
        return refund

    def _write(self, refund: Refund, **changes: object) -> Refund:
        written = refund.model_copy(update=changes)
        self.rows.refunds[refund.refund_id] = written
        return written


def _own_payment(purchase: Purchase, asker: Asker) -> Payment | None:
    is_late = asker is Asker.PAYBIND
    payment_id = purchase.late_payment_id if is_late else purchase.payment_id
    if purchase.paid is None or payment_id is None or not (is_late or purchase.is_paid):
        return None
    return Payment(
        payment_id=payment_id, amount=purchase.paid, integration_id=purchase.integration_id
    )
