"""The pages that customers see, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow

CHROMIUM = Path("/usr/bin/chromium-headless-shell")


def _form(**entered: str) -> dict[str, str]:
    return {"method": "card", "expiry": "12/34", "cvc": "123", "name": "Jenny Rosen"} | entered


def test_the_form_works_without_a_browser_or_a_script(simulators: Simulators) -> None:
    session = simulators.new_session()

    declined = httpx.post(str(session.url), data=_form(number="4000 0000 0000 9995"))
    paid = httpx.post(str(session.url), data=_form(number="4242 4242 4242 4242"))

    assert declined.status_code == 402
    assert "Your card has insufficient funds." in declined.text
    assert "insufficient_funds" in declined.text
    assert paid.headers["location"] == f"https://shop.test/thanks?session={session.id}"
    assert "This has been paid" in httpx.get(str(session.url)).text


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(5_000, "jpy", "¥5,000"), (5_000, "kwd", "KWD\xa05.000"), (12_500, "usd", "$125.00")],
)
def test_the_amount_is_written_as_its_currency_is(
    simulators: Simulators, amount: int, currency: str, shown: str
) -> None:
    session = simulators.new_session(amount, currency)

    assert shown in httpx.get(str(session.url)).text


def test_what_was_left_out_is_said_beside_its_field(simulators: Simulators) -> None:
    session = simulators.new_session()

    answer = httpx.post(str(session.url), data={"method": "card", "cvc": "12"})

    assert answer.status_code == 422
    for field in ("number", "expiry", "cvc"):
        assert f'id="{field}-problem"' in answer.text


def test_an_unknown_session_has_no_page(simulators: Simulators) -> None:
    assert httpx.get(f"{simulators.url}/c/pay/cs_test_unknown").status_code == 404


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 390, "height": 844}) as opened:
        yield opened


def _fill(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay").click()


@pytest.mark.slow
@pytest.mark.browser
def test_a_customer_is_declined_then_authenticates_and_pays(
    simulators: Simulators, receiver: Receiver, page: Page
) -> None:
    session = simulators.new_session(success_url=simulators.url + "/?paid={CHECKOUT_SESSION_ID}")
    page.goto(str(session.url))

    _fill(page, "4000 0000 0000 0002")
    assert "Your card was declined." in page.get_by_role("alert").inner_text()
    _fill(page, "4000 0027 6000 3184")
    page.get_by_role("button", name="Complete authentication").click()

    page.wait_for_url(f"{simulators.url}/?paid={session.id}")
    receiver.wait_for("payment_intent.payment_failed", "checkout.session.completed")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 760, 1200])
def test_the_mailbox_shows_a_long_subject_whole(
    simulators: Simulators, page: Page, width: int
) -> None:
    mail = {
        "personalizations": [{"to": [{"email": "somebody.with.a.long.name@mail.example.com"}]}],
        "from": {"email": "policies@paybind.example"},
        "subject": "Your policy: " + "Premium Travel Insurance for All of Asia " * 4,
        "content": [{"type": "text/plain", "value": "Hello"}],
    }
    simulators.mail_client.client.mail.send.post(request_body=mail)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{simulators.url}/mailbox")
    cut_off = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    assert page.locator(".mails .subject, .mails .to").evaluate_all(cut_off) == 0


@pytest.mark.slow
@pytest.mark.browser
def test_the_pages_fit_a_telephone(simulators: Simulators, page: Page) -> None:
    for path in (f"/c/pay/{simulators.new_session().id}", "/mailbox", "/"):
        page.goto(simulators.url + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
