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


def check_currency(currency: str, param: str) -> str:
    if len(currency) != 3 or not currency.isalpha():
        raise StripeError(f"Invalid currency: {currency}.", param=param)
    return currency


def check_amount(amount: int, currency: str, too_little: str, param: str | None = None) -> None:
    if amount > LARGEST:
        raise StripeError(
            f"Amount must be no more than {readable(LARGEST, currency)}",
            code="amount_too_large",
            param=param,
        )
    if amount < MINIMUMS.get(currency, 1):
        least = readable(MINIMUMS.get(currency, 1), currency)
        message = too_little.format(least=least, currency=currency)
        raise StripeError(message, code="amount_too_small", param=param)
    if currency in THREE_DECIMAL and amount % 10:
        message = f"Amounts in {currency} must end in 0"
        raise StripeError(message, code="parameter_invalid_integer", param=param)
