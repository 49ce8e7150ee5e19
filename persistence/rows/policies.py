"""The policies table, and the last number drawn of each year."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from domain.policies import Policy, PolicyDocument, PolicyStatus
from persistence.columns import UtcDateTime


class PolicyRow(SQLModel, table=True):
    __tablename__ = "policies"
    __table_args__ = (Index("ix_policies_newest", "tenant_id", "drawn_at", "policy_id"),)

    policy_id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    tenant_id: str
    purchase_id: str = Field(unique=True, foreign_key="purchases.purchase_id")
    quote_id: str
    livemode: bool
    status: str = PolicyStatus.NONE
    location: str | None = None
    sha256: str | None = None
    size: int | None = Field(default=None, sa_type=BigInteger)
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PolicyNumberRow(SQLModel, table=True):
    """``last`` is the sequence last drawn in ``year``; a rolled back draw gives it back."""

    __tablename__ = "policy_numbers"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


def policy_of(row: PolicyRow) -> Policy:
    return Policy(
        policy_id=row.policy_id,
        number=row.number,
        tenant_id=row.tenant_id,
        purchase_id=row.purchase_id,
        quote_id=row.quote_id,
        livemode=row.livemode,
        status=PolicyStatus.CANCELLED if row.cancelled_at else PolicyStatus(row.status),
        document=_document_of(row),
        drawn_at=row.drawn_at,
        issued_at=row.issued_at,
        delivered_at=row.delivered_at,
        cancelled_at=row.cancelled_at,
    )


def _document_of(row: PolicyRow) -> PolicyDocument | None:
    if row.location is None or row.sha256 is None or row.size is None:
        return None
    return PolicyDocument(location=row.location, sha256=row.sha256, size=row.size)
