"""The payment card in a real browser: inside a sandboxed host, and alone as a page."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import TypeVar

import pytest
from playwright.async_api import Browser, FrameLocator, Page, Route, async_playwright, expect

PAGE = Path(__file__).parents[2] / "templates" / "pages" / "payment_widget.html"
Told = TypeVar("Told")
CHROMIUM = which("chromium-headless-shell") or which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOST = """<!doctype html><body style="margin:0;background:%(ground)s">
<iframe id=f sandbox="allow-scripts" style="border:0;width:100%%;height:560px"></iframe><script>
const f = document.getElementById('f'); window.heard = [];
const post = m => f.contentWindow.postMessage({jsonrpc: '2.0', ...m}, '*');
addEventListener('message', async e => {
  if (e.source !== f.contentWindow) return;
  const m = e.data; heard.push(m.method || 'reply');
  if (m.method === 'ui/initialize') post({id: m.id, result: {protocolVersion: '2026-01-26',
    hostInfo: {name: 'test', version: '1'}, hostCapabilities: {serverTools: {}, openLinks: {}},
    hostContext: {theme: '%(theme)s', locale: 'en-US'}}});
  if (m.method === 'ui/notifications/initialized')
    post({method: 'ui/notifications/tool-result', params: %(result)s});
  if (m.method === 'tools/call') post({id: m.id, result: await window.callTool(m.params)});
  if (m.method === 'ui/open-link') await window.openLink(m.params.url);
  if (m.method === 'ui/update-model-context') await window.tellModel(m.params);
  if (['ui/open-link', 'ui/update-model-context'].includes(m.method)) post({id: m.id, result: {}});
});
f.srcdoc = %(card)s;
</script>"""

PENDING: dict[str, object] = {
    "payment_intent_id": "pur_k3q5z7w2m4n6p2r6s2t4v6x7y2",
    "product_name": "Premium Travel Insurance - 7 Days Asia",
    "amount": 15000,
    "currency": "SGD",
    "currency_exponent": 2,
    "payment_status": "pending",
    "checkout_url": "https://checkout.example/c/pay/cs_test_1",
    "expires_at": "2026-11-21T12:00:00Z",
    "can_retry": False,
    "processing": False,
    "livemode": False,
    "policy_status": "none",
    "policy_number": None,
    "policy_document_url": None,
    "refund_status": "none",
    "amount_refunded": 0,
}
ISSUED: dict[str, object] = {
    "payment_status": "completed",
    "checkout_url": None,
    "policy_status": "issued",
    "policy_number": "POL-2026-000042",
    "policy_document_url": "https://paybind.example/documents/x",
}


@dataclass
class Host:
    """What the server answers when the card asks, and what the card asked of its host."""

    answers: Mapping[str, object] = field(default_factory=lambda: {**PENDING})
    calls: list[object] = field(default_factory=list)
    opened: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    told: asyncio.Queue[object] = field(default_factory=asyncio.Queue)

    def call_tool(self, params: object) -> Mapping[str, object]:
        self.calls.append(params)
        return {"content": [], "structuredContent": self.answers}

    def open_link(self, url: str) -> None:
        self.opened.put_nowait(url)

    def tell_model(self, params: object) -> None:
        self.told.put_nowait(params)

    async def shows(
        self, page: Page, theme: str = "light", error: Mapping[str, object] | None = None
    ) -> FrameLocator:
        """The card in its sandbox, after the tool's first answer."""
        await page.expose_function("callTool", self.call_tool)
        await page.expose_function("openLink", self.open_link)
        await page.expose_function("tellModel", self.tell_model)
        result: dict[str, object] = {"content": [], "structuredContent": dict(self.answers)}
        if error is not None:
            result = {"isError": True, "content": [{"type": "text", "text": json.dumps(error)}]}
        ground = "#ffffff" if theme == "light" else "#10151f"
        card = json.dumps(PAGE.read_text("utf-8")).replace("</", "<\\/")
        await page.set_content(
            HOST % {"card": card, "result": json.dumps(result), "theme": theme, "ground": ground}
        )
        return page.frame_locator("#f")


async def soon(told: asyncio.Queue[Told]) -> Told:
    return await asyncio.wait_for(told.get(), 5)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        await launched.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    opened = await browser.new_page(viewport={"width": 460, "height": 600})
    await opened.clock.install()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    await opened.close()
    assert faults == []


async def test_the_card_shows_what_is_bought_and_opens_the_checkout_through_its_host(
    page: Page,
) -> None:
    host = Host()
    card = await host.shows(page)

    await expect(card.get_by_role("heading", level=1)).to_have_text(str(PENDING["product_name"]))
    await expect(card.locator("#amount")).to_have_text("SGD 150.00")
    await expect(card.get_by_role("status")).to_contain_text("Waiting for payment")
    await expect(card.get_by_text("Test mode")).to_be_visible()
    await card.get_by_role("link", name="Pay SGD 150.00").click()
    assert await soon(host.opened) == PENDING["checkout_url"]


