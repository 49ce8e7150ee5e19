"""A quote is sold at its own price while it is valid."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.errors import Code, Conflict, Invalid
from domain.money import Money
from domain.quotes import CoverItem, InsuredPerson, Period, Quote, Tax

VALID_UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
PRICE = Money(minor=15000, currency="SGD")


def _quote(**changes: object) -> Quote:
    fields: dict[str, object] = {
        "quote_id": "quote-1",
        "tenant_id": "ten_1",
        "product_name": "  Travel Care ",
        "insured_persons": (InsuredPerson(name="Mei Tan"),),
        "cover": (CoverItem(name="Medical"),),
        "period": Period(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 1)),
        "price": PRICE,
        "customer_email": "mei.tan@example.com",
        "valid_until": VALID_UNTIL,
        "created_at": VALID_UNTIL - timedelta(days=30),
    }
    return Quote.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("email", "name"),
    [("mei.tan@example.com", "Tan Mei"), ("Mei.Tan@Example.com", "Tan Mei"), ("bob@x.test", None)],
)
def test_the_customer_is_known_by_name_at_their_own_address(email: str, name: str | None) -> None:
    quote = _quote(customer_name="Tan Mei", insured_persons=(InsuredPerson(name="A Child"),))
    assert quote.customer_at(email) == name
    assert _quote().customer_at(email) is None


def test_a_quote_is_open_until_the_moment_it_ends() -> None:
    quote = _quote()
    quote.require_open(VALID_UNTIL - timedelta(microseconds=1))
    with pytest.raises(Conflict) as refused:
        quote.require_open(VALID_UNTIL)
    assert refused.value.code is Code.QUOTE_EXPIRED


@pytest.mark.parametrize(("hours", "is_sold"), [(0, True), (11, True), (12, False)])
def test_a_quote_is_sold_until_its_last_day_is_over_everywhere(hours: int, is_sold: bool) -> None:
    """Midnight in London is noon of the same day at the far side of the date line."""
    quote = _quote(valid_until=VALID_UNTIL + timedelta(days=30))
    now = datetime(2026, 12, 2, tzinfo=UTC) + timedelta(hours=hours)
    assert (now < quote.payable_until) is is_sold
    if is_sold:
        quote.require_open(now)
        quote.require_sellable(now)
        return
    with pytest.raises(Conflict, match="ended on 2026-12-01") as unsold:
        quote.require_open(now)
    with pytest.raises(Invalid, match="ended on 2026-12-01") as unmade:
        quote.require_sellable(now)
    assert {unsold.value.code, unmade.value.code} == {Code.COVER_ENDED}


def test_a_cover_that_never_ends_is_paid_while_its_quote_is_valid() -> None:
    forever = Period(starts_on=date(2026, 12, 1), ends_on=date.max)
    assert _quote(period=forever).payable_until == VALID_UNTIL


def test_nobody_is_insured_before_they_are_born() -> None:
    now = datetime(2026, 11, 20, 9, 59, tzinfo=UTC)
    born = (InsuredPerson(name="Mei Tan", date_of_birth=date(2026, 11, 20)),)
    tomorrow = InsuredPerson(name="Sam Tan", date_of_birth=date(2026, 11, 21))
    _quote(insured_persons=born).require_sellable(now)
    with pytest.raises(Invalid, match=r"insured_persons\.1\.date_of_birth") as refused:
        _quote(insured_persons=(*born, tomorrow)).require_sellable(now)
    assert refused.value.code is Code.INVALID_REQUEST
    _quote(insured_persons=(tomorrow,)).require_sellable(now + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Money(minor=14999, currency="SGD"), Code.AMOUNT_MISMATCH),
        (Money(minor=15001, currency="SGD"), Code.AMOUNT_MISMATCH),
        (Money(minor=15000, currency="USD"), Code.CURRENCY_MISMATCH),
    ],
)
def test_any_other_price_is_refused(asked: Money, code: Code) -> None:
    _quote().require_price(PRICE)
    with pytest.raises(Invalid) as refused:
        _quote().require_price(asked)
    assert refused.value.code is code


@pytest.mark.parametrize(
    "changes",
    [
        {"quote_id": "quote 1"},
        {"quote_id": "q" * 65},
        {"customer_email": "mei.tan"},
        {"insured_persons": ()},
        {"cover": ()},
        {"product_name": "  "},
        {"colour": "blue"},
        {"tax": Tax(name="GST 9 %", amount=Money(minor=15001, currency="SGD"))},
        {"tax": Tax(name="GST 9 %", amount=Money(minor=-1, currency="SGD"))},
        {"tax": Tax(name="VAT", amount=Money(minor=1, currency="EUR"))},
        {"period": {"starts_on": "2026-12-02", "ends_on": "2026-12-01"}},
    ],
)
def test_a_quote_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _quote(**changes)


def test_a_quotes_tax_lies_within_its_price() -> None:
    tax = Tax(name="GST 9 %", amount=Money(minor=1239, currency="SGD"))
    assert _quote(tax=tax).tax == tax
    assert _quote().product_name == "Travel Care"
