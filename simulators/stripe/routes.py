"""Every operation of the Stripe API that the simulator answers, by its address."""

from simulators.stripe import (
    balance,
    checkout,
    customers,
    events,
    intents,
    payment_methods,
    reading,
    refunds,
)
from simulators.stripe.api import StripeApi
from simulators.stripe.forms import Params
from simulators.stripe.lists import ListParams


def add_routes(api: StripeApi) -> None:
    sessions = "/v1/checkout/sessions"
    api.serve("POST", sessions, checkout.CreateSession, checkout.create_session)
    api.serve("GET", sessions, checkout.ListSessions, checkout.list_sessions)
    api.serve("GET", sessions + "/{id}", Params, checkout.retrieve_session)
    api.serve("POST", sessions + "/{id}/expire", Params, checkout.expire_session)

    _add_intents(api)
    api.serve("GET", "/v1/charges", reading.ListCharges, reading.list_charges)
    api.serve("GET", "/v1/charges/{id}", Params, reading.retrieve_charge)
    api.serve("GET", "/v1/disputes", reading.ListDisputes, reading.list_disputes)
    _add_balance(api)

    api.serve("POST", "/v1/refunds", refunds.CreateRefund, refunds.create_refund)
    api.serve("GET", "/v1/refunds", refunds.ListRefunds, refunds.list_refunds)
    api.serve("GET", "/v1/refunds/{id}", Params, refunds.retrieve_refund)

    api.serve("POST", "/v1/customers", customers.CreateCustomer, customers.create_customer)
    api.serve("GET", "/v1/customers", customers.ListCustomers, customers.list_customers)
    api.serve("GET", "/v1/customers/{id}", Params, customers.retrieve_customer)
    api.serve("POST", "/v1/customers/{id}", customers.UpdateCustomer, customers.update_customer)
    _add_payment_methods(api)

    api.serve("GET", "/v1/events", events.ListEvents, events.list_events)
    api.serve("GET", "/v1/events/{id}", Params, events.retrieve_event)

    endpoints = "/v1/webhook_endpoints"
    api.serve("POST", endpoints, events.CreateEndpoint, events.create_endpoint)
    api.serve("GET", endpoints, ListParams, events.list_endpoints)
    api.serve("GET", endpoints + "/{id}", Params, events.retrieve_endpoint)
    api.serve("DELETE", endpoints + "/{id}", Params, events.delete_endpoint)
    api.refuse_the_rest()


def _add_intents(api: StripeApi) -> None:
    path = "/v1/payment_intents"
    api.serve("POST", path, intents.CreateIntent, intents.create_intent)
    api.serve("GET", path, intents.ListIntents, intents.list_intents)
    api.serve("GET", path + "/{id}", Params, intents.retrieve_intent)
    api.serve("POST", path + "/{id}/confirm", intents.ConfirmIntent, intents.confirm_intent)
    api.serve("POST", path + "/{id}/cancel", intents.CancelIntent, intents.cancel_intent)


def _add_balance(api: StripeApi) -> None:
    """Read-only: what moves the balance are payments, refunds and the payouts of a machine door."""
    transactions, payouts = "/v1/balance_transactions", "/v1/payouts"
    api.serve("GET", "/v1/account", Params, balance.retrieve_account)
    api.serve("GET", "/v1/balance", Params, balance.retrieve_balance)
    api.serve("GET", transactions, balance.ListTransactions, balance.list_transactions)
    api.serve("GET", transactions + "/{id}", Params, balance.retrieve_transaction)
    api.serve("GET", payouts, balance.ListPayouts, balance.list_payouts)
    api.serve("GET", payouts + "/{id}", Params, balance.retrieve_payout)


def _add_payment_methods(api: StripeApi) -> None:
    methods = "/v1/payment_methods"
    api.serve("GET", methods, payment_methods.ListMethods, payment_methods.list_methods)
    api.serve("GET", methods + "/{id}", Params, payment_methods.retrieve_method)
    api.serve(
        "POST",
        methods + "/{id}/attach",
        payment_methods.AttachMethod,
        payment_methods.attach_method,
    )
    api.serve("POST", methods + "/{id}/detach", Params, payment_methods.detach_method)
    api.serve(
        "GET",
        "/v1/customers/{id}/payment_methods",
        payment_methods.ListOfCustomer,
        payment_methods.list_of_customer,
    )
