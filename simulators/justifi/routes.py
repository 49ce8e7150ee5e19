"""Every operation of the JustiFi API that the simulator answers, by its address."""

from dataclasses import replace

from simulators.justifi import balance, checkouts, payment_methods, payments, payouts, refunds
from simulators.justifi.api import CHANGES, JustifiApi, Rules
from simulators.justifi.bodies import Params
from simulators.justifi.lists import ListQuery

MAKES = Rules(status=201, needs_key=True, needs_enabled=True)
MAKES_FOR_ONE = replace(MAKES, needs_sub_account=True)


def add_routes(api: JustifiApi) -> None:
    _add_payment_methods(api)
    _add_payments(api)
    _add_checkouts(api)
    _add_balance(api)
    api.serve("GET", "/refunds", ListQuery, refunds.list_refunds)
    api.serve("GET", "/refunds/{id}", Params, refunds.retrieve_refund)
    api.serve("PATCH", "/refunds/{id}", refunds.ChangeRefund, refunds.change_refund, CHANGES)
    api.refuse_the_rest()


def _add_payment_methods(api: JustifiApi) -> None:
    path, one = "/payment_methods", "/payment_methods/{token}"
    create, change = payment_methods.create_method, payment_methods.change_method
    api.serve("POST", path, payment_methods.CreateMethod, create, MAKES_FOR_ONE)
    api.serve("GET", path, payment_methods.ListMethods, payment_methods.list_methods)
    api.serve("GET", one, Params, payment_methods.retrieve_method)
    api.serve("PATCH", one, payment_methods.ChangeMethod, change, CHANGES)


def _add_payments(api: JustifiApi) -> None:
    path, one = "/payments", "/payments/{id}"
    capture = replace(MAKES, status_of_a_replay=200)
    api.serve("POST", path, payments.CreatePayment, payments.create_payment, MAKES_FOR_ONE)
    api.serve("GET", path, payments.ListPayments, payments.list_payments)
    api.serve("GET", one, Params, payments.retrieve_payment)
    api.serve("PATCH", one, payments.ChangePayment, payments.change_payment, CHANGES)
    api.serve("POST", one + "/capture", Params, payments.capture_payment, capture)
    api.serve("POST", one + "/void", Params, payments.void_payment, CHANGES)
    ledger = one + "/payment_balance_transactions"
    api.serve("GET", ledger, ListQuery, balance.list_of_payment)
    api.serve("POST", one + "/refunds", refunds.CreateRefund, refunds.create_refund, MAKES)


def _add_checkouts(api: JustifiApi) -> None:
    """An Idempotency-Key is honoured for a new checkout, though not asked for."""
    path, one = "/checkouts", "/checkouts/{id}"
    create = replace(MAKES_FOR_ONE, needs_key=False)
    complete, refund = checkouts.complete_checkout, checkouts.refund_checkout
    api.serve("POST", path, checkouts.CreateCheckout, checkouts.create_checkout, create)
    api.serve("GET", path, checkouts.ListCheckouts, checkouts.list_checkouts)
    api.serve("GET", one, Params, checkouts.retrieve_checkout)
    api.serve("PATCH", one, checkouts.ChangeCheckout, checkouts.change_checkout)
    api.serve("POST", one + "/complete", checkouts.CompleteCheckout, complete, MAKES)
    api.serve("POST", one + "/refunds", checkouts.RefundCheckout, refund, CHANGES)


def _add_balance(api: JustifiApi) -> None:
    """Payouts are never asked for: the clock makes them."""
    transactions, read = "/balance_transactions", balance.ListTransactions
    api.serve("GET", transactions, read, balance.list_transactions)
    api.serve("GET", transactions + "/{id}", Params, balance.retrieve_transaction)
    api.serve("GET", "/payouts", payouts.ListPayouts, payouts.list_payouts)
    api.serve("GET", "/payouts/{id}", Params, payouts.retrieve_payout)
    api.serve("PATCH", "/payouts/{id}", payouts.ChangePayout, payouts.change_payout, CHANGES)
    api.serve("GET", "/reports/payouts/{id}", Params, payouts.retrieve_report)
