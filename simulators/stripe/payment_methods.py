"""Payment methods: retrieve, list, attach to a customer, detach; Stripe's test ones by name."""

from dataclasses import replace
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import payment_objects, records
from simulators.stripe.account import Origin, StripeAccount
from simulators.stripe.cards import BY_NUMBER, TEST_METHODS, Card
from simulators.stripe.errors import StripeError, declined
from simulators.stripe.forms import Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class ListMethods(ListParams):
    customer: Text | None = None
    type: Literal["card", "sepa_debit", "us_bank_account"] | None = None


class ListOfCustomer(ListParams):
    type: Literal["card", "sepa_debit", "us_bank_account"] | None = None


class AttachMethod(Params):
    customer: Text


def retrieve_method(account: StripeAccount, call: Call[Params]) -> Wire:
    return payment_objects.payment_method(find_method(account, call.subject))


def list_methods(account: StripeAccount, call: Call[ListMethods]) -> Wire:
    wanted = call.params
    fitting = (
        method
        for method in account.methods.newest_first()
        if method.customer is not None
        and wanted.customer in (None, method.customer)
        and wanted.type in (None, method.type)
    )
    return page("/v1/payment_methods", wanted, fitting, payment_objects.payment_method)


def list_of_customer(account: StripeAccount, call: Call[ListOfCustomer]) -> Wire:
    customer = account.find(account.customers, call.subject, "customer")
    fitting = (
        method
        for method in account.methods.newest_first()
        if method.customer == customer.id and call.params.type in (None, method.type)
    )
    url = f"/v1/customers/{customer.id}/payment_methods"
    return page(url, call.params, fitting, payment_objects.payment_method)


def attach_method(account: StripeAccount, call: Call[AttachMethod]) -> Wire:
    customer = account.find(account.customers, call.params.customer, "customer", "customer")
    method = find_method(account, call.subject)
    if method.customer != customer.id:
        refuse_to_attach(account, method)
        method = keep_for(account, method, customer.id, call.origin)
    return payment_objects.payment_method(method)


def detach_method(account: StripeAccount, call: Call[Params]) -> Wire:
    method = find_method(account, call.subject)
    if method.customer is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    customer = account.customers.get(method.customer)
    if customer and customer.default_payment_method == method.id:
        account.customers.put(replace(customer, default_payment_method=None))
    wire = payment_objects.payment_method(account.methods.put(replace(method, customer=None)))
    before: Wire = {"customer": method.customer}
    account.emit("payment_method.detached", wire, call.origin, before)
    return wire


def find_method(
    account: StripeAccount, identifier: str, param: str = "id"
) -> records.PaymentMethod:
    """Each naming of a test payment method is a new card of that kind, kept once it is used."""
    number = TEST_METHODS.get(identifier)
    if number is not None:
        return new_card(account, BY_NUMBER[number])
    return account.find(account.methods, identifier, "PaymentMethod", param)


def new_card(account: StripeAccount, card: Card) -> records.PaymentMethod:
    return records.PaymentMethod(
        id=new_id("pm_1"),
        created=account.now(),
        type="card",
        last4=card.last4,
        number=card.number,
        brand=card.brand,
        exp_month=12,
        exp_year=2034,
    )


def refuse_to_attach(account: StripeAccount, method: records.PaymentMethod) -> None:
    if method.customer is not None:
        raise StripeError(
            "The payment method you provided has already been attached to a customer."
        )
    refuse_if_spent(account, method)
    card = BY_NUMBER.get(method.number)
    if card and card.refusal_to_attach:
        wire = payment_objects.payment_method(method)
        raise declined(card.refusal_to_attach, payment_method=wire)


def keep_for(
    account: StripeAccount, method: records.PaymentMethod, customer: str, origin: Origin
) -> records.PaymentMethod:
    method = account.methods.put(replace(method, customer=customer))
    account.emit("payment_method.attached", payment_objects.payment_method(method), origin)
    return method


def refuse_if_spent(account: StripeAccount, method: records.PaymentMethod) -> None:
    """One that no customer has pays once."""
    if method.customer is not None:
        return
    if any(charge.payment_method == method.id for charge in account.charges):
        raise StripeError(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again.",
            code="payment_method_unexpected_state",
        )
