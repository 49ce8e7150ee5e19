"""A quote saved for later: the link in the mail, opened, paid, and dead afterwards."""

import httpx
import pytest

from api.links import LinkAnswer
from domain.links import LinkStatus
from tests.journeys.house import House, Sold
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


async def saved_link(house: House, sold: Sold) -> LinkAnswer:
    answer = await house.http.post("/links", json={"quote_id": sold.quote_id, "user_id": "alice"})
    assert answer.status_code == 201, answer.text
    return LinkAnswer.model_validate_json(answer.content)


async def opened(link: LinkAnswer) -> httpx.Response:
    """As a customer's browser does, who has no key."""
    async with httpx.AsyncClient(timeout=30) as browser:
        return await browser.get(link.payment_link_url)


async def test_a_link_in_the_mail_leads_to_the_checkout_and_ends_paid(house: House) -> None:
    # Given a link that was sent
    sold = await house.quote()
    link = await saved_link(house, sold)
    sent = await house.http.post(f"/links/{link.link_id}/send")
    assert sent.status_code == 202, sent.text
    assert link.payment_link_url in (await house.mail(sold.customer, "")).text

    # When the customer opens it, twice, and pays
    first, second = await opened(link), await opened(link)
    assert first.status_code == 303, first.text
    assert first.headers["location"] == second.headers["location"]
    session_id = first.headers["location"].rpartition("/")[2]
    await house.providers.pay(session_id)

    # Then the policy is there and the link is paid
    listed = (await house.http.get("/purchases", params={"quote_id": sold.quote_id})).json()
    [purchase_id] = [each["purchase_id"] for each in listed["items"]]
    await house.prove(purchase_id, sold)
    await until(lambda: status_of(house, link), lambda status: status is LinkStatus.PAID)
    after = await opened(link)
    assert (after.status_code, "paid already" in after.text) == (410, True)


async def status_of(house: House, link: LinkAnswer) -> LinkStatus:
    return LinkAnswer.model_validate_json(await house.read(f"/links/{link.link_id}")).status


async def test_a_quote_paid_elsewhere_ends_its_link(house: House) -> None:
    sold = await house.quote()
    link = await saved_link(house, sold)

    await house.bought(sold)

    await until(lambda: status_of(house, link), lambda status: status is LinkStatus.PAID)


async def test_a_revoked_link_shows_why_it_cannot_be_paid(house: House) -> None:
    link = await saved_link(house, await house.quote())

    await house.http.post(f"/links/{link.link_id}/revoke")
    page = await opened(link)

    assert page.status_code == 410
    assert "withdrawn" in page.text


async def test_after_a_checkout_has_ended_the_link_opens_a_fresh_one(house: House) -> None:
    sold = await house.quote()
    link = await saved_link(house, sold)
    first = (await opened(link)).headers["location"]

    await house.providers.expire(first.rpartition("/")[2])

    async def fresh() -> str:
        return str((await opened(link)).headers["location"])

    again = await until(fresh, lambda url: url != first)
    assert again.startswith(str(house.running.settings.stripe_api_base))


async def test_a_link_that_nobody_made_is_a_page_too(house: House) -> None:
    link = await saved_link(house, await house.quote())
    invented = link.model_copy(
        update={"payment_link_url": f"{house.running.settings.api_url}/pay/invented"}
    )

    page = await opened(invented)

    assert page.status_code == 404
    assert "text/html" in page.headers["content-type"]
