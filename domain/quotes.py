"""What is for sale: registered by the quoting system, never changed afterwards."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Self

from pydantic import EmailStr, Field, StringConstraints, model_validator

from domain.errors import Code, Conflict, Invalid
from domain.model import Model, Moment
from domain.money import Money

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
QuoteId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"),
    Field(description="The quoting system's own id, or ours when it gives none."),
]


# Customers may be anywhere: where on earth a day begins first, and where it ends last.
_FIRST_TO_BEGIN_A_DAY = timezone(timedelta(hours=14))
_LAST_TO_END_A_DAY = timezone(timedelta(hours=-12))


class InsuredPerson(Model):
    name: Line
    date_of_birth: date | None = None


class CoverItem(Model):
    """One row of the cover table. ``limit`` None means the sum is not limited."""

    name: Line
    limit: Money | None = None
    note: Line | None = None


class Period(Model):
    """First and last day of cover, both included."""

    starts_on: date
    ends_on: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self

    @property
    def over_at(self) -> datetime:
        """When its last day ends everywhere."""
        return datetime.combine(self.ends_on, time.max, _LAST_TO_END_A_DAY)


class Tax(Model):
    """The tax that the price already contains, such as ``GST 9 %`` of 1239 minor units."""

    name: Line
    amount: Money


class Offer(Model):
    """What a quote offers, before it is kept."""

    product_id: str | None = Field(None, min_length=1, max_length=128)
    product_name: Line
    insured_persons: tuple[InsuredPerson, ...] = Field(min_length=1, max_length=50)
    cover: tuple[CoverItem, ...] = Field(min_length=1, max_length=100)
    period: Period
    price: Money
    tax: Tax | None = None
    customer_email: EmailStr
    customer_name: Line | None = None
    valid_until: Moment

    @model_validator(mode="after")
    def _tax_within_price(self) -> Self:
        if self.tax is not None and (
            self.tax.amount.currency != self.price.currency
            or not 0 <= self.tax.amount.minor <= self.price.minor
        ):
            raise ValueError("tax must be in the price's currency and not above the price")
        return self

    @property
    def payable_until(self) -> datetime:
        """When it is no longer valid, or its cover is over if that is sooner."""
        return min(self.valid_until, self.period.over_at).astimezone(UTC)

    def require_sellable(self, now: datetime) -> None:
        """Refuse what could never be bought, or insures nobody yet born."""
        if now > self.period.over_at:
            raise Invalid(
                Code.COVER_ENDED, f"period.ends_on: the cover ended on {self.period.ends_on}"
            )
        today = now.astimezone(_FIRST_TO_BEGIN_A_DAY).date()
        for number, person in enumerate(self.insured_persons):
            if person.date_of_birth is not None and person.date_of_birth > today:
                raise Invalid(
                    Code.INVALID_REQUEST,
                    f"insured_persons.{number}.date_of_birth is in the future",
                )
        if self.valid_until <= now:
            raise Conflict(Code.QUOTE_EXPIRED, "valid_until is in the past")


class Quote(Offer):
    quote_id: QuoteId
    tenant_id: str
    livemode: bool = False
    created_at: datetime

    def customer_at(self, email: str) -> str | None:
        """The customer's name, as long as the address is theirs: a message may go to another one.

        Never an insured person's: that may be a child.
        """
        return self.customer_name if email.casefold() == self.customer_email.casefold() else None

    def require_open(self, now: datetime) -> None:
        if now >= self.valid_until:
            raise Conflict(
                Code.QUOTE_EXPIRED,
                f"quote {self.quote_id} was valid until {self.valid_until.isoformat()}",
            )
        if now > self.period.over_at:
            raise Conflict(
                Code.COVER_ENDED,
                f"the cover of quote {self.quote_id} ended on {self.period.ends_on}",
            )

    def require_price(self, asked: Money) -> None:
        if asked.currency != self.price.currency:
            raise Invalid(
                Code.CURRENCY_MISMATCH,
                f"quote {self.quote_id} is in {self.price.currency}, not {asked.currency}",
            )
        if asked.minor != self.price.minor:
            raise Invalid(
                Code.AMOUNT_MISMATCH,
                f"quote {self.quote_id} costs {self.price.minor} minor units, not {asked.minor}",
            )
