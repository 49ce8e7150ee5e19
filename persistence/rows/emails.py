"""The emails table: each message is a row before it is sent."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from domain.emails import Email, EmailStatus, EmailTemplate
from persistence.columns import UtcDateTime


class EmailRow(SQLModel, table=True):
    __tablename__ = "emails"

    email_id: str = Field(primary_key=True)
    template: str
    tenant_id: str
    recipient: str = Field(repr=False)
    recipient_name: str | None = Field(default=None, repr=False)
    purchase_id: str | None = Field(default=None, index=True)
    link_id: str | None = Field(default=None, index=True)
    refund_id: str | None = None
    payout_id: str | None = None
    livemode: bool
    status: str = EmailStatus.QUEUED
    tries: int = 0
    sending_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_message_id: str | None = None
    last_error: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


def email_of(row: EmailRow) -> Email:
    return Email(
        email_id=row.email_id,
        template=EmailTemplate(row.template),
        tenant_id=row.tenant_id,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        purchase_id=row.purchase_id,
        link_id=row.link_id,
        refund_id=row.refund_id,
        payout_id=row.payout_id,
        livemode=row.livemode,
        status=EmailStatus(row.status),
        tries=row.tries,
        sending_since=row.sending_since,
        provider_message_id=row.provider_message_id,
        last_error=row.last_error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
