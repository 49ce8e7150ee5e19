"""The writer of e-mails: from what a letter is about to its subject, text and HTML."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.emails import EmailTemplate, Letter, Message
from domain.model import Model
from gateways.brand import Brand
from gateways.emails import IncompleteLetter
from gateways.wording import moment_text, money_text, plain_text

TEMPLATES = Path(__file__).parent.parent / "templates" / "emails"

NEEDS_AN_AMOUNT = frozenset({EmailTemplate.REFUND_MADE, EmailTemplate.REFUND_RETURNED})
NEEDS_A_WAY_TO_PAY = frozenset({EmailTemplate.PAYMENT_LINK, EmailTemplate.LINK_REMINDER})


class LetterView(Model):
    """What the templates show: plain text only, everything decided."""

    is_test: bool
    greeting: str
    product: str
    price: str
    pay_url: str | None
    expires: str | None
    failure_reason: str
    policy_number: str | None
    is_covered: bool
    document_url: str | None
    has_policy_attached: bool
    refunded: str
    is_full_refund: bool
    paid_too_late: bool
    account: str | None


class LetterWriter:
    """Every template is a pair: ``name.txt``, which opens with its subject, and ``name.html``."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._templates = _templates()

    def write(self, letter: Letter) -> Message:
        view = _view(letter)
        subject, text = self._text(letter.template, view)
        subject = f"[TEST] {subject}" if view.is_test else subject
        return Message(
            email_id=letter.email_id,
            to=letter.to,
            to_name=plain_text(letter.to_name) if letter.to_name else None,
            subject=subject,
            text=text,
            html=self._filled(f"{letter.template}.html", view, subject=subject),
            attachments=letter.attachments,
        )

    def _text(self, template: EmailTemplate, view: LetterView) -> tuple[str, str]:
        """The first line is ``Subject: …``; no value can add another: they hold no line break."""
        written = self._filled(f"{template}.txt", view).replace("\u00a0", " ")
        head, _, body = written.partition("\n")
        text = re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"
        return head.removeprefix("Subject: "), text

    def _filled(self, name: str, view: LetterView, **more: str) -> str:
        template = self._templates.get_template(name)
        return template.render(letter=view, brand=self._brand, **more)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _view(letter: Letter) -> LetterView:
    if letter.template in NEEDS_A_WAY_TO_PAY and letter.pay_url is None:
        raise IncompleteLetter(f"{letter.template} {letter.email_id} has no link to pay by")
    if letter.template in NEEDS_AN_AMOUNT and letter.refunded is None:
        raise IncompleteLetter(f"{letter.template} {letter.email_id} has no amount")
    refunded = letter.refunded or letter.price
    return LetterView(
        is_test=not letter.livemode,
        greeting=f"Hello {plain_text(letter.to_name)}," if letter.to_name else "Hello,",
        product=plain_text(letter.product_name),
        price=money_text(letter.price),
        pay_url=letter.pay_url,
        expires=moment_text(letter.expires_at) if letter.expires_at else None,
        failure_reason=_sentence(letter.failure_reason or "The payment was not completed"),
        policy_number=letter.policy_number,
        is_covered=letter.is_covered,
        document_url=letter.document_url,
        has_policy_attached=bool(letter.attachments),
        refunded=money_text(refunded),
        is_full_refund=refunded == letter.price,
        paid_too_late=letter.paid_too_late,
        account=plain_text(letter.account) if letter.account else None,
    )


def _sentence(text: str) -> str:
    said = plain_text(text).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."
