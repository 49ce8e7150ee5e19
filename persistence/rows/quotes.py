"""The quotes table: what is for sale, its contents as JSON because nothing searches them."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from domain.quotes import Quote
from persistence.columns import UtcDateTime


class QuoteRow(SQLModel, table=True):
    __tablename__ = "quotes"

    tenant_id: str = Field(primary_key=True)
    quote_id: str = Field(primary_key=True)
    price_minor: int = Field(sa_type=BigInteger)
    currency: str
    contents: dict[str, JsonValue] = Field(sa_type=JSON, repr=False)
    livemode: bool
    valid_until: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


def row_of_quote(quote: Quote) -> QuoteRow:
    return QuoteRow(
        tenant_id=quote.tenant_id,
        quote_id=quote.quote_id,
        price_minor=quote.price.minor,
        currency=quote.price.currency,
        contents=quote.model_dump(mode="json"),
        livemode=quote.livemode,
        valid_until=quote.valid_until,
        created_at=quote.created_at,
    )


def quote_of(row: QuoteRow) -> Quote:
    return Quote.model_validate(row.contents)
