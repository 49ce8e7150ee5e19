"""The messages customers and finance get. Orders name rows: history holds no address."""

from datetime import datetime
from enum import StrEnum

from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Money


class EmailTemplate(StrEnum):
    PAYMENT_LINK = "payment_link"
    PAYMENT_CONFIRMATION = "payment_confirmation"
    PAYMENT_FAILED = "payment_failed"
    LINK_REMINDER = "link_reminder"
    LINK_EXPIRED = "link_expired"
    REFUND_MADE = "refund_made"
    REFUND_RETURNED = "refund_returned"  # it was made, and the customer's bank sent it back
    PAYOUT_FAILED = "payout_failed"  # to finance, like the next
    PAYOUT_OVERDUE = "payout_overdue"


class EmailStatus(StrEnum):
    """``sending`` that stays is an unknown outcome: the mail service may or may not have it."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    SUPERSEDED = "superseded"  # its outcome stayed unknown and another message took its place


CAME_BACK = frozenset({EmailStatus.BOUNCED, EmailStatus.DROPPED})


class EmailOrder(Model):
    """One message to send; ``email_id`` is ours and rides in the mail service's custom_args."""

    email_id: str
    template: EmailTemplate
    tenant_id: str
    purchase_id: str | None = None
    link_id: str | None = None
    refund_id: str | None = None
    payout_id: str | None = None
    livemode: bool = False


class Email(Model):
    email_id: str
    template: EmailTemplate
    tenant_id: str
    recipient: str
    recipient_name: str | None = None
    purchase_id: str | None = None
    link_id: str | None = None
    refund_id: str | None = None
    payout_id: str | None = None
    livemode: bool = False
    status: EmailStatus
    tries: int = 0
    sending_since: datetime | None = None
    provider_message_id: str | None = None
    last_error: str | None = None
    created_at: datetime
    updated_at: datetime


class Attachment(Model):
    filename: str
    media_type: str
    content: bytes


class Letter(Model):
    """What one message says, gathered from rows just before it is written and sent.

    ``pay_url`` is where the customer can (still) pay; ``document_url`` a signed link to the PDF;
    ``is_covered`` says whether the policy of ``policy_number`` is in force.
    """

    email_id: str
    template: EmailTemplate
    livemode: bool
    to: str
    to_name: str | None = None
    product_name: str
    price: Money
    pay_url: str | None = None
    expires_at: datetime | None = None
    failure_reason: str | None = None
    policy_number: str | None = None
    is_covered: bool = True
    document_url: str | None = None
    refunded: Money | None = None
    account: str | None = None  # that a payout is of
    paid_too_late: bool = False  # the refund of money that came after cancel or expiry
    attachments: tuple[Attachment, ...] = ()


class Message(Model):
    """A rendered e-mail, ready for the mail service."""

    email_id: str
    to: str
    to_name: str | None
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


def email_id_of(subject_id: str, template: EmailTemplate, number: int = 1) -> str:
    """The same message for the same occasion; a resend is a new ``number``."""
    return derived_id("eml", subject_id, template, number)
