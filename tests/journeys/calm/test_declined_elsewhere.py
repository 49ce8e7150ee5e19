"""A decline that the tenant's rule names, on the wire: two accounts, and one of them is paid."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import JsonValue

from api.links import LinkAnswer
from api.purchase_answers import PurchaseAnswer, PurchaseStarted
from composition import open_verification
from domain.purchases import PaymentStatus
from tests.journeys.branches import Branches, branches
from tests.journeys.house import House, Sold
from tests.journeys.providers import NO_FUNDS, SESSIONS
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Branches]:
    """North's declines for want of money fail over."""
    async with branches(house) as opened:
        rule: JsonValue = {"failover_decline_codes": ["insufficient_funds"]}
        links = f"/entities/tenant/{opened.tenant_id}/integrations"
        changed = await opened.house.http.put(f"{links}/{opened.north.integration_id}", json=rule)
        assert changed.status_code == 200, changed.text
        yield opened


async def _declined(shop: Branches, sold: Sold) -> tuple[PurchaseStarted, PurchaseAnswer]:
    """As it began, and as it stands once it has moved."""
    started = await shop.house.start(sold)
    paid = await shop.house.providers.pay(started.session_id, NO_FUNDS)
    assert paid.result == "declined"
    moved = await until(
        lambda: shop.house.purchase(started.purchase_id),
        lambda seen: seen.session_id not in (None, started.session_id),
    )
    return started, moved


async def _browsed(address: str) -> httpx.Response:
    """As a customer's browser does, who has no key."""
    async with httpx.AsyncClient(timeout=30) as browser:
        return await browser.get(address)


async def test_a_declined_customer_pays_at_the_backup_and_both_books_agree(shop: Branches) -> None:
    house, sold = shop.house, await shop.house.quote()
    link = LinkAnswer.model_validate_json(
        (await house.http.post("/links", json={"quote_id": sold.quote_id, "user_id": "alice"}))
        .raise_for_status()
        .content
    )

    started, moved = await _declined(shop, sold)

    # Then the page at the first account is closed, and every door leads to the one at the backup
    assert (moved.payment_status, moved.can_retry) == (PaymentStatus.PENDING, True)
    assert moved.failure_code == "insufficient_funds"
    (closed,) = await shop.north.sessions(started.purchase_id)
    (opened,) = await shop.south.sessions(started.purchase_id)
    assert (closed["status"], opened["status"]) == ("expired", "open")
    assert (await house.start(sold)).checkout_url == moved.checkout_url
    assert (await _browsed(link.payment_link_url)).headers["location"] == moved.checkout_url
    mail = await house.mail(sold.customer, "did not go through")
    (retry,) = [word for word in mail.text.split() if "/cancel?purchase=" in word]
    page = await _browsed(retry)
    assert "The payment did not go through" in page.text
    assert f'href="{moved.checkout_url}"' in page.text
    assert str(started.session_id) not in page.text

    # And once it is paid there, the money is in one of the two books
    assert moved.session_id is not None
    await house.providers.pay(moved.session_id)
    purchase = await house.delivered(started.purchase_id)
    assert purchase.route is not None
    assert purchase.route.integration_id == shop.south.integration_id
    assert (await shop.north.paid(), await shop.south.paid()) == ([], [started.purchase_id])
    left, chosen = await shop.told(started.purchase_id)
    why = "declined with insufficient_funds, which the rule lets fail over to south"
    assert left == ("moved on from north", why)
    assert chosen == ("routed to south (stripe)", f"backup of north: {why}")
    async with open_verification(house.running.settings) as verification:
        verdict = await verification.verify()
    assert [each for each in verdict.findings if started.purchase_id in each.purchase_ids] == []


async def test_a_page_whose_closing_got_no_answer_is_closed_once_and_left_once(
    shop: Branches,
) -> None:
    match: JsonValue = {
        "method": "POST",
        "path_prefix": f"{SESSIONS}/",
        "account": shop.north.shown,
    }
    await shop.house.providers.script(target="stripe", match=match, kind="cut_after_effect")

    started, moved = await _declined(shop, await shop.house.quote())

    assert moved.session_id is not None
    await shop.house.providers.pay(moved.session_id)
    await shop.house.delivered(started.purchase_id)
    assert [len(await each.sessions(started.purchase_id)) for each in (shop.north, shop.south)] == [
        1,
        1,
    ]
    assert (await shop.north.paid(), await shop.south.paid()) == ([], [started.purchase_id])
