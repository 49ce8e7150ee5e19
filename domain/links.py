"""A payment link is ours: it lives seven days and mints a fresh checkout whenever it is opened."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Money

LIFETIME = timedelta(days=7)
REMINDERS = (timedelta(days=3), timedelta(days=6))


class LinkStatus(StrEnum):
    ACTIVE = "active"
    PAID = "paid"
    REVOKED = "revoked"
    EXPIRED = "expired"


class PaymentLink(Model):
    """``token`` is what the customer's URL carries: whoever has it may pay, and nothing else."""

    link_id: str
    tenant_id: str
    quote_id: str
    number: int
    token: str
    user_id: str
    product_name: str
    price: Money
    status: LinkStatus
    livemode: bool = False
    created_at: datetime
    expires_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Its own workflow may be late to end it."""
        return self.status is LinkStatus.ACTIVE and now < self.expires_at


class LinkOrder(Model):
    """What a link's workflow starts with: no token, no e-mail."""

    link_id: str
    tenant_id: str
    quote_id: str
    livemode: bool = False
    created_at: datetime
    expires_at: datetime


def link_id_of(tenant_id: str, quote_id: str, number: int) -> str:
    return derived_id("lnk", tenant_id, quote_id, number)


def workflow_id_of(link_id: str) -> str:
    return f"link-{link_id}"
