"""Sheets to print: the usual one, and what can be different about it."""

from datetime import UTC, date, datetime

from domain.money import Money
from domain.policies import PolicySheet
from domain.quotes import CoverItem, InsuredPerson, Period, Quote, Tax

NUMBER = "POL-2026-000123"
VERIFY_URL = f"https://insure.test/policies/{NUMBER}/verify"


def money(minor: int, currency: str = "SGD") -> Money:
    return Money(minor=minor, currency=currency)


def cover(name: str, limit: Money | None = None, note: str | None = None) -> CoverItem:
    return CoverItem(name=name, limit=limit, note=note)


def person(name: str) -> InsuredPerson:
    return InsuredPerson(name=name, date_of_birth=date(1988, 4, 12))


def sheet(**changes: object) -> PolicySheet:
    quote: dict[str, object] = {
        "quote_id": "Q-2026-0042",
        "tenant_id": "ten_1",
        "livemode": True,
        "product_name": "Traveller Plus",
        "insured_persons": (person("Tan Wei Ling"), InsuredPerson(name="Arjun Ramasamy")),
        "cover": (
            cover("Medical expenses abroad", money(50_000_000), "Hospital, surgery, dental care"),
            cover("Evacuation and repatriation"),
            cover("Trip cancellation", money(1_000_000)),
            cover("Baggage", money(500_000)),
        ),
        "period": Period(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 14)),
        "price": money(15_000),
        "tax": Tax(name="GST 9 %", amount=money(1_239)),
        "customer_email": "weiling@example.com",
        "customer_name": "Tan Wei Ling",
        "valid_until": datetime(2026, 12, 1, tzinfo=UTC),
        "created_at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return PolicySheet(
        number=NUMBER,
        issued_on=date(2026, 11, 20),
        purchase_id="pur_abcdefghijklmnopqrstuv",
        quote=Quote.model_validate(quote | changes),
        verify_url=VERIFY_URL,
    )
