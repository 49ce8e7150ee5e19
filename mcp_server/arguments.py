"""What tools accept: each argument with its meaning, its limits and an example."""

from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, JsonValue, StringConstraints

from domain.connections import CapabilityCode as RegisteredCapabilityCode
from domain.free_text import many_lines, one_line
from domain.money import CurrencyCode
from domain.quotes import QuoteId as RegisteredQuoteId
from domain.refunds import RefundReason

_ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
_MANY_LINES = r"^[^\x00]*$"

PaymentId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_]{4,255}$"),
    Field(
        description="The payment_intent_id that initiate_purchase answered (`pur_…`). The payment "
        "provider's own `pi_…` or `cs_…` id works too.",
        examples=["pur_k3q5z7w2m4n6p8r9s2t4v6x7y2"],
    ),
]
QuoteId = Annotated[
    RegisteredQuoteId,
    Field(
        description="Id of a quote that the quoting system has registered.",
        examples=["quote_travel_7days"],
    ),
]
UserId = Annotated[
    str,
    StringConstraints(pattern=_ONE_LINE, strip_whitespace=True, max_length=128),
    Field(description="Your own id of the customer.", examples=["user_alice"]),
]
Amount = Annotated[
    int,
    Field(
        strict=True,
        gt=0,
        le=10**12,
        description="The quote's total price as a whole number of minor units (cents): "
        "15000 is SGD 150.00; JPY has none, so 15000 is JPY 15,000. It must be the quote's own.",
        examples=[15000],
    ),
]
RefundAmount = Annotated[
    int,
    Field(
        strict=True,
        gt=0,
        le=10**12,
        description="How much to give back, as a whole number of minor units in the purchase's "
        "currency. Leave it out to refund all that is left.",
        examples=[5000],
    ),
]
Currency = Annotated[
    CurrencyCode,
    Field(description="ISO 4217 code of the quote's currency.", examples=["SGD"]),
]
ProductName = Annotated[
    str,
    StringConstraints(pattern=_ONE_LINE, strip_whitespace=True, max_length=200),
    Field(
        description="What is bought, as you told the customer. Checkout and policy show the "
        "quote's own name.",
        examples=["Premium Travel Insurance - 7 Days Asia"],
    ),
]
Email = Annotated[
    EmailStr,
    Field(description="The customer's e-mail address.", examples=["alice@example.com"]),
]
CustomerName = Annotated[
    str,
    StringConstraints(pattern=_ONE_LINE, strip_whitespace=True, max_length=200),
    AfterValidator(one_line),
    Field(description="How the e-mail greets the customer.", examples=["Alice"]),
]
CancelReason = Annotated[
    str,
    StringConstraints(pattern=_MANY_LINES, max_length=500),
    AfterValidator(many_lines),
    Field(description="Why, in a few words.", examples=["Customer changed their mind"]),
]
Notes = Annotated[
    str,
    StringConstraints(pattern=_MANY_LINES, max_length=1000),
    AfterValidator(many_lines),
    Field(
        description="Anything to remember with the saved quote.",
        examples=["Wants to discuss it with her spouse"],
    ),
]
PolicyId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$"),
    Field(description="Your id of the policy that was chosen, kept with the notes."),
]
Reason = Annotated[
    RefundReason,
    Field(description="Why the money goes back.", examples=["requested_by_customer"]),
]
IntegrationId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$"),
    Field(
        description="The integration_id that list_integrations answered.",
        examples=["5f0c9c1e-7d0b-4a58-9f0e-2f1f8f3f2b11"],
    ),
]
CapabilityCode = Annotated[
    RegisteredCapabilityCode,
    Field(description="One that list_capabilities answered.", examples=["RETRIEVE_BALANCE"]),
]
Parameters = Annotated[
    dict[str, JsonValue],
    Field(
        description="As the capability's parameters_schema has them; amounts in minor units.",
        examples=[{"amount": 15000, "currency": "SGD", "customer_id": "user_alice"}],
    ),
]
Cursor = Annotated[
    str,
    StringConstraints(max_length=500),
    Field(description="next_cursor of the answer before, for the next page."),
]
