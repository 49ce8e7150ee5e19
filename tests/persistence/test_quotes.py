"""Quotes as rows: the same again is welcome, a change under the same id is not."""

import asyncio

import pytest

from domain.errors import Code, Conflict
from persistence.database import Database
from persistence.quotes import QuoteRecords
from tests.persistence.samples import LATER, TENANT, quote


async def test_a_quote_comes_back_as_it_was_registered(database: Database) -> None:
    quotes = QuoteRecords(database)

    await quotes.register(quote())

    assert await quotes.get(TENANT, "Q-1") == quote()
    assert await quotes.get("ten_other", "Q-1") is None


async def test_registering_the_same_again_keeps_the_first_moment(database: Database) -> None:
    quotes = QuoteRecords(database)
    await quotes.register(quote())

    again = await quotes.register(quote().model_copy(update={"created_at": LATER}))

    assert again == quote()


async def test_other_contents_under_the_same_id_are_refused(database: Database) -> None:
    quotes = QuoteRecords(database)
    await quotes.register(quote())

    with pytest.raises(Conflict) as refused:
        await quotes.register(quote().model_copy(update={"product_name": "Travel Plus"}))

    assert refused.value.code is Code.QUOTE_EXISTS
    assert await quotes.get(TENANT, "Q-1") == quote()


async def test_two_tenants_may_use_the_same_quote_id(database: Database) -> None:
    quotes = QuoteRecords(database)

    await asyncio.gather(quotes.register(quote()), quotes.register(quote(tenant_id="ten_b")))

    assert await quotes.get("ten_b", "Q-1") == quote(tenant_id="ten_b")
