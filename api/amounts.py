"""Money as answers show it."""

from typing import Annotated

from pydantic import Field

from domain.model import Model
from domain.money import Money

# Minor units: 15000 is SGD 150.00. Whole, positive, and a number: never text, never a fraction.
AmountMinor = Annotated[
    int, Field(strict=True, gt=0, description="Minor units of the currency.", examples=[15000])
]


class Amount(Model):
    minor: int = Field(description="Minor units of the currency.", examples=[15000])
    currency: str = Field(description="ISO 4217.", examples=["SGD"])
    formatted: str = Field(examples=["SGD 150.00"])


def amount_of(money: Money) -> Amount:
    return Amount(minor=money.minor, currency=money.currency, formatted=str(money))
