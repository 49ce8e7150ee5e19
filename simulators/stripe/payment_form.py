"""What a customer typed into the hosted page: what is wrong with it, and who is paying."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from simulators.stripe.cards import Fate
from simulators.stripe.payments import Payer
from simulators.stripe.records import CheckoutSession

Entered = Mapping[str, str]


def read(body: bytes) -> Entered:
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def problems(session: CheckoutSession, entered: Entered) -> dict[str, str]:
    """What is missing or malformed, by field."""
    found = {}
    if not session.customer_email and "@" not in entered.get("email", ""):
        found["email"] = "Enter your e-mail address."
    if delayed_method(entered):
        return found
    if not entered.get("number", "").strip():
        found["number"] = "Enter a card number."
    if _expiry(entered) is None:
        found["expiry"] = "Enter the expiry as month and year, for example 12/34."
    cvc = entered.get("cvc", "").strip()
    if not (cvc.isdecimal() and len(cvc) in (3, 4)):
        found["cvc"] = "Enter the 3 or 4 digits of the security code."
    return found


def delayed_method(entered: Entered) -> Fate | None:
    match entered.get("method"):
        case "settles_later":
            return "settles_later"
        case "fails_later":
            return "fails_later"
        case _:
            return None


def payer(entered: Entered) -> Payer:
    month, year = _expiry(entered) or (12, 2034)
    return Payer(entered.get("name") or None, entered.get("email") or None, month, year)


def _expiry(entered: Entered) -> tuple[int, int] | None:
    month, _, year = entered.get("expiry", "").replace(" ", "").partition("/")
    if not (month.isdecimal() and year.isdecimal() and 1 <= int(month) <= 12):
        return None
    return int(month), int(year) % 100 + 2000
