"""The refunds table: money going back, ours and what the provider's dashboard made."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from domain.money import Money
from domain.refunds import Asker, Refund, RefundReason, RefundStatus
from persistence.columns import UtcDateTime


class RefundRow(SQLModel, table=True):
    __tablename__ = "refunds"
    __table_args__ = (Index("ix_refunds_newest", "tenant_id", "created_at", "refund_id"),)

    refund_id: str = Field(primary_key=True)
    purchase_id: str = Field(foreign_key="purchases.purchase_id", index=True)
    tenant_id: str
    payment_id: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    livemode: bool
    integration_id: str | None = None
    reason: str
    status: str
    asker: str
    requested_by: str
    decided_by: str | None = None
    provider_refund_id: str | None = Field(default=None, unique=True)
    failure_reason: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


def refund_of(row: RefundRow) -> Refund:
    return Refund(
        refund_id=row.refund_id,
        purchase_id=row.purchase_id,
        tenant_id=row.tenant_id,
        livemode=row.livemode,
        integration_id=row.integration_id,
        payment_id=row.payment_id,
        amount=Money(minor=row.amount_minor, currency=row.currency),
        reason=RefundReason(row.reason),
        status=RefundStatus(row.status),
        asker=Asker(row.asker),
        requested_by=row.requested_by,
        decided_by=row.decided_by,
        provider_refund_id=row.provider_refund_id,
        failure_reason=row.failure_reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
