"""JustiFi's lists: a page by either cursor, and all of them, bounded."""

from collections.abc import AsyncIterator

import pytest
from pydantic import JsonValue

from gateways.faults import RefusedByProvider
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS
from gateways.justifi_models import Payment
from tests.gateways.scripted_justifi import PAYMENT, ScriptedJustifi, scripted_justifi, some


@pytest.fixture
async def justifi() -> AsyncIterator[ScriptedJustifi]:
    async with scripted_justifi() as server:
        yield server


@pytest.fixture
async def client(justifi: ScriptedJustifi) -> AsyncIterator[JustifiClient]:
    opened = JustifiClient("test_id", "test_secret", justifi.url)
    yield opened
    await opened.close()


def payment(number: int) -> JsonValue:
    return PAYMENT | {"id": f"py_{number}"}


async def all_of(client: JustifiClient, most_pages: int = 9) -> list[str]:
    listed = client.listed(
        Payment, ENDPOINTS.list_payments, params={"void_id": None}, most_pages=most_pages
    )
    return [payment.id async for payment in listed]


@pytest.mark.parametrize("cursor", ["after_cursor", "before_cursor"])
async def test_a_page_is_asked_for_by_either_cursor(
    justifi: ScriptedJustifi, client: JustifiClient, cursor: str
) -> None:
    justifi.answers(some(payment(1), payment(2), cursor="next"))

    page = await client.page(
        Payment,
        ENDPOINTS.list_payments,
        params={"payment_status": "succeeded"},
        limit=2,
        after_cursor="here" if cursor == "after_cursor" else None,
        before_cursor="here" if cursor == "before_cursor" else None,
    )

    assert [payment.id for payment in page.items] == ["py_1", "py_2"]
    assert (page.info.has_next, page.info.end_cursor) == (True, "next")
    assert justifi.asked[0].query == {"payment_status": "succeeded", "limit": "2", cursor: "here"}


async def test_both_cursors_at_once_are_refused_before_anything_is_sent(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    with pytest.raises(RefusedByProvider, match="exclude each other"):
        await client.page(Payment, ENDPOINTS.list_payments, after_cursor="a", before_cursor="b")

    assert (justifi.asked, justifi.tokens_asked) == ([], [])


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_limit_that_justifi_would_not_keep_is_refused(
    justifi: ScriptedJustifi, client: JustifiClient, limit: int
) -> None:
    with pytest.raises(RefusedByProvider, match="1 to 100"):
        await client.page(Payment, ENDPOINTS.list_payments, limit=limit)

    assert justifi.asked == []


async def test_all_pages_are_read_in_their_order(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(some(payment(1), payment(2), cursor="a"))
    justifi.answers(some(cursor="b"))
    justifi.answers(some(payment(3)))

    assert await all_of(client) == ["py_1", "py_2", "py_3"]
    assert [asked.query for asked in justifi.asked] == [
        {"limit": "100"},
        {"limit": "100", "after_cursor": "a"},
        {"limit": "100", "after_cursor": "b"},
    ]


async def test_a_list_without_end_is_given_up(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    for number in range(5):
        justifi.answers(some(payment(number), cursor=str(number)))

    with pytest.raises(RefusedByProvider, match="more than 3 pages"):
        await all_of(client, most_pages=3)

    assert len(justifi.asked) == 3


async def test_a_page_that_leads_to_itself_is_unreadable(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(some(payment(1), cursor="a"))

    with pytest.raises(RefusedByProvider, match="does not lead to the next"):
        await all_of(client)

    assert len(justifi.asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None, "type": "array", "data": {}, "page_info": {"has_next": False}},
        {"id": None, "type": "array", "data": [], "page_info": None},
        {"id": None, "type": "array", "data": ["py_1"], "page_info": {"has_next": False}},
        {"id": None, "type": "array", "data": [], "page_info": "none"},
    ],
)
async def test_what_is_no_page_is_unreadable(
    justifi: ScriptedJustifi, client: JustifiClient, wrong: JsonValue
) -> None:
    justifi.answers(wrong)

    with pytest.raises(RefusedByProvider) as unreadable:
        await all_of(client)

    assert unreadable.value.code == "unreadable"
