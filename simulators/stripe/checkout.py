"""Checkout Sessions: create, retrieve, list, expire; one that nobody pays ends by its time."""

import time
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import records
from simulators.stripe.account import BY_ITSELF, Origin, StripeAccount
from simulators.stripe.attempts import session_wire
from simulators.stripe.currencies import check_amount, check_currency
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import (
    Boolean,
    InIndexOrder,
    Integer,
    Metadata,
    Nested,
    Params,
    Text,
    Texts,
)
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call
from simulators.stripe.payment_objects import payment_intent

SHORTEST, LONGEST = 30 * 60, 24 * 3600
# A clock that is a little behind ours still asks for 30 minutes or 24 hours.
LENIENCY = 60
TOO_LITTLE = "The Checkout Session's total amount due must add up to at least {least} {currency}"


class ProductData(Nested):
    name: Text
    description: Text | None = None
    images: Texts = ()
    metadata: Metadata = Field(default_factory=dict)


class PriceData(Nested):
    currency: Text
    unit_amount: Annotated[Integer, Field(ge=0)]
    product_data: ProductData
    tax_behavior: Literal["exclusive", "inclusive", "unspecified"] | None = None


class LineItemParams(Nested):
    price_data: PriceData
    quantity: Annotated[Integer, Field(ge=1)] = 1
    metadata: Metadata = Field(default_factory=dict)


class IntentData(Nested):
    metadata: Metadata = Field(default_factory=dict)
    description: Text | None = None
    receipt_email: Text | None = None
    statement_descriptor: Text | None = None
    statement_descriptor_suffix: Text | None = None
    capture_method: Literal["automatic", "automatic_async"] | None = None
    setup_future_usage: records.FutureUsage | None = None


class CustomMessage(Nested):
    message: Text


class CustomText(Nested):
    submit: CustomMessage | None = None


class Enabled(Nested):
    enabled: Boolean


class CreateSession(Params):
    mode: Literal["payment"]
    line_items: Annotated[tuple[LineItemParams, ...], InIndexOrder]
    ui_mode: Literal["hosted_page"] = "hosted_page"
    success_url: Text | None = None
    cancel_url: Text | None = None
    metadata: Metadata = Field(default_factory=dict)
    payment_intent_data: IntentData = IntentData()
    client_reference_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    customer: Text | None = None
    customer_email: Text | None = None
    allowed_payment_method_types: Texts | None = None
    expires_at: Integer | None = None
    locale: Text | None = None
    submit_type: Literal["auto", "book", "donate", "pay"] | None = None
    billing_address_collection: Literal["auto", "required"] | None = None
    customer_creation: Literal["if_required"] | None = None
    custom_text: CustomText = CustomText()
    automatic_tax: Enabled | None = None
    adaptive_pricing: Enabled | None = None
    integration_identifier: Text | None = None


class ListSessions(ListParams):
    payment_intent: Text | None = None
    customer: Text | None = None
    status: Literal["complete", "expired", "open"] | None = None


def create_session(account: StripeAccount, call: Call[CreateSession]) -> Wire:
    params = call.params
    currency = _one_currency(params)
    _check_urls(params)
    if params.customer:
        account.find(account.customers, params.customer, "customer", "customer")
        if params.customer_email:
            raise StripeError("You may only specify one of customer or customer_email.")
    elif params.payment_intent_data.setup_future_usage:
        # Stripe would make a customer; here one has to be there already.
        raise StripeError("The simulator keeps cards for given customers.", param="customer")
    created = account.now()
    session = records.CheckoutSession(
        id=new_id("cs_test_a1", 56),
        created=created,
        expires_at=_end(params.expires_at, created),
        currency=currency,
        line_items=[_line_item(item) for item in params.line_items],
        intent_details=_intent_details(params.payment_intent_data),
        payment_method_types=_methods(params.allowed_payment_method_types, currency),
        allowed_payment_method_types=_listed(params.allowed_payment_method_types),
        submit_text=params.custom_text.submit.message if params.custom_text.submit else None,
        **params.model_dump(include=_COPIED),
    )
    check_amount(session.amount_total, currency, TOO_LITTLE)
    account.due.enter(session.expires_at, session.id)
    return session_wire(account, account.sessions.put(session))


