"""PaymentIntents that the API makes itself, to be paid with a payment method at hand."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import records
from simulators.stripe.account import Origin, StripeAccount
from simulators.stripe.attempts import intent_wire
from simulators.stripe.confirmation import (
    Confirmation,
    confirm,
    find_payable,
    refuse_unless_confirmable,
)
from simulators.stripe.currencies import check_amount, check_currency
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import Boolean, Integer, Metadata, Nested, Params, Text, Texts
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call

TOO_LITTLE = "Amount must be at least {least} {currency}"
OffSession = Boolean | Literal["one_off", "recurring"]


class AutomaticMethods(Nested):
    enabled: Boolean
    allow_redirects: Literal["always", "never"] = "always"


class CreateIntent(Params):
    amount: Annotated[Integer, Field(ge=1)]
    currency: Text
    customer: Text | None = None
    payment_method: Text | None = None
    confirm: Boolean = False
    off_session: OffSession | None = None
    error_on_requires_action: Boolean | None = None
    return_url: Text | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    allowed_payment_method_types: Texts | None = None
    setup_future_usage: records.FutureUsage | None = None
    capture_method: Literal["automatic", "automatic_async"] | None = None
    metadata: Metadata = Field(default_factory=dict)
    description: Text | None = None
    receipt_email: Text | None = None
    statement_descriptor: Text | None = None
    statement_descriptor_suffix: Text | None = None


class ConfirmIntent(Params):
    payment_method: Text | None = None
    off_session: OffSession | None = None
    error_on_requires_action: Boolean | None = None
    return_url: Text | None = None


class CancelIntent(Params):
    cancellation_reason: (
        Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"] | None
    ) = None


class ListIntents(ListParams):
    customer: Text | None = None


def create_intent(account: StripeAccount, call: Call[CreateIntent]) -> Wire:
    params = call.params
    _check(account, params)
    intent = _new_intent(account, params)
    method = find_payable(account, intent, params.payment_method)
    if method is None and params.confirm:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    if method is not None:
        account.methods.put(method)
        intent = replace(intent, payment_method=method.id, status="requires_confirmation")
    account.intents.put(intent)
    account.emit("payment_intent.created", intent_wire(account, intent), call.origin)
    if params.confirm:
        intent = confirm(account, intent, method, _confirmation(params, call.origin))
    return intent_wire(account, intent)


def confirm_intent(account: StripeAccount, call: Call[ConfirmIntent]) -> Wire:
    intent = account.find(account.intents, call.subject, "payment_intent")
    refuse_unless_confirmable(account, intent)
    method = find_payable(account, intent, call.params.payment_method or intent.payment_method)
    if method is not None:
        account.methods.put(method)
    intent = confirm(account, intent, method, _confirmation(call.params, call.origin))
    return intent_wire(account, intent)


def retrieve_intent(account: StripeAccount, call: Call[Params]) -> Wire:
    return intent_wire(account, account.find(account.intents, call.subject, "payment_intent"))


def list_intents(account: StripeAccount, call: Call[ListIntents]) -> Wire:
    fitting = (
        intent
        for intent in account.intents.newest_first()
        if call.params.customer in (None, intent.customer)
    )
    return page(
        "/v1/payment_intents", call.params, fitting, lambda intent: intent_wire(account, intent)
    )


def cancel_intent(account: StripeAccount, call: Call[CancelIntent]) -> Wire:
    intent = account.find(account.intents, call.subject, "payment_intent")
    if intent.session is not None:
        raise StripeError(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. "
            "Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    if intent.status in ("succeeded", "canceled"):
        raise StripeError(
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}.",
            code="payment_intent_unexpected_state",
            details={"payment_intent": intent_wire(account, intent)},
        )
    intent = account.intents.put(
        replace(
            intent,
            status="canceled",
            canceled_at=account.now(),
            cancellation_reason=call.params.cancellation_reason,
        )
    )
    account.emit("payment_intent.canceled", intent_wire(account, intent), call.origin)
    return intent_wire(account, intent)


def _check(account: StripeAccount, params: CreateIntent) -> None:
    currency = check_currency(params.currency.lower(), "currency")
    check_amount(params.amount, currency, TOO_LITTLE, "amount")
    if params.customer:
        account.find(account.customers, params.customer, "customer", "customer")
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if getattr(params, name) and not params.confirm:
            message = f"The parameter `{name}` can only be used with `confirm=true`."
            raise StripeError(message, param=name)
    if "card" not in (params.allowed_payment_method_types or ("card",)):
        raise StripeError("No valid payment method types for this Payment Intent.")


def _new_intent(account: StripeAccount, params: CreateIntent) -> records.PaymentIntent:
    identifier = new_id("pi_3")
    return records.PaymentIntent(
        id=identifier,
        created=account.now(),
        amount=params.amount,
        currency=params.currency.lower(),
        details=records.IntentDetails(
            metadata=params.metadata,
            description=params.description,
            receipt_email=params.receipt_email,
            statement_descriptor=params.statement_descriptor,
            statement_descriptor_suffix=params.statement_descriptor_suffix,
            setup_future_usage=params.setup_future_usage,
        ),
        payment_method_types=["card"],
        customer=params.customer,
        client_secret=new_id(f"{identifier}_secret_"),
        redirects=_redirects(params),
    )


def _redirects(params: CreateIntent) -> Literal["always", "never"] | None:
    """Automatic payment methods are on unless something else was asked for."""
    asked = params.automatic_payment_methods
    if asked is not None:
        return asked.allow_redirects if asked.enabled else None
    return "always" if params.allowed_payment_method_types is None else None


def _confirmation(params: CreateIntent | ConfirmIntent, origin: Origin) -> Confirmation:
    return Confirmation(
        off_session=bool(params.off_session),
        refuses_action=bool(params.error_on_requires_action),
        returns=params.return_url is not None,
        origin=origin,
    )
