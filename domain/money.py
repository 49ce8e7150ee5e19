"""Money is an integer of minor units and a currency; there is no float anywhere."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Self

import iso4217
from pydantic import AfterValidator, Field, StringConstraints

from domain.errors import Code, Invalid
from domain.model import Model

# The least a card network lets us charge, in minor units of the settlement currency
# (Stripe, "Minimum and maximum charge amounts"). A currency not listed has a minimum of one unit.
MINIMUM_CHARGE = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000,
    "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50,
}  # fmt: skip


def _known_currency(code: str) -> str:
    try:
        currency = iso4217.Currency(code)
    except ValueError:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code") from None
    if currency.exponent is None:  # gold, testing codes: nothing a customer can pay with
        raise ValueError(f"{code!r} has no minor unit")
    return code


def is_currency(code: str) -> bool:
    """As ``CurrencyCode``, written as ISO 4217 has it."""
    try:
        return _known_currency(code) == code.upper()
    except ValueError:
        return False


CurrencyCode = Annotated[
    str,
    StringConstraints(to_upper=True, strip_whitespace=True, min_length=3, max_length=3),
    AfterValidator(_known_currency),
    Field(description="ISO 4217 code, such as SGD", examples=["SGD"]),
]


def exponent_of(currency: str) -> int:
    """How many decimal places the currency has: SGD 2, JPY 0, KWD 3 (ISO 4217)."""
    exponent = iso4217.Currency(currency).exponent
    assert exponent is not None
    return int(exponent)


class Money(Model):
    """An amount in minor units: ``Money(minor=15000, currency="SGD")`` is SGD 150.00."""

    minor: int = Field(strict=True)
    currency: CurrencyCode

    def __add__(self, other: Self) -> "Money":
        return Money(minor=self.minor + self._same(other).minor, currency=self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(minor=self.minor - self._same(other).minor, currency=self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.minor < self._same(other).minor

    def __gt__(self, other: Self) -> bool:
        return self.minor > self._same(other).minor

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent_of(self.currency))

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal:,f}"

    def _same(self, other: Self) -> Self:
        if other.currency != self.currency:
            raise Invalid(
                Code.CURRENCY_MISMATCH, f"{other.currency} is not {self.currency}: nothing is added"
            )
        return other


class Limit(Model):
    """So much in each currency, in minor units.

    ``default_minor`` is meant for two decimal places and stands for the same figure in the others:
    1,000,000 is SGD 10,000.00, JPY 10,000 and KWD 10,000.000. Where the figure itself is wrong
    (IDR 10,000 buys nothing), ``by_currency`` has its own.
    """

    default_minor: int = Field(ge=0)
    by_currency: Mapping[CurrencyCode, Annotated[int, Field(ge=0)]] = {}

    def of(self, currency: str) -> Money:
        minor = self.by_currency.get(currency)
        if minor is None:
            minor = int(Decimal(self.default_minor).scaleb(exponent_of(currency) - 2))
        return Money(minor=minor, currency=currency)


def step_of(currency: str) -> int:
    """The finest amount that providers take, in minor units: KWD 10, though it has 3 decimals.

    The ariary has five parts, no hundred, and is paid whole.
    """
    return 100 if currency == "MGA" else int(10 ** max(0, exponent_of(currency) - 2))


def require_payable(amount: Money) -> None:
    """Refuse an amount between two that providers take."""
    step = step_of(amount.currency)
    over = amount.minor % step
    if over:
        below = Money(minor=amount.minor - over, currency=amount.currency)
        above = Money(minor=below.minor + step, currency=amount.currency)
        raise Invalid(
            Code.AMOUNT_TOO_FINE,
            f"{amount} cannot be paid; {below} ({below.minor} minor units) and {above} "
            f"({above.minor}) can",
        )


def require_chargeable(price: Money, maximum: Money) -> None:
    """Refuse what no provider would take, or more than this installation is set to take."""
    require_payable(price)
    minimum = MINIMUM_CHARGE.get(price.currency, 1)
    if price.minor < minimum:
        least = Money(minor=minimum, currency=price.currency)
        raise Invalid(Code.AMOUNT_TOO_SMALL, f"{price} is under the minimum of {least}")
    if price > maximum:
        raise Invalid(Code.AMOUNT_TOO_LARGE, f"{price} is over the maximum of {maximum}")
