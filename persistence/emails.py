"""Messages: a row before each sending, and the mail service's word after it."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import case, col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.emails import CAME_BACK, Email, EmailOrder, EmailStatus
from domain.errors import Code, NotFound
from persistence.clock import now
from persistence.database import Database
from persistence.rows.emails import EmailRow, email_of
from persistence.statements import insert_if_absent, insert_into, locked, plain, table_of

_UNSENT = (EmailStatus.QUEUED, EmailStatus.SENDING)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")

_EMAILS = table_of(EmailRow)
_BY_ID = plain(EmailRow).where(_EMAILS.c.email_id == bindparam("email_id"))


def _beginning(dialect: str) -> ReturningInsert[tuple[object, ...]]:
    made = insert_into(EmailRow, dialect)
    again = ("status", "sending_since", "updated_at")
    return made.on_conflict_do_update(
        index_elements=["email_id"],
        set_={"tries": _EMAILS.c.tries + 1, **{name: made.excluded[name] for name in again}},
        where=_EMAILS.c.status == EmailStatus.QUEUED,
    ).returning(*_EMAILS.c)


_BEGIN = {dialect: _beginning(dialect) for dialect in ("sqlite", "postgresql")}
_was_unsent = _EMAILS.c.status.in_(_UNSENT)
_ACCEPT = (
    update(_EMAILS)
    .where(_EMAILS.c.email_id == bindparam("of"))
    .values(
        provider_message_id=func.coalesce(_EMAILS.c.provider_message_id, bindparam("message_id")),
        status=case((_was_unsent, EmailStatus.ACCEPTED), else_=_EMAILS.c.status),
        last_error=case((_was_unsent, None), else_=_EMAILS.c.last_error),
        updated_at=case((_was_unsent, bindparam("at")), else_=_EMAILS.c.updated_at),
    )
    .returning(*_EMAILS.c)
)


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
            return await _stored(session, order.email_id)

    async def begin(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> tuple[Email, bool]:
        """The message as stored: a new or a queued one is being sent from now on.

        True goes to the one caller who made it so: nobody else may send it.
        """
        columns = {
            **order.model_dump(),
            "recipient": recipient,
            "recipient_name": recipient_name,
            "status": EmailStatus.SENDING,
            "tries": 1,
            "sending_since": at,
            "created_at": at,
            "updated_at": at,
        }
        async with self.database.transaction() as session:
            statement = _BEGIN[session.get_bind().dialect.name]
            begun = (await session.exec(statement, params=columns)).mappings().first()
            if begun is not None:
                return Email.model_validate(begun), True
            return await _stored(session, order.email_id), False

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
        told = {"of": email_id, "message_id": provider_message_id, "at": at}
        async with self.database.transaction() as session:
            accepted = (await session.exec(_ACCEPT, params=told)).mappings().first()
        if accepted is None:
            raise _missing(email_id)
        return Email.model_validate(accepted)

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
            if row.status != status and row.status not in CAME_BACK:
                bad_news = detail if status in CAME_BACK else None
                row.last_error = without_addresses(bad_news) if bad_news else None
                _write_status(row, status, at or now())
            return email_of(row)

    async def get(self, email_id: str) -> Email | None:
        async with self.database.reading() as session:
            row = (await session.exec(_BY_ID, params={"email_id": email_id})).first()
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


async def _stored(session: AsyncSession, email_id: str) -> Email:
    row = (await session.exec(_BY_ID, params={"email_id": email_id})).first()
    return email_of(_required(row, email_id))


def _required(row: EmailRow | None, email_id: str) -> EmailRow:
    if row is None:
        raise _missing(email_id)
    return row


def _missing(email_id: str) -> NotFound:
    return NotFound(Code.INVALID_REQUEST, f"no e-mail {email_id}")
