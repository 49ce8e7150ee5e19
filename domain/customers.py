"""Whom a purchase or a link is for: asked for with other details it is another request."""

from domain.errors import Code, Conflict
from domain.model import Model

UNKNOWN_USER = "unknown"  # a link that was made for a quote, and for nobody by name


class Customer(Model):
    """``email`` None was left out."""

    user_id: str
    email: str | None = None


def require_same(
    asked: Customer, first: Customer, holder: str, purchase_id: str | None = None
) -> None:
    """``holder`` was made for ``first``. Says which detail differs, never what it is."""
    if differing := _differing(asked, first):
        raise Conflict(
            Code.OTHER_CUSTOMER,
            f"{holder} was made with another {differing}",
            purchase_id=purchase_id,
        )


def _differing(asked: Customer, first: Customer) -> str | None:
    if asked.user_id != first.user_id and first.user_id != UNKNOWN_USER:
        return "user_id"
    if asked.email is None or first.email is None:
        return None
    return "customer_email" if asked.email.casefold() != first.email.casefold() else None
