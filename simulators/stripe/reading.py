"""Read-only operations: charges and disputes."""

from simulators.stripe import payment_objects
from simulators.stripe.account import StripeAccount
from simulators.stripe.attempts import charge_wire
from simulators.stripe.forms import Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class ListCharges(ListParams):
    payment_intent: Text | None = None
    customer: Text | None = None


class ListDisputes(ListParams):
    payment_intent: Text | None = None
    charge: Text | None = None


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
