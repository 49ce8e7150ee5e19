"""What Stripe takes as an amount: exponents, minimums, and how a person reads it."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_symbol

from simulators.stripe.errors import StripeError

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"}
    | {"pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
LARGEST = 99_999_999
MINIMUMS = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50,
}  # fmt: skip


def exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def readable(amount: int, currency: str) -> str:
    """`amount` is in the currency's smallest unit as Stripe counts it."""
    digits = exponent(currency)
    symbol = get_currency_symbol(currency.upper(), locale="en")
    # A symbol of letters, as in SGD, needs a space that does not break.
    gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    pattern = f"¤{gap}#,##0" + ("." + "0" * digits if digits else "")
    value = Decimal(amount).scaleb(-digits)
    return format_currency(value, currency.upper(), pattern, locale="en", currency_digits=False)


def check_total(amount: int, currency: str) -> None:
    if amount > LARGEST:
        raise StripeError(
            f"Amount must be no more than {readable(LARGEST, currency)}",
            code="amount_too_large",
        )
    if amount < MINIMUMS.get(currency, 1):
        least = readable(MINIMUMS.get(currency, 1), currency)
        raise StripeError(
            f"The Checkout Session's total amount due must add up to at least {least} {currency}",
            code="amount_too_small",
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise StripeError(f"Amounts in {currency} must end in 0", code="parameter_invalid_integer")
