"""The letters: what they say, what they can be clicked for, and what names cannot do."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from domain.emails import Attachment, EmailTemplate, Letter, Message
from domain.money import Money
from gateways.brand import Brand
from gateways.emails import IncompleteLetter
from gateways.letters import LetterWriter

PAY_URL = "https://insure.test/pay/token?from=mail&n=1"
DOCUMENT_URL = "https://insure.test/policies/POL-2026-000123/document?token=abc"
PDF = Attachment(filename="POL-2026-000123.pdf", media_type="application/pdf", content=b"%PDF")


def letter(template: EmailTemplate, **more: object) -> Letter:
    said: dict[str, object] = {
        "email_id": "eml_1",
        "template": template,
        "livemode": True,
        "to": "wei@example.com",
        "to_name": "Tan Wei Ling",
        "product_name": "Travel cover",
        "price": Money(minor=15000, currency="SGD"),
        "pay_url": PAY_URL,
        "expires_at": datetime(2026, 11, 27, 17, 55, tzinfo=UTC),
        "refunded": Money(minor=15000, currency="SGD"),
    }
    return Letter.model_validate(said | more)


def written(template: EmailTemplate, **more: object) -> Message:
    return LetterWriter(Brand()).write(letter(template, **more))


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.links += [given["href"] or ""] if tag == "a" else []
        self.loaded += [given[name] or "" for name in ("src", "background") if name in given]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("template", EmailTemplate)
def test_every_letter_says_the_same_in_text_and_html(template: EmailTemplate) -> None:
    message = written(template)
    page = Page(message.html)
    for said in ("Hello Tan Wei Ling,", "Travel cover", "SGD 150.00", "1 Example Quay"):
        assert said in message.text
        assert said in page.text.replace("\u00a0", " ")
    assert "You receive this message because" in message.text
    assert "You receive this message because" in page.text
    assert "Travel cover" in message.subject or "SGD 150.00" in message.subject


@pytest.mark.parametrize("template", EmailTemplate)
def test_no_letter_loads_anything_or_runs_anything(template: EmailTemplate) -> None:
    page = Page(written(template).html)
    assert page.loaded == []
    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    assert "@import" not in written(template).html
    assert "url(" not in written(template).html


@pytest.mark.parametrize(
    "template",
    [EmailTemplate.PAYMENT_LINK, EmailTemplate.LINK_REMINDER, EmailTemplate.PAYMENT_FAILED],
)
def test_letters_about_an_open_payment_carry_the_way_to_pay(template: EmailTemplate) -> None:
    message = written(template)
    assert PAY_URL in Page(message.html).links
    assert PAY_URL in message.text
    assert "27 November 2026, 17:55 UTC" in message.text


@pytest.mark.parametrize("template", [EmailTemplate.PAYMENT_LINK, EmailTemplate.LINK_REMINDER])
def test_a_letter_that_asks_to_pay_is_not_written_without_the_way_to(
    template: EmailTemplate,
) -> None:
    with pytest.raises(IncompleteLetter):
        written(template, pay_url=None)


@pytest.mark.parametrize("template", EmailTemplate)
def test_a_letter_about_a_test_says_so_before_all_else(template: EmailTemplate) -> None:
    real, test = written(template), written(template, livemode=False)
    assert test.subject == f"[TEST] {real.subject}"
    assert test.text.startswith("TEST: no real money moves")
    assert "This is a test: no real money moves" in Page(test.html).text
    assert "no real money" not in real.text + real.html


def test_the_confirmation_brings_the_policy_and_its_number() -> None:
    message = written(
        EmailTemplate.PAYMENT_CONFIRMATION,
        policy_number="POL-2026-000123",
        document_url=DOCUMENT_URL,
        attachments=(PDF,),
    )
    assert message.subject == "Your policy POL-2026-000123: Travel cover"
    assert message.attachments == (PDF,)
    assert DOCUMENT_URL in Page(message.html).links
    assert DOCUMENT_URL in message.text
    assert "attached" in message.text


def test_a_failed_payment_is_explained_in_human_words() -> None:
    message = written(EmailTemplate.PAYMENT_FAILED, failure_reason="your card has expired")
    assert "Your card has expired." in message.text
    assert "Your card has expired." in Page(message.html).text
    assert "Try again" in Page(message.html).text
    assert "not charged" in message.text


def test_a_failed_payment_that_cannot_be_repeated_says_what_else_to_do() -> None:
    message = written(EmailTemplate.PAYMENT_FAILED, pay_url=None)
    assert "This payment page is closed." in message.text
    assert "reply to this message" in message.text
    assert "Try again" not in message.html


def test_a_partial_refund_names_both_amounts() -> None:
    message = written(EmailTemplate.REFUND_MADE, refunded=Money(minor=5000, currency="SGD"))
    assert message.subject == "Your refund of SGD 50.00"
    assert "in part" in message.text
    assert "Price paid: SGD 150.00" in message.text


def test_money_that_came_too_late_is_returned_with_the_reason() -> None:
    message = written(EmailTemplate.REFUND_MADE, paid_too_late=True)
    for text in (message.text, Page(message.html).text):
        assert "after the purchase had ended" in text
        assert "You are not covered by this purchase." in text


def test_a_refund_without_its_amount_is_not_written() -> None:
    with pytest.raises(IncompleteLetter):
        written(EmailTemplate.REFUND_MADE, refunded=None)


def test_a_refund_that_ends_the_policy_says_so() -> None:
    number = "POL-2026-000123"
    message = written(EmailTemplate.REFUND_MADE, policy_number=number, is_covered=False)
    kept = written(EmailTemplate.REFUND_MADE, policy_number=number)
    for text in (message.text, Page(message.html).text):
        assert f"Your policy {number} is cancelled" in text
    assert "cancelled" not in kept.text + kept.html


def test_a_refund_that_came_back_says_what_happens_next_and_what_holds() -> None:
    message = written(EmailTemplate.REFUND_RETURNED, policy_number="POL-2026-000123")
    assert message.subject == "Your refund of SGD 150.00 did not arrive"
    for text in (message.text, Page(message.html).text):
        assert "did not reach you" in text
        assert "finds another way to return your money" in text
        assert "Your policy POL-2026-000123 is in force" in text


def test_late_money_that_came_back_again_promises_no_cover() -> None:
    message = written(EmailTemplate.REFUND_RETURNED, paid_too_late=True)
    for text in (message.text, Page(message.html).text):
        assert "You are not covered by this purchase." in text
        assert "in force" not in text


@pytest.mark.parametrize("template", EmailTemplate)
def test_names_cannot_add_headers_lines_or_markup(template: EmailTemplate) -> None:
    message = written(
        template,
        to_name="Eve\r\nBcc: all@example.com",
        product_name='Cover\r\nSubject: won\x00\x1b <img src="http://evil.test/x">',
    )
    assert "\n" not in message.subject
    assert "\r" not in message.subject + message.text
    assert message.to_name == "Eve Bcc: all@example.com"
    assert "\nSubject:" not in message.text
    assert "\x00" not in message.text + message.html
    assert "img" not in Page(message.html).tags


@pytest.mark.parametrize("template", EmailTemplate)
def test_a_customer_without_a_name_is_greeted_all_the_same(template: EmailTemplate) -> None:
    assert "Hello,\n\n" in written(template, to_name=None).text


def test_amounts_have_the_decimals_of_their_currency() -> None:
    for money, text in (
        (Money(minor=15000, currency="JPY"), "JPY 15,000"),
        (Money(minor=1234567, currency="KWD"), "KWD 1,234.567"),
        (Money(minor=100050, currency="RSD"), "RSD 1,000.50"),
        (Money(minor=5, currency="IQD"), "IQD 0.005"),
    ):
        assert f"Price: {text}\n" in written(EmailTemplate.PAYMENT_LINK, price=money).text