async def test_the_card_follows_the_payment_by_itself_and_stops_when_the_policy_is_issued(
    page: Page,
) -> None:
    host = Host()
    card = await host.shows(page)
    await expect(card.get_by_role("status")).to_contain_text("Waiting for payment")

    host.answers = {**PENDING, **ISSUED, "policy_status": "none", "policy_number": None}
    await page.clock.fast_forward(3500)
    await expect(card.get_by_role("status")).to_contain_text("Your policy is being written")

    host.answers = {**PENDING, **ISSUED}
    await page.clock.fast_forward(3500)
    await expect(card.get_by_text("POL-2026-000042")).to_be_visible()
    await card.get_by_role("link", name="Download the policy").click()
    assert await soon(host.opened) == ISSUED["policy_document_url"]

    calls = len(host.calls)
    await page.clock.fast_forward(60_000)
    assert len(host.calls) == calls
    assert host.calls[0] == {
        "name": "check_payment_status",
        "arguments": {"payment_intent_id": PENDING["payment_intent_id"]},
    }
    assert "is now completed" in json.dumps(await soon(host.told))


@pytest.mark.parametrize(
    ("change", "words", "button"),
    [
        ({"payment_status": "failed", "can_retry": True, "failure_reason": "Card declined."},
         "Card declined.", "Try again"),
        ({"payment_status": "failed", "checkout_url": None}, "Payment failed", None),
        ({"payment_status": "expired", "checkout_url": None}, "Checkout expired", None),
        ({"payment_status": "cancelled", "checkout_url": None}, "Cancelled", None),
        ({"processing": True, "checkout_url": None}, "Your bank is working on it", None),
        ({**ISSUED, "refund_status": "full", "amount_refunded": 15000}, "Refunded", None),
        ({**ISSUED, "refund_status": "partial", "amount_refunded": 5000},
         "SGD 50.00 of the payment was refunded", "Download the policy"),
    ],
)  # fmt: skip
async def test_each_state_has_its_words_and_its_button(
    page: Page, change: Mapping[str, object], words: str, button: str | None
) -> None:
    card = await Host({**PENDING, **change}).shows(page)

    await expect(card.get_by_role("status")).to_contain_text(words)
    links = card.get_by_role("link")
    await expect(links).to_have_count(1 if button else 0)
    if button:
        await expect(links).to_have_text(button)


@pytest.mark.parametrize(
    ("amount", "currency", "exponent", "text"),
    [(15000, "JPY", 0, "JPY 15,000"), (12345, "KWD", 3, "KWD 12.345"), (50, "EUR", 2, "EUR 0.50")],
)
async def test_amounts_are_written_with_the_currencys_own_decimals(
    page: Page, amount: int, currency: str, exponent: int, text: str
) -> None:
    price = {"amount": amount, "currency": currency, "currency_exponent": exponent}
    card = await Host({**PENDING, **price}).shows(page)

    await expect(card.locator("#amount")).to_have_text(text)


async def test_an_error_of_the_tool_is_shown_in_the_customers_words(page: Page) -> None:
    error = {"code": "quote_expired", "user_message": "This quote is no longer valid."}
    card = await Host().shows(page, error=error)

    await expect(card.get_by_role("status")).to_contain_text("This quote is no longer valid.")


async def test_what_others_wrote_never_becomes_markup_or_a_script_address(page: Page) -> None:
    evil = {
        "product_name": "<img src=x onerror=alert(1)>",
        "checkout_url": "javascript:alert(1)",
    }
    card = await Host({**PENDING, **evil}).shows(page)

    await expect(card.get_by_role("heading", level=1)).to_have_text(evil["product_name"])
    await expect(card.get_by_role("link")).to_have_count(0)


async def test_the_card_is_dark_where_its_host_is(page: Page) -> None:
    card = await Host().shows(page, theme="dark")

    await expect(card.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize(
    ("address", "html"),
    [
        ("https://paybind.example/widgets", '<html lang="en">'),
        ("https://shop.example/pay", '<html lang="en" data-api="https://paybind.example">'),
    ],
)
async def test_alone_it_reads_the_state_behind_its_token(
    page: Page, address: str, html: str
) -> None:
    state = {name: PENDING[name] for name in PENDING if name != "payment_intent_id"}
    asked: list[str] = []

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix("https://paybind.example")
        asked.append(path)
        await route.fulfill(json=state, headers={"Access-Control-Allow-Origin": "*"})

    async def serve(route: Route) -> None:
        widget = PAGE.read_text("utf-8").replace('<html lang="en">', html)
        await route.fulfill(body=widget, content_type="text/html")

    await page.route("https://paybind.example/**", answer)
    await page.route(f"{address}/payment?*", serve)
    await page.goto(f"{address}/payment?purchase=tok.en-1")
    await expect(page.get_by_role("link", name="Pay SGD 150.00")).to_have_attribute(
        "href", str(PENDING["checkout_url"])
    )

    state |= ISSUED | {"policy_document_url": None}
    await page.clock.fast_forward(3500)
    await expect(page.get_by_text("POL-2026-000042")).to_be_visible()
    await expect(page.get_by_role("link", name="Open your policy")).to_have_attribute(
        "href", "https://paybind.example/success?purchase=tok.en-1"
    )
    assert set(asked) == {"/pages/purchases/tok.en-1/state"}
