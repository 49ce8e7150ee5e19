"""Balance transactions, read: of a sub account, of a payout, of a payment."""

from itertools import accumulate

from simulators.justifi import payout_objects
from simulators.justifi.bodies import Params
from simulators.justifi.errors import Wire
from simulators.justifi.lists import ListQuery, envelope, page
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.platform import JustifiPlatform


class ListTransactions(ListQuery):
    payout_id: str | None = None
    source_payment_id: str | None = None


def retrieve_transaction(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    transaction = found(platform, platform.transactions, call)
    data = payout_objects.balance_transaction(transaction)
    return envelope(transaction.id, "balance_transaction", data, None)


def list_transactions(platform: JustifiPlatform, call: Call[ListTransactions]) -> Wire:
    wanted = call.params
    fitting = (
        transaction
        for transaction in seen(platform, platform.transactions.newest_first(), call)
        if wanted.payout_id in (None, transaction.payout_id)
        and wanted.source_payment_id in (None, transaction.source_payment_id)
    )
    return page(wanted, fitting, payout_objects.balance_transaction)


def list_of_payment(platform: JustifiPlatform, call: Call[ListQuery]) -> Wire:
    payment = found(platform, platform.payments, call)
    oldest_first = [one for one in platform.transactions if one.source_payment_id == payment.id]
    balances = accumulate(one.net for one in oldest_first)
    left = {one.id: balance for one, balance in zip(oldest_first, balances, strict=True)}
    return page(
        call.params,
        reversed(oldest_first),
        lambda one: payout_objects.of_payment(one, left[one.id]),
    )
