"""Customers: create, update, retrieve, list; each may have payment methods and a default one."""

from dataclasses import replace

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import objects, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import (
    Erasable,
    Metadata,
    MetadataChange,
    Nested,
    Params,
    Text,
    merged,
)
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call
from simulators.stripe.payment_methods import find_method, keep_for, refuse_to_attach

DEFAULT = "invoice_settings[default_payment_method]"


class InvoiceSettings(Nested):
    default_payment_method: Text | None = None


class InvoiceSettingsChange(Nested):
    default_payment_method: Erasable | None = None


class CreateCustomer(Params):
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict)
    payment_method: Text | None = None
    invoice_settings: InvoiceSettings = InvoiceSettings()


class UpdateCustomer(Params):
    """An empty text takes the old one away."""

    email: Erasable | None = None
    name: Erasable | None = None
    phone: Erasable | None = None
    description: Erasable | None = None
    metadata: MetadataChange = Field(default_factory=dict)
    invoice_settings: InvoiceSettingsChange = InvoiceSettingsChange()


class ListCustomers(ListParams):
    email: Text | None = None


def create_customer(account: StripeAccount, call: Call[CreateCustomer]) -> Wire:
    params = call.params
    default = params.invoice_settings.default_payment_method
    if default not in (None, params.payment_method):
        raise _not_theirs(default)
    method = None
    if params.payment_method:
        method = find_method(account, params.payment_method, "payment_method")
        refuse_to_attach(account, method)
    customer = account.customers.put(
        records.Customer(
            id=new_id("cus_", 14),
            created=account.now(),
            email=params.email,
            name=params.name,
            phone=params.phone,
            description=params.description,
            metadata=params.metadata,
            default_payment_method=method.id if method and default else None,
        )
    )
    account.emit("customer.created", objects.customer(customer), call.origin)
    if method:
        keep_for(account, method, customer.id, call.origin)
    return objects.customer(customer)


def update_customer(account: StripeAccount, call: Call[UpdateCustomer]) -> Wire:
    params, customer = call.params, account.find(account.customers, call.subject, "customer")
    before = objects.customer(customer)
    default = params.invoice_settings.default_payment_method
    if default:
        _refuse_unless_theirs(account, customer, default)
    customer = account.customers.put(
        replace(
            customer,
            email=_changed(customer.email, params.email),
            name=_changed(customer.name, params.name),
            phone=_changed(customer.phone, params.phone),
            description=_changed(customer.description, params.description),
            metadata=merged(customer.metadata, params.metadata),
            default_payment_method=_changed(customer.default_payment_method, default),
        )
    )
    wire = objects.customer(customer)
    previous = {name: value for name, value in before.items() if wire[name] != value}
    account.emit("customer.updated", wire, call.origin, previous)
    return wire


def retrieve_customer(account: StripeAccount, call: Call[Params]) -> Wire:
    return objects.customer(account.find(account.customers, call.subject, "customer"))


def list_customers(account: StripeAccount, call: Call[ListCustomers]) -> Wire:
    fitting = (
        customer
        for customer in account.customers.newest_first()
        if call.params.email in (None, customer.email)
    )
    return page("/v1/customers", call.params, fitting, objects.customer)


def _changed(old: str | None, told: str | None) -> str | None:
    return old if told is None else told or None


def _refuse_unless_theirs(
    account: StripeAccount, customer: records.Customer, method_id: str
) -> None:
    method = account.methods.get(method_id)
    if method is None or method.customer != customer.id:
        raise _not_theirs(method_id)


def _not_theirs(method_id: str | None) -> StripeError:
    return StripeError(
        f"The customer does not have a payment method with the ID {method_id}. The payment "
        "method must be attached to the customer.",
        code="resource_missing",
        param=DEFAULT,
    )
