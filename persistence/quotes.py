"""Quotes as registered: the same again is welcome, a change under the same id is not."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code, Conflict
from domain.quotes import Quote
from persistence.database import Database
from persistence.rows.quotes import QuoteRow, quote_of, row_of_quote
from persistence.statements import insert_if_absent


@dataclass(frozen=True)
class QuoteRecords:
    database: Database

    async def register(self, quote: Quote) -> Quote:
        """The quote as it is stored; ``created_at`` is that of the first registration."""
        async with self.database.transaction() as session:
            if await insert_if_absent(session, row_of_quote(quote)):
                return quote
            stored = await _stored(session, quote.tenant_id, quote.quote_id)
        if stored is None or stored != quote.model_copy(update={"created_at": stored.created_at}):
            raise Conflict(
                Code.QUOTE_EXISTS, f"quote {quote.quote_id} is registered with other contents"
            )
        return stored

    async def get(self, tenant_id: str, quote_id: str) -> Quote | None:
        async with self.database.reading() as session:
            return await _stored(session, tenant_id, quote_id)


async def _stored(session: AsyncSession, tenant_id: str, quote_id: str) -> Quote | None:
    row = await session.get(QuoteRow, (tenant_id, quote_id))
    return quote_of(row) if row else None
