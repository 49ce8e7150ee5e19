"""The payment_links table: at most one active link per quote."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from domain.links import LinkStatus, PaymentLink
from domain.money import Money
from persistence.columns import UtcDateTime

_ACTIVE = text("status = 'active'")


class LinkRow(SQLModel, table=True):
    __tablename__ = "payment_links"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "quote_id"], ["quotes.tenant_id", "quotes.quote_id"]),
        Index(
            "uq_payment_links_active_of_quote",
            "tenant_id",
            "quote_id",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_payment_links_of_quote", "tenant_id", "quote_id", "number"),
        Index("ix_payment_links_newest", "tenant_id", "created_at", "link_id"),
    )

    link_id: str = Field(primary_key=True)
    tenant_id: str
    quote_id: str
    number: int
    token: str = Field(unique=True, repr=False)
    user_id: str
    product_name: str
    price_minor: int = Field(sa_type=BigInteger)
    currency: str
    status: str
    livemode: bool
    customer_email: str = Field(repr=False)
    customer_name: str | None = Field(default=None, repr=False)
    notes: str | None = Field(default=None, repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def link_of(row: LinkRow) -> PaymentLink:
    return PaymentLink(
        link_id=row.link_id,
        tenant_id=row.tenant_id,
        quote_id=row.quote_id,
        number=row.number,
        token=row.token,
        user_id=row.user_id,
        product_name=row.product_name,
        price=Money(minor=row.price_minor, currency=row.currency),
        status=LinkStatus(row.status),
        livemode=row.livemode,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
