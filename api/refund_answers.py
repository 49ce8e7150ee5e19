"""Refunds as HTTP asks for them and shows them."""

from datetime import datetime

from pydantic import Field

from api.amounts import Amount, AmountMinor, amount_of
from domain.free_text import Prose
from domain.model import Model
from domain.refunds import Asker, Refund, RefundReason, RefundStatus


class RefundBody(Model):
    """Without `amount`, all that is left goes back."""

    amount: AmountMinor | None = None
    reason: RefundReason = RefundReason.REQUESTED_BY_CUSTOMER


class DecisionBody(Model):
    note: Prose | None = Field(None, max_length=500)


class RefundAnswer(Model):
    refund_id: str
    purchase_id: str
    livemode: bool = Field(description="False means that no real money moves.")
    amount: Amount
    reason: RefundReason
    status: RefundStatus
    asker: Asker
    requested_by: str
    decided_by: str | None
    provider_refund_id: str | None
    failure_reason: str | None
    created_at: datetime
    updated_at: datetime


def refund_answer(refund: Refund) -> RefundAnswer:
    return RefundAnswer(
        refund_id=refund.refund_id,
        purchase_id=refund.purchase_id,
        livemode=refund.livemode,
        amount=amount_of(refund.amount),
        reason=refund.reason,
        status=refund.status,
        asker=refund.asker,
        requested_by=refund.requested_by,
        decided_by=refund.decided_by,
        provider_refund_id=refund.provider_refund_id,
        failure_reason=refund.failure_reason,
        created_at=refund.created_at,
        updated_at=refund.updated_at,
    )
