"""Money as Stripe counts it: mostly minor units, with the exceptions Stripe makes for history."""

from domain.money import Money, exponent_of
from gateways.faults import RefusedByProvider

# https://docs.stripe.com/currencies (zero-decimal, special cases, three-decimal). MGA has two
# decimals in ISO 4217 and none at Stripe; ISK and UGX have none in ISO 4217 and two at Stripe.
ZERO_DECIMAL = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip
THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def _stripe_exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def _step(currency: str) -> int:
    """Stripe takes three-decimal amounts only with a last digit of 0, and whole ISK and UGX."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in ("ISK", "UGX") else 1


def to_stripe(money: Money) -> int:
    """Stripe's number for the amount. Raises ``RefusedByProvider`` where it has none."""
    amount, remainder = _shifted(money.minor, money.currency, to_provider=True)
    if remainder or amount % _step(money.currency):
        raise RefusedByProvider(f"Stripe cannot express {money}", "invalid_amount")
    return amount


def from_stripe(amount: int, currency: str) -> Money:
    """``currency`` in any case. Raises ``RefusedByProvider`` for what Money cannot hold."""
    code = currency.upper()
    try:
        minor, remainder = _shifted(amount, code, to_provider=False)
        if not remainder:
            return Money(minor=minor, currency=code)
    except ValueError:  # a currency outside ISO 4217
        pass
    raise RefusedByProvider(f"Stripe's {amount} {code} is no amount of money here", "unreadable")


def _shifted(amount: int, currency: str, *, to_provider: bool) -> tuple[int, int]:
    """The amount in the other's decimals, and what is left over of it."""
    places = _stripe_exponent(currency) - exponent_of(currency)
    if not to_provider:
        places = -places
    scale: int = 10 ** abs(places)
    return (amount * scale, 0) if places >= 0 else divmod(amount, scale)
