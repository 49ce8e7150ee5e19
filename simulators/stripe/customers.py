"""Customers: create, retrieve, list."""

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import objects, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.forms import Metadata, Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class CreateCustomer(Params):
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict)


class ListCustomers(ListParams):
    email: Text | None = None


def create_customer(account: StripeAccount, call: Call[CreateCustomer]) -> Wire:
    params = call.params
    customer = account.customers.put(
        records.Customer(
            id=new_id("cus_", 14),
            created=account.now(),
            email=params.email,
            name=params.name,
            phone=params.phone,
            description=params.description,
            metadata=params.metadata,
        )
    )
    account.emit("customer.created", objects.customer(customer), call.origin)
    return objects.customer(customer)


def retrieve_customer(account: StripeAccount, call: Call[Params]) -> Wire:
    return objects.customer(account.find(account.customers, call.subject, "customer"))


def list_customers(account: StripeAccount, call: Call[ListCustomers]) -> Wire:
    fitting = (
        customer
        for customer in account.customers.newest_first()
        if call.params.email in (None, customer.email)
    )
    return page("/v1/customers", call.params, fitting, objects.customer)
