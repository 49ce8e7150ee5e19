"""What a customer sees in Chromium: the checkout, the page after it, and the ends of both."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from domain.refunds import RefundStatus
from tests.journeys.house import House
from tests.journeys.providers import GOOD_CARD, NO_FUNDS

pytestmark = [pytest.mark.slow, pytest.mark.browser]
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ALWAYS_ASKED = "4000002760003184"
READY = "policy is ready"
WITHIN = 20_000  # milliseconds
Visit = Callable[[], AbstractAsyncContextManager[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        await started.close()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Visit:
    """A customer with a fresh browser. Complaints of a page fail the test; a failure is kept."""

    @asynccontextmanager
    async def visiting() -> AsyncIterator[Page]:
        context = await browser.new_context()
        page = await context.new_page()
        page.set_default_timeout(WITHIN)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.extend(_errors(said)))
        try:
            yield page
            assert complaints == []
        except BaseException:
            await page.screenshot(path=tmp_path / "failed.png", full_page=True)
            raise
        finally:
            await context.close()

    return visiting


def _errors(said: ConsoleMessage) -> list[str]:
    """A page that is served with a 4xx on purpose is remarked on, too; that is no fault."""
    is_on_purpose = "the server responded with a status of 4" in said.text
    return [said.text] if said.type == "error" and not is_on_purpose else []


async def says(page: Page, words: str) -> None:
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text(words, ignore_case=True, timeout=WITHIN)


async def enter(page: Page, card: str) -> None:
    await page.get_by_label("Card number").fill(card)
    await page.get_by_label("Expiry").fill("12 / 40")
    await page.get_by_label("Security code").fill("123")
    await page.get_by_label("Name on card").fill("Alice Tan")
    await page.get_by_role("button", name="Pay SGD 150.00").click()


async def test_the_page_after_the_payment_becomes_the_policy_by_itself(
    house: House, visit: Visit
) -> None:
    # Given a webhook that takes its time
    sold = await house.quote()
    started = await house.start(sold)
    await house.providers.script(
        target="webhooks",
        kind="delay",
        seconds=2,
        match={"event_type": "checkout.session.completed"},
    )
    async with visit() as page:
        # When the customer pays
        await page.goto(started.checkout_url)
        await enter(page, GOOD_CARD)

        # Then the page that they return to knows it from the provider
        await says(page, "Payment received")

        # and shows the policy without being touched
        await says(page, READY)
        policy = (await house.delivered(started.purchase_id)).policy
        assert policy is not None
        await expect(page.get_by_text(policy.number)).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download").click()
        downloaded = await (await download.value).path()
        assert downloaded.read_bytes().startswith(b"%PDF")
    await house.prove(started.purchase_id, sold)


async def test_a_declined_customer_reads_why_and_pays_with_another_card(
    house: House, visit: Visit
) -> None:
    sold = await house.quote()
    started = await house.start(sold)
    async with visit() as page:
        await page.goto(started.checkout_url)
        await enter(page, NO_FUNDS)
        await expect(page.get_by_role("alert")).to_contain_text("insufficient funds")

        await enter(page, GOOD_CARD)
        await says(page, READY)
    await house.prove(started.purchase_id, sold)


async def test_a_customer_whom_the_bank_asks_confirms_and_is_done(
    house: House, visit: Visit
) -> None:
    sold = await house.quote()
    started = await house.start(sold)
    async with visit() as page:
        await page.goto(started.checkout_url)
        await enter(page, ALWAYS_ASKED)
        await page.get_by_role("button", name="Complete authentication").click()
        await says(page, READY)
    await house.prove(started.purchase_id, sold)


async def test_a_customer_who_turns_back_can_go_on_later(house: House, visit: Visit) -> None:
    sold = await house.quote()
    started = await house.start(sold)
    async with visit() as page:
        await page.goto(started.checkout_url)
        await page.get_by_role("link", name="Back without paying").click()
        await says(page, "You have not paid yet")

        await page.get_by_role("link", name="Back to the checkout").click()
        await enter(page, GOOD_CARD)
        await says(page, READY)
    await house.prove(started.purchase_id, sold)


async def test_the_page_of_a_purchase_that_was_cancelled_says_so_by_itself(
    house: House, visit: Visit
) -> None:
    started = await house.start(await house.quote())
    async with visit() as page:
        await page.goto(started.checkout_url)
        await page.get_by_role("link", name="Back without paying").click()
        await says(page, "You have not paid yet")

        await house.http.post(f"/purchases/{started.purchase_id}/cancel")

        await says(page, "This purchase was cancelled")


async def test_anyone_can_prove_a_policy_by_its_number(house: House, visit: Visit) -> None:
    bought = await house.bought(await house.quote())
    assert bought.policy is not None
    async with visit() as page:
        await page.goto(bought.policy.verify_url)
        await says(page, "This is a test document")
        await expect(page.get_by_text(str(bought.policy.sha256))).to_be_visible()
        assert "Alice" not in await page.content()

        # When all of the money goes back
        asked = await house.http.post(f"/purchases/{bought.purchase_id}/refund")
        await house.until_refund(asked.json()["refund_id"], RefundStatus.SUCCEEDED)
        await page.reload()
        await says(page, "This test document was cancelled")


async def test_a_link_is_opened_and_is_dead_when_it_is_revoked(house: House, visit: Visit) -> None:
    sold = await house.quote()
    body = {"quote_id": sold.quote_id, "user_id": "alice"}
    link = (await house.http.post("/links", json=body)).json()
    async with visit() as page:
        await page.goto(link["payment_link_url"])
        await expect(page.get_by_role("button", name="Pay SGD 150.00")).to_be_visible()

        await house.http.post(f"/links/{link['link_id']}/revoke")
        await page.goto(link["payment_link_url"])
        await says(page, "This payment link was withdrawn")
