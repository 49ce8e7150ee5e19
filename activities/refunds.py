"""A refund at its provider and in its rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.model import Model
from domain.payments import RefundOrder, RefundSnapshot
from domain.purchases import Refusal
from domain.refunds import Decision, Refund, RefundRequest
from gateways.faults import LookRefused, RefusedByProvider
from gateways.payments import PaymentGateway, PaymentGateways


class RefundRecords(Protocol):
    async def request(self, request: RefundRequest, at: datetime) -> Refund | Refusal: ...
    async def decide(self, refund_id: str, decision: Decision, at: datetime) -> Refund: ...
    async def record_outcome(
        self, refund_id: str, snapshot: RefundSnapshot, event_ids: tuple[str, ...], at: datetime
    ) -> Refund: ...
    async def fail(self, refund_id: str, reason: str, at: datetime) -> Refund: ...
    async def adopt(
        self,
        purchase_id: str,
        snapshot: RefundSnapshot,
        event_ids: tuple[str, ...],
        at: datetime,
        integration_id: str | None = None,
    ) -> Refund: ...


class RefundDecision(Model):
    refund_id: str
    decision: Decision


class RefundAttempt(Model):
    refund: Refund
    provider: str
    group: int = 1


class RefundLook(Model):
    """A refund to read at the provider and write down, and the events that asked for it."""

    refund_id: str
    provider: str
    provider_refund_id: str
    event_ids: tuple[str, ...] = ()
    integration_id: str | None = None


class FoundRefund(Model):
    purchase_id: str
    provider: str
    provider_refund_id: str
    event_id: str
    integration_id: str | None = None


class RefundedPayment(Model):
    purchase_id: str
    payment_id: str
    integration_id: str | None = None


class RefundFailure(Model):
    refund_id: str
    reason: str


@dataclass(frozen=True)
class RefundActivities:
    records: RefundRecords
    gateways: PaymentGateways

    @activity.defn
    async def record_refund(self, request: RefundRequest) -> Refund | Refusal:
        """Claim the money: the cap is checked and the row written in one transaction."""
        with told_to_temporal():
            return await self.records.request(request, now())

    @activity.defn
    async def record_decision(self, decided: RefundDecision) -> Refund:
        with told_to_temporal():
            return await self.records.decide(decided.refund_id, decided.decision, now())

    @activity.defn
    async def create_refund(self, attempt: RefundAttempt) -> Refund:
        """Ask the provider for the money back, and keep its answer.

        It is looked up by our id first: a key lives for a day, and this may be asked again later.
        """
        refund = attempt.refund
        with told_to_temporal():
            async with self.gateways.of(refund.integration_id) as gateway:
                made = await _found(gateway, refund) or await gateway.create_refund(
                    _order_of(attempt)
                )
            return await self.records.record_outcome(refund.refund_id, made, (), now())

    @activity.defn
    async def find_refund(self, refund: Refund) -> Refund:
        """Look for one of which nobody knows whether it was made. It asks for nothing."""
        with told_to_temporal():
            async with self.gateways.of(refund.integration_id) as gateway:
                made = await _found(gateway, refund)
            if made is None:
                return refund
            return await self.records.record_outcome(refund.refund_id, made, (), now())

    @activity.defn
    async def read_refund(self, look: RefundLook) -> Refund:
        with told_to_temporal():
            async with self.gateways.of(look.integration_id) as gateway:
                seen = await gateway.fetch_refund(look.provider_refund_id)
            return await self.records.record_outcome(look.refund_id, seen, look.event_ids, now())

    @activity.defn
    async def fail_refund(self, failure: RefundFailure) -> Refund:
        """Record the provider's definite no; the money it claimed can be refunded otherwise."""
        with told_to_temporal():
            return await self.records.fail(failure.refund_id, failure.reason, now())

    @activity.defn
    async def adopt_refund(self, found: FoundRefund) -> Refund:
        """Take over a refund made in the provider's dashboard, so that the books agree."""
        with told_to_temporal():
            async with self.gateways.of(found.integration_id) as gateway:
                seen = await gateway.fetch_refund(found.provider_refund_id)
            return await self.records.adopt(
                found.purchase_id, seen, (found.event_id,), now(), found.integration_id
            )

    @activity.defn
    async def adopt_refunds(self, refunded: RefundedPayment) -> tuple[Refund, ...]:
        """Likewise of all that a payment shows, where it was not told which one is new."""
        purchase_id, integration_id = refunded.purchase_id, refunded.integration_id
        with told_to_temporal():
            async with self.gateways.of(integration_id) as gateway:
                found = await gateway.found_refunds(refunded.payment_id)
            adopt = self.records.adopt
            return tuple(
                [await adopt(purchase_id, each, (), now(), integration_id) for each in found]
            )


async def _found(gateway: PaymentGateway, refund: Refund) -> RefundSnapshot | None:
    """A no to this look is no answer to the refund, which an earlier attempt may have made."""
    try:
        return await gateway.find_refund(refund.refund_id, refund.payment_id)
    except RefusedByProvider as refused:
        raise LookRefused(str(refused), refused.code) from refused


def _order_of(attempt: RefundAttempt) -> RefundOrder:
    refund = attempt.refund
    return RefundOrder(
        refund_id=refund.refund_id,
        purchase_id=refund.purchase_id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        reason=refund.reason,
        idempotency_key=refund.key(attempt.group),
    )