_COPIED = {
    "metadata",
    "success_url",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "locale",
    "submit_type",
    "billing_address_collection",
}


def retrieve_session(account: StripeAccount, call: Call[Params]) -> Wire:
    return session_wire(account, find_session(account, call.subject))


def list_sessions(account: StripeAccount, call: Call[ListSessions]) -> Wire:
    wanted = call.params

    def fits(session: records.CheckoutSession) -> bool:
        return (
            wanted.payment_intent in (None, session.payment_intent)
            and wanted.customer in (None, session.customer)
            and wanted.status in (None, session.status)
        )

    return page(
        "/v1/checkout/sessions",
        wanted,
        filter(fits, account.sessions.newest_first()),
        lambda session: session_wire(account, session),
    )


def expire_session(account: StripeAccount, call: Call[Params]) -> Wire:
    session = find_session(account, call.subject)
    if session.status != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session.status}."
        )
    return session_wire(account, expire(account, session, call.origin))


def find_session(account: StripeAccount, identifier: str) -> records.CheckoutSession:
    """An open session whose time is over is expired by being looked at."""
    session = account.find(account.sessions, identifier, "checkout.session")
    if session.status == "open" and session.expires_at <= time.time():
        return expire(account, session, BY_ITSELF)
    return session


def expire(
    account: StripeAccount, session: records.CheckoutSession, origin: Origin
) -> records.CheckoutSession:
    expired = account.sessions.put(replace(session, status="expired"))
    intent = account.intents.get(session.payment_intent or "")
    if intent:
        canceled = replace(
            intent, status="canceled", canceled_at=account.now(), cancellation_reason="expired"
        )
        wire = payment_intent(account.intents.put(canceled), account.options.public_url)
        account.emit("payment_intent.canceled", wire, origin)
    account.emit("checkout.session.expired", session_wire(account, expired), origin)
    return expired


def _one_currency(params: CreateSession) -> str:
    if not params.line_items:
        raise StripeError("Missing required param: line_items.", param="line_items")
    currencies = {item.price_data.currency.lower() for item in params.line_items}
    if len(currencies) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    return check_currency(currencies.pop(), "line_items[0][price_data][currency]")


def _check_urls(params: CreateSession) -> None:
    for name, url in (("success_url", params.success_url), ("cancel_url", params.cancel_url)):
        if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc):
            message = "Not a valid URL. URLs must begin with http:// or https://"
            raise StripeError(message, code="url_invalid", param=name)


def _end(wanted: int | None, created: int) -> int:
    if wanted is None:
        return created + LONGEST
    if not SHORTEST - LENIENCY <= wanted - created <= LONGEST + LENIENCY:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from "
            "Checkout Session creation.",
            param="expires_at",
        )
    return wanted


def _methods(allowed: tuple[str, ...] | None, currency: str) -> list[str]:
    """The first is the card; the second, where allowed, a bank debit that settles later."""
    debit = "sepa_debit" if currency == "eur" else "us_bank_account"
    if allowed is None:
        return ["card", debit]
    known = [name for name in ("card", debit) if name in allowed]
    if "card" not in known:
        raise StripeError("No valid payment method types for this Checkout Session.")
    return known


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _line_item(item: LineItemParams) -> records.LineItem:
    product = item.price_data.product_data
    return records.LineItem(
        id=new_id("li_"),
        name=product.name,
        description=product.description,
        quantity=item.quantity,
        unit_amount=item.price_data.unit_amount,
        price=new_id("price_"),
        product=new_id("prod_", 14),
    )


def _intent_details(data: IntentData) -> records.IntentDetails:
    return records.IntentDetails(
        metadata=data.metadata,
        description=data.description,
        receipt_email=data.receipt_email,
        statement_descriptor=data.statement_descriptor,
        statement_descriptor_suffix=data.statement_descriptor_suffix,
        setup_future_usage=data.setup_future_usage,
    )
