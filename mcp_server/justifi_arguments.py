"""What the tools of JustiFi accept, in JustiFi's own words."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, EmailStr, Field, JsonValue, StringConstraints

from domain.identifiers import without_our_names
from domain.model import Model

_WORDS = StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", strip_whitespace=True, max_length=200)
Words = Annotated[str, _WORDS]


def _id(prefix: str) -> StringConstraints:
    return StringConstraints(pattern=rf"^{prefix}_[A-Za-z0-9_-]{{1,100}}$")


PaymentId = Annotated[
    str, _id("py"), Field(description="JustiFi's id of the payment.", examples=["py_4kT1xq"])
]
AnyPaymentId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,255}$"),
    Field(
        description="The payment_intent_id of a purchase (`pur_…`, or its provider's `pi_…`, "
        "`cs_…`, `py_…`), or JustiFi's id (`py_…`) of a payment that create_payment made.",
        examples=["py_4kT1xq"],
    ),
]
MethodId = Annotated[
    str, _id("pm"), Field(description="JustiFi's id of the payment method.", examples=["pm_3nQ7z"])
]
PayoutId = Annotated[
    str, _id("po"), Field(description="JustiFi's id of the payout.", examples=["po_6hW2b"])
]
GroupId = Annotated[
    str, _id("pmg"), Field(description="JustiFi's payment method group.", examples=["pmg_9sL4d"])
]
SubAccountId = Annotated[
    str,
    _id("acc"),
    Field(
        description="The sub account that is meant, unless it is the one configured.",
        examples=["acc_5xYzQ"],
    ),
]
CustomerId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$"),
    Field(
        description="JustiFi keeps no customers any more. A payment method group (`pmg_…`) takes "
        "the method in; any other id is noted in its metadata.",
        examples=["pmg_9sL4d", "cust_abc"],
    ),
]
FilteredCustomerId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$"),
    Field(
        description="A payment method group (`pmg_…`) lists its methods. Any other id goes into "
        "JustiFi's deprecated filter, which finds nothing that is newer than itself.",
        examples=["pmg_9sL4d"],
    ),
]
PageSize = Annotated[
    int, Field(strict=True, ge=1, le=100, description="How many, 25 unless given.", examples=[25])
]
After = Annotated[
    str,
    StringConstraints(max_length=500),
    Field(description="end_cursor of the page before; not together with before_cursor."),
]
Before = Annotated[
    str,
    StringConstraints(max_length=500),
    Field(description="start_cursor of the page after; not together with after_cursor."),
]
Since = Annotated[AwareDatetime, Field(description="ISO 8601 with its offset.")]
Cents = Annotated[
    int,
    Field(strict=True, gt=50, lt=10**8, description="Whole cents, more than 50.", examples=[1500]),
]
RefundCents = Annotated[
    int,
    Field(
        strict=True, gt=0, lt=10**8, description="Whole cents or other minor units; left out: all."
    ),
]
UsdOrCad = Annotated[
    Literal["usd", "cad", "USD", "CAD"], Field(description="What JustiFi takes.", examples=["usd"])
]
Strategy = Annotated[
    Literal["automatic", "manual"],
    Field(description="manual: the card is authorised; capture_payment takes the money."),
]
Description = Annotated[Words, Field(description="What the payment is for, in a few words.")]
Metadata = Annotated[
    dict[str, JsonValue],
    AfterValidator(without_our_names),
    Field(
        description="Kept with it; Paybind's own names (purchase_id, refund_id …) are refused. "
        "With a test key, payment_test.scenario says how it ends.",
        examples=[{"payment_test": {"scenario": "insufficient_funds"}}],
    ),
]
IdempotencyKey = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]{1,100}$"),
    Field(
        description="Not needed: the server makes one. With one of your own, a call that repeats "
        "it is the same payment."
    ),
]
PaymentFilter = Annotated[
    Literal["succeeded", "failed", "pending", "authorized", "refunded", "disputed"],
    Field(description="Only payments of this status, in the words of JustiFi's filter."),
]
PayoutFilter = Annotated[
    Literal["pending", "scheduled", "in_transit", "paid", "failed", "canceled", "forwarded"],
    Field(
        description="Only payouts of this status; pending is scheduled and in_transit: the funds "
        "that are about to settle. Applied here, so that pages may hold fewer."
    ),
]
Email = Annotated[EmailStr, Field(description="The payer's e-mail address.")]


class Card(Model):
    """One of JustiFi's published test cards, such as 4242424242424242, with a test key alone."""

    name: Words
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{13,19}$")]
    month: Annotated[str, StringConstraints(pattern=r"^(0?[1-9]|1[0-2])$")]
    year: Annotated[str, StringConstraints(pattern=r"^(20)?[0-9]{2}$")]
    verification: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,4}$")] | None = None
    address_postal_code: Words
    address_line1: Words | None = None
    address_line2: Words | None = None
    address_city: Words | None = None
    address_state: Words | None = None
    address_country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None


class BankAccount(Model):
    """One of JustiFi's published test accounts, with a test key alone."""

    account_owner_name: Words
    routing_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
    account_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,17}$")]
    account_type: Literal["checking", "savings"]
    account_owner_type: Literal["individual", "company"]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    currency: Literal["usd", "cad"] = "usd"
    bank_name: Words | None = None
