"""Registering what is for sale, and looking it up."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import Code, NotFound
from domain.identifiers import new_id
from domain.money import Limit, require_chargeable
from domain.quotes import Offer, Quote, QuoteId
from domain.tenants import Caller, Scope
from persistence.quotes import QuoteRecords


class QuoteRequest(Offer):
    quote_id: QuoteId | None = None


@dataclass(frozen=True)
class QuoteService:
    quotes: QuoteRecords
    max_amount: Limit
    livemode: bool

    async def register(self, caller: Caller, request: QuoteRequest) -> Quote:
        """Keep a quote. The same again is the same quote; a changed one needs a new id."""
        caller.require(Scope.WRITE)
        require_chargeable(request.price, self.max_amount.of(request.price.currency))
        now = datetime.now(UTC)
        request.require_sellable(now)
        quote = Quote(
            **{
                **dict(request),
                "quote_id": request.quote_id or new_id("quo"),
                "tenant_id": caller.tenant_id,
                "livemode": self.livemode,
                "created_at": now,
            }
        )
        return await self.quotes.register(quote)

    async def get(self, caller: Caller, quote_id: str) -> Quote:
        caller.require(Scope.READ)
        quote = await self.quotes.get(caller.tenant_id, quote_id)
        if quote is None:
            raise NotFound(Code.UNKNOWN_QUOTE, f"no quote {quote_id} is registered")
        return quote
