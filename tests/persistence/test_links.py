"""Payment links as rows: one active per quote, found by its token, ended once."""

import asyncio

import pytest

from domain.errors import NotFound, Unavailable
from domain.links import LinkStatus
from domain.purchases import PurchaseOrder
from persistence.database import Database
from persistence.links import LinkRecords
from persistence.quotes import QuoteRecords
from tests.persistence.samples import LATER, NOON, TENANT, link, quote

CONTACT = ("mei@example.com", "Mei Tan", "call first")


@pytest.mark.usefixtures("ordered")
async def test_a_link_is_found_by_its_token_and_keeps_its_contact_to_itself(
    database: Database,
) -> None:
    links = LinkRecords(database)

    opened = await links.open(link(), *CONTACT, NOON)

    assert opened == link() == await links.by_token(link().token)
    assert await links.contact_of(opened.link_id) == ("mei@example.com", "Mei Tan")
    assert await links.by_token("guess") is None
    assert await links.get("ten_other", opened.link_id) is None


@pytest.mark.usefixtures("ordered")
async def test_while_a_link_is_active_another_gives_way_to_it(database: Database) -> None:
    links = LinkRecords(database)
    first = await links.open(link(1), *CONTACT, NOON)

    assert await links.open(link(2), *CONTACT, LATER) == first
    assert await links.open(link(1), *CONTACT, LATER) == first


@pytest.mark.usefixtures("ordered")
async def test_of_two_links_opened_at_once_both_askers_get_the_same(
    database: Database,
) -> None:
    links = LinkRecords(database)

    one, other = await asyncio.gather(
        links.open(link(1), *CONTACT, NOON), links.open(link(2), *CONTACT, NOON)
    )

    assert one == other


@pytest.mark.usefixtures("ordered")
async def test_a_link_that_neither_stands_nor_finds_another_in_its_place_can_be_asked_for_again(
    database: Database,
) -> None:
    """What was in its way is gone: here a token that another quote's link has taken."""
    links = LinkRecords(database)
    await QuoteRecords(database).register(quote("Q-2"))
    taken = await links.open(link(1, "Q-2"), *CONTACT, NOON)
    unlucky = link(1).model_copy(update={"token": taken.token})

    with pytest.raises(Unavailable, match="is changing"):
        await links.open(unlucky, *CONTACT, NOON)

    assert await links.open(link(1), *CONTACT, LATER) == link(1).model_copy(
        update={"created_at": LATER}
    )


@pytest.mark.usefixtures("ordered")
async def test_a_link_ends_once(database: Database) -> None:
    links = LinkRecords(database)
    first = await links.open(link(1), *CONTACT, NOON)

    assert await links.end(first.link_id, LinkStatus.REVOKED, LATER) is LinkStatus.REVOKED
    assert await links.end(first.link_id, LinkStatus.EXPIRED, LATER) is LinkStatus.REVOKED
    second = await links.open(link(2), *CONTACT, LATER)

    assert second.number == 2
    assert await links.latest_of_quote(TENANT, "Q-1") == second
    ended = await links.open(link(1), *CONTACT, LATER)
    assert ended.status is LinkStatus.REVOKED


async def test_links_are_paged_and_narrowed_by_status(
    database: Database, ordered: PurchaseOrder
) -> None:
    links = LinkRecords(database)
    await QuoteRecords(database).register(quote("Q-2"))
    for quote_id in (ordered.quote_id, "Q-2"):
        await links.open(link(1, quote_id), *CONTACT, NOON)
    await links.end(link(1, "Q-2").link_id, LinkStatus.EXPIRED, LATER)

    first = await links.page(TENANT, None, None, 1)
    second = await links.page(TENANT, None, first.next_cursor, 1)
    active = await links.page(TENANT, LinkStatus.ACTIVE)

    assert {one.quote_id for one in (*first.items, *second.items)} == {"Q-1", "Q-2"}
    assert [one.quote_id for one in active.items] == ["Q-1"]


async def test_a_link_nobody_made_is_a_fault_to_end_or_to_write_to(database: Database) -> None:
    links = LinkRecords(database)

    with pytest.raises(NotFound):
        await links.end("lnk_none", LinkStatus.REVOKED, NOON)
    with pytest.raises(NotFound):
        await links.contact_of("lnk_none")
    assert await links.latest_of_quote(TENANT, "Q-1") is None
