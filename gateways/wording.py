"""Money, days and names as people read them; English, and the same on every machine."""

import unicodedata
from datetime import UTC, date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from domain.money import Money, exponent_of

LOCALE = "en"


def money_text(money: Money) -> str:
    """``SGD 1,234.50``, never broken over two lines.

    The decimals are those of ISO 4217. Babel's own differ for some currencies (it shows none of
    the Serbian dinar), and a price must not be rounded on its way to paper.
    """
    decimals = exponent_of(money.currency)
    pattern = "¤¤\u00a0#,##0" + ("." + "0" * decimals if decimals else "")
    amount = money.decimal
    return str(format_currency(amount, money.currency, pattern, LOCALE, currency_digits=False))


def day_text(day: date) -> str:
    return str(format_date(day, "d\u00a0MMMM\u00a0y", LOCALE))


def moment_text(moment: datetime) -> str:
    """``27 November 2026, 17:55 UTC``: where the reader lives is not known."""
    return str(format_datetime(moment.astimezone(UTC), "d MMMM y, HH:mm 'UTC'", locale=LOCALE))


def plain_text(text: str) -> str:
    """On one line and without control characters: nothing in a name can break out of its place."""
    single_line = " ".join(text.split())
    kept = (c for c in single_line if unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept))
