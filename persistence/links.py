"""Payment links: one active per quote; its token finds it, and it ends once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from domain.errors import Code, NotFound, Unavailable
from domain.links import LinkStatus, PaymentLink
from domain.views import Page
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.links import LinkRow, link_of
from persistence.statements import insert_if_absent, locked


@dataclass(frozen=True)
class LinkRecords:
    database: Database

    async def open(
        self,
        link: PaymentLink,
        customer_email: str,
        customer_name: str | None,
        notes: str | None,
        at: datetime,
    ) -> PaymentLink:
        """The link as stored; where another is active for the quote, that one."""
        row = LinkRow(
            **link.model_dump(exclude={"price", "created_at"}),
            price_minor=link.price.minor,
            currency=link.price.currency,
            customer_email=customer_email,
            customer_name=customer_name,
            notes=notes,
            created_at=at,
        )
        async with self.database.transaction() as session:
            if await insert_if_absent(session, row):
                return link_of(row)
        return await self._standing_for(link)

    async def by_token(self, token: str) -> PaymentLink | None:
        return await self._one(col(LinkRow.token) == token)

    async def get(self, tenant_id: str, link_id: str) -> PaymentLink | None:
        return await self._one(col(LinkRow.tenant_id) == tenant_id, col(LinkRow.link_id) == link_id)

    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> PaymentLink | None:
        return await self._one(
            col(LinkRow.tenant_id) == tenant_id, col(LinkRow.quote_id) == quote_id
        )

    async def contact_of(self, link_id: str) -> tuple[str, str | None]:
        """E-mail address and name of the customer the link was made for."""
        contact = select(LinkRow.customer_email, LinkRow.customer_name).where(
            LinkRow.link_id == link_id
        )
        async with self.database.reading() as session:
            found = (await session.exec(contact)).first()
        if found is None:
            raise NotFound(Code.LINK_NOT_FOUND, f"no link {link_id}")
        return found[0], found[1]

    async def end(self, link_id: str, status: LinkStatus, at: datetime) -> LinkStatus:
        """The status that stands: the first end is the only one."""
        async with self.database.transaction() as session:
            row = await locked(session, LinkRow, link_id)
            if row is None:
                raise NotFound(Code.LINK_NOT_FOUND, f"no link {link_id}")
            if row.status == LinkStatus.ACTIVE and status is not LinkStatus.ACTIVE:
                row.status = status
                row.ended_at = at
            return LinkStatus(row.status)

    async def page(
        self,
        tenant_id: str,
        status: LinkStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PaymentLink]:
        asked = [] if status is None else [col(LinkRow.status) == status]
        newest = (
            select(LinkRow)
            .where(
                LinkRow.tenant_id == tenant_id,
                *asked,
                *after(cursor, col(LinkRow.created_at), col(LinkRow.link_id)),
            )
            .order_by(col(LinkRow.created_at).desc(), col(LinkRow.link_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            links = [link_of(row) for row in await session.exec(newest)]
        return page_of(links, limit, lambda link: (link.created_at, link.link_id))

    async def _standing_for(self, link: PaymentLink) -> PaymentLink:
        """Itself when it is stored, in whatever state; else the active one of its quote."""
        standing = await self._one(
            col(LinkRow.tenant_id) == link.tenant_id,
            col(LinkRow.quote_id) == link.quote_id,
            or_(col(LinkRow.link_id) == link.link_id, col(LinkRow.status) == LinkStatus.ACTIVE),
            order=(col(LinkRow.link_id) == link.link_id).desc(),
        )
        if standing is None:  # the one in the way ended just now
            raise Unavailable(f"the link of quote {link.quote_id} is changing", retry_after=1)
        return standing

    async def _one(
        self, *conditions: ColumnElement[bool], order: ColumnElement[bool] | None = None
    ) -> PaymentLink | None:
        latest = col(LinkRow.number).desc()
        ordered = (latest,) if order is None else (order, latest)
        found = select(LinkRow).where(*conditions).order_by(*ordered).limit(1)
        async with self.database.reading() as session:
            row = (await session.exec(found)).first()
        return link_of(row) if row else None
