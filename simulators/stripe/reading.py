"""Read-only operations: payment intents, charges, disputes, the balance."""

from collections import Counter

from simulators.stripe import payment_objects
from simulators.stripe.account import StripeAccount
from simulators.stripe.attempts import charge_wire
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class ListIntents(ListParams):
    customer: Text | None = None


class ListCharges(ListParams):
    payment_intent: Text | None = None
    customer: Text | None = None


class ListDisputes(ListParams):
    payment_intent: Text | None = None
    charge: Text | None = None


class CancelIntent(Params):
    cancellation_reason: Text | None = None


def retrieve_intent(account: StripeAccount, call: Call[Params]) -> Wire:
    intent = account.find(account.intents, call.subject, "payment_intent")
    return payment_objects.payment_intent(intent, account.options.public_url)


def list_intents(account: StripeAccount, call: Call[ListIntents]) -> Wire:
    fitting = (
        intent
        for intent in account.intents.newest_first()
        if call.params.customer in (None, intent.customer)
    )
    url = account.options.public_url
    return page(
        "/v1/payment_intents",
        call.params,
        fitting,
        lambda intent: payment_objects.payment_intent(intent, url),
    )


def cancel_intent(account: StripeAccount, call: Call[CancelIntent]) -> Wire:
    """Every PaymentIntent here belongs to a Checkout Session, whose end ends it."""
    account.find(account.intents, call.subject, "payment_intent")
    raise StripeError(
        "You cannot cancel this PaymentIntent because it was created by a Checkout Session. "
        "Expire the Checkout Session instead.",
        code="payment_intent_unexpected_state",
    )


def retrieve_charge(account: StripeAccount, call: Call[Params]) -> Wire:
    return charge_wire(account, account.find(account.charges, call.subject, "charge"))


def list_charges(account: StripeAccount, call: Call[ListCharges]) -> Wire:
    wanted = call.params
    fitting = (
        charge
        for charge in account.charges.newest_first()
        if wanted.payment_intent in (None, charge.payment_intent)
        and wanted.customer in (None, charge.customer)
    )
    return page("/v1/charges", wanted, fitting, lambda charge: charge_wire(account, charge))


def list_disputes(account: StripeAccount, call: Call[ListDisputes]) -> Wire:
    wanted = call.params
    fitting = (
        dispute
        for dispute in account.disputes.newest_first()
        if wanted.payment_intent in (None, dispute.payment_intent)
        and wanted.charge in (None, dispute.charge)
    )
    return page("/v1/disputes", wanted, fitting, payment_objects.dispute)


def retrieve_balance(account: StripeAccount, _: Call[Params]) -> Wire:
    held: Counter[str] = Counter({"usd": 0})
    for charge in account.charges:
        if charge.status == "succeeded":
            held[charge.currency] += charge.amount - charge.amount_refunded
    return {
        "object": "balance",
        "available": [_money(amount, currency) for currency, amount in held.items()],
        "livemode": False,
        "pending": [_money(0, currency) for currency in held],
    }


def _money(amount: int, currency: str) -> Wire:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
