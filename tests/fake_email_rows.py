"""Messages in memory: one row per message, moved forward only."""

# ruff: noqa: ARG002  a fake has no use for every argument of its port

from dataclasses import dataclass
from datetime import datetime

from domain.emails import Email, EmailOrder, EmailStatus
from tests.fake_rows import Rows

UNSENT = (EmailStatus.QUEUED, EmailStatus.SENDING)


@dataclass(frozen=True)
class FakeEmailRecords:
    rows: Rows

    async def queue(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> Email:
        self.rows.reach()
        return self.rows.emails.setdefault(
            order.email_id,
            Email(
                **order.model_dump(),
                recipient=recipient,
                recipient_name=recipient_name,
                status=EmailStatus.QUEUED,
                created_at=at,
                updated_at=at,
            ),
        )

    async def get(self, email_id: str) -> Email | None:
        return self.rows.emails.get(email_id)

    async def begin(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> tuple[Email, bool]:
        email = await self.queue(order, recipient, recipient_name, at)
        if email.status is not EmailStatus.QUEUED:
            return email, False
        sending = self.write(
            order.email_id, status=EmailStatus.SENDING, tries=email.tries + 1, sending_since=at
        )
        return sending, True

    async def put_back(self, email_id: str, error: str, at: datetime) -> None:
        self.write(email_id, status=EmailStatus.QUEUED, last_error=error, sending_since=None)

    async def mark_accepted(
        self, email_id: str, provider_message_id: str | None, at: datetime
    ) -> Email:
        self.rows.reach()
        email = self.rows.emails[email_id]
        status = EmailStatus.ACCEPTED if email.status in UNSENT else email.status
        return self.write(email_id, status=status, provider_message_id=provider_message_id)

    async def supersede(self, email_id: str, at: datetime) -> None:
        if self.rows.emails[email_id].status in UNSENT:
            self.write(email_id, status=EmailStatus.SUPERSEDED, updated_at=at)

    def write(self, email_id: str, **changes: object) -> Email:
        self.rows.emails[email_id] = self.rows.emails[email_id].model_copy(update=changes)
        return self.rows.emails[email_id]
