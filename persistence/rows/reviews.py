"""The reviews table: what a person must decide, at most one open per purchase and reason."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from domain.purchases import ReviewReason
from domain.views import Review
from persistence.columns import UtcDateTime

_OPEN = text("resolved_at IS NULL")


class ReviewRow(SQLModel, table=True):
    __tablename__ = "reviews"
    __table_args__ = (
        Index(
            "uq_reviews_open",
            "purchase_id",
            "reason",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    review_id: int | None = Field(default=None, primary_key=True)
    purchase_id: str = Field(foreign_key="purchases.purchase_id", index=True)
    tenant_id: str
    livemode: bool
    reason: str
    detail: str | None = None
    opened_at: datetime = Field(sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def review_of(row: ReviewRow) -> Review:
    return Review(
        reason=ReviewReason(row.reason),
        detail=row.detail,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
    )
