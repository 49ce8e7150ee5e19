"""Quotes: the quoting system registers here what is for sale."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import field_validator
from pydantic_core import PydanticCustomError

from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from api.examples import QUOTE
from api.idempotent_route import IdempotentRoute
from domain.money import Money
from domain.quotes import Quote
from services.quotes import QuoteRequest

router = APIRouter(
    prefix="/quotes", tags=["quotes"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)


class QuoteBody(QuoteRequest):
    """What is for sale. `quote_id` may be left out: then we make one."""

    @field_validator("price", mode="after")
    @classmethod
    def _price_is_positive(cls, price: Money) -> Money:
        if price.minor <= 0:
            raise PydanticCustomError("invalid_amount", "the price must be above zero")
        return price


@router.post("", operation_id="registerQuote", status_code=201)
async def register_quote(
    body: Annotated[QuoteBody, Body(openapi_examples={"travel": {"value": QUOTE}})],
    caller: CallerDep,
    services: ServicesDep,
    response: Response,
) -> Quote:
    """Register a quote. The same quote again is the same quote; a changed one needs a new id."""
    quote = await services.quotes.register(caller, body)
    response.headers["Location"] = f"/quotes/{quote.quote_id}"
    return quote


@router.get("/{quote_id}", operation_id="getQuote")
async def get_quote(quote_id: str, caller: CallerDep, services: ServicesDep) -> Quote:
    """A quote as it was registered."""
    return await services.quotes.get(caller, quote_id)
