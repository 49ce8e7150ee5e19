"""What a policy says, as the plain strings its pages show: templates neither count nor decide."""

import segno

from domain.model import Model
from domain.money import Money
from domain.policies import PolicySheet
from domain.quotes import CoverItem, InsuredPerson, Quote
from gateways.documents import UnprintableSheet
from gateways.wording import day_text, money_text, plain_text

UNLIMITED = "Not limited"
VALIDITY = "Issued electronically and valid without a handwritten signature."
TEST_VALIDITY = "A test document: no real money was paid for it, and it gives no cover."


class PersonLine(Model):
    position: str
    name: str
    born: str


class CoverLine(Model):
    name: str
    note: str
    limit: str
    is_limited: bool


class PremiumLine(Model):
    name: str
    amount: str


class PolicyView(Model):
    is_test: bool
    title: str
    kind: str
    standing: str
    validity: str
    number: str
    issued_on: str
    created: str  # ISO 8601, for the PDF's own metadata
    purchase_id: str
    quote_id: str
    product: str
    policyholder: str
    persons: tuple[PersonLine, ...]
    persons_caption: str
    cover: tuple[CoverLine, ...]
    starts_on: str
    ends_on: str
    days: str
    premium: tuple[PremiumLine, ...]
    total: str
    tax_note: str
    verify_url: str
    verify_code: str  # an SVG drawing, as a data URI


def view_of(sheet: PolicySheet) -> PolicyView:
    """Raises ``UnprintableSheet`` where an amount makes no sense on a policy."""
    quote = sheet.quote
    _require_sense(quote)
    days = (quote.period.ends_on - quote.period.starts_on).days + 1
    product = plain_text(quote.product_name)
    is_test = not quote.livemode
    return PolicyView(
        is_test=is_test,
        title=f"{'Test policy' if is_test else 'Policy'} {sheet.number}: {product}",
        kind="Policy schedule, test document" if is_test else "Policy schedule",
        standing="Test, no cover" if is_test else "In force, paid",
        validity=TEST_VALIDITY if is_test else VALIDITY,
        number=sheet.number,
        issued_on=day_text(sheet.issued_on),
        created=sheet.issued_on.isoformat(),
        purchase_id=sheet.purchase_id,
        quote_id=quote.quote_id,
        product=product,
        policyholder=plain_text(quote.customer_name or quote.customer_email),
        persons=_persons(quote.insured_persons),
        persons_caption=_counted(len(quote.insured_persons), "person"),
        cover=tuple(_cover_line(item) for item in quote.cover),
        starts_on=day_text(quote.period.starts_on),
        ends_on=day_text(quote.period.ends_on),
        days=_counted(days, "day"),
        premium=_premium(quote),
        total=money_text(quote.price),
        tax_note=_tax_note(quote),
        verify_url=sheet.verify_url,
        verify_code=_qr_code(sheet.verify_url),
    )


def _require_sense(quote: Quote) -> None:
    if quote.price.minor <= 0:
        raise UnprintableSheet(f"quote {quote.quote_id} has no price")
    for position, item in enumerate(quote.cover, start=1):
        if item.limit is not None and item.limit.minor <= 0:
            raise UnprintableSheet(f"cover item {position} of {quote.quote_id} covers nothing")


def _persons(persons: tuple[InsuredPerson, ...]) -> tuple[PersonLine, ...]:
    return tuple(
        PersonLine(
            position=str(position),
            name=plain_text(person.name),
            born=day_text(person.date_of_birth) if person.date_of_birth else "Not stated",
        )
        for position, person in enumerate(persons, start=1)
    )


def _cover_line(item: CoverItem) -> CoverLine:
    return CoverLine(
        name=plain_text(item.name),
        note=plain_text(item.note or ""),
        limit=money_text(item.limit) if item.limit else UNLIMITED,
        is_limited=item.limit is not None,
    )


def _premium(quote: Quote) -> tuple[PremiumLine, ...]:
    if quote.tax is None:
        return (PremiumLine(name="Premium", amount=money_text(quote.price)),)
    return (
        PremiumLine(name="Net premium", amount=money_text(_net(quote.price, quote.tax.amount))),
        PremiumLine(name=plain_text(quote.tax.name), amount=money_text(quote.tax.amount)),
    )


def _net(price: Money, tax: Money) -> Money:
    return price - tax


def _tax_note(quote: Quote) -> str:
    if quote.tax is None:
        return "No tax is shown separately for this premium."
    return f"The total includes {plain_text(quote.tax.name)}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _qr_code(url: str) -> str:
    code = segno.make(url, error="m", micro=False, mask=2)
    return str(code.svg_data_uri(border=0, dark="#14213d", omitsize=True))
