"""Messages: a row before each sending, and the mail service's word after it."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from domain.emails import Email, EmailOrder, EmailStatus
from domain.errors import Code, NotFound
from persistence.clock import now
from persistence.database import Database
from persistence.rows.emails import EmailRow, email_of
from persistence.statements import insert_if_absent, locked

_UNSENT = frozenset({EmailStatus.QUEUED, EmailStatus.SENDING})
_REFUSED = frozenset({EmailStatus.BOUNCED, EmailStatus.DROPPED})
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True)
class EmailRecords:
    database: Database

    async def queue(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> Email:
        """The message as stored, new or not: the first recipient stands."""
        row = EmailRow(
            **order.model_dump(),
            recipient=recipient,
            recipient_name=recipient_name,
            created_at=at,
            updated_at=at,
        )
        async with self.database.transaction() as session:
            if await insert_if_absent(session, row):
                return email_of(row)
            return email_of(_required(await session.get(EmailRow, order.email_id), order.email_id))

    async def begin_try(self, email_id: str, at: datetime) -> Email:
        """Queued becomes sending; the row as it is afterwards.

        ``sending_since`` equal to ``at`` tells the caller that this try is its own.
        """
        async with self.database.transaction() as session:
            row = _required(await locked(session, EmailRow, email_id), email_id)
            if row.status == EmailStatus.QUEUED:
                row.tries += 1
                row.sending_since = at
                _write_status(row, EmailStatus.SENDING, at)
            return email_of(row)

    async def put_back(self, email_id: str, error: str, at: datetime) -> None:
        """The mail service did not take it, for certain: it may be tried again."""
        async with self.database.transaction() as session:
            row = _required(await locked(session, EmailRow, email_id), email_id)
            if row.status == EmailStatus.SENDING:
                row.sending_since = None
                row.last_error = without_addresses(error)
                _write_status(row, EmailStatus.QUEUED, at)

    async def mark_accepted(
        self, email_id: str, provider_message_id: str | None, at: datetime
    ) -> Email:
        """Only forward: an event that came first (delivered, bounced, dropped) stands."""
        async with self.database.transaction() as session:
            row = _required(await locked(session, EmailRow, email_id), email_id)
            if row.provider_message_id is None:
                row.provider_message_id = provider_message_id
            if row.status in _UNSENT:
                row.last_error = None
                _write_status(row, EmailStatus.ACCEPTED, at)
            return email_of(row)

    async def supersede(self, email_id: str, at: datetime) -> None:
        """Its outcome stayed unknown and another message takes its place."""
        async with self.database.transaction() as session:
            row = _required(await locked(session, EmailRow, email_id), email_id)
            if row.status in _UNSENT:
                _write_status(row, EmailStatus.SUPERSEDED, at)

    async def record_event(
        self,
        email_id: str,
        status: EmailStatus,
        detail: str | None = None,
        at: datetime | None = None,
    ) -> Email | None:
        """What the mail service tells afterwards. None for a message that is not ours.

        A bounce may follow a delivery; a delivery told late does not undo a bounce.
        """
        async with self.database.transaction() as session:
            row = await locked(session, EmailRow, email_id)
            if row is None:
                return None
            if row.status != status and row.status not in _REFUSED:
                bad_news = detail if status in _REFUSED else None
                row.last_error = without_addresses(bad_news) if bad_news else None
                _write_status(row, status, at or now())
            return email_of(row)

    async def get(self, email_id: str) -> Email | None:
        async with self.database.reading() as session:
            row = await session.get(EmailRow, email_id)
        return email_of(row) if row else None

    async def of_purchase(self, purchase_id: str) -> tuple[Email, ...]:
        """Oldest first."""
        return await self._all(col(EmailRow.purchase_id) == purchase_id)

    async def of_link(self, link_id: str) -> tuple[Email, ...]:
        """Oldest first."""
        return await self._all(col(EmailRow.link_id) == link_id)

    async def _all(self, condition: ColumnElement[bool]) -> tuple[Email, ...]:
        emails = select(EmailRow).where(condition).order_by(col(EmailRow.created_at))
        async with self.database.reading() as session:
            return tuple(email_of(row) for row in await session.exec(emails))


def without_addresses(text: str) -> str:
    """Mail servers like to repeat the address in their answer; we do not keep it there."""
    return _ADDRESS.sub("[address]", text)[:500]


def _write_status(row: EmailRow, status: EmailStatus, at: datetime) -> None:
    row.status = status
    row.updated_at = at


def _required(row: EmailRow | None, email_id: str) -> EmailRow:
    if row is None:
        raise NotFound(Code.INVALID_REQUEST, f"no e-mail {email_id}")
    return row
