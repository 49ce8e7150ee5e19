"""The balance and what moved it: transactions, made from the account's records, and payouts."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import balance_objects, records
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.errors import StripeError, missing
from simulators.stripe.forms import Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call
from simulators.stripe.payment_objects import failure_transaction_of, transaction_of


class ListTransactions(ListParams):
    type: Text | None = None
    source: Text | None = None
    currency: Text | None = None
    payout: Text | None = None


class ListPayouts(ListParams):
    status: Literal["pending", "paid", "failed", "canceled"] | None = None


def retrieve_balance(account: StripeAccount, _: Call[Params]) -> Wire:
    held: Counter[str] = Counter({"usd": 0})
    for transaction in transactions(account):
        held[transaction.currency] += transaction.amount
    return {
        "object": "balance",
        "available": [_money(amount, currency) for currency, amount in held.items()],
        "livemode": False,
        "pending": [_money(0, currency) for currency in held],
    }


def list_transactions(account: StripeAccount, call: Call[ListTransactions]) -> Wire:
    wanted = call.params
    paid_out = _paid_out_by(account, wanted.payout)
    fitting = (
        transaction
        for transaction in transactions(account)
        if wanted.type in (None, transaction.type)
        and wanted.source in (None, transaction.source)
        and wanted.currency in (None, transaction.currency)
        and (paid_out is None or transaction.id in paid_out)
    )
    newest_first = sorted(fitting, key=lambda transaction: -transaction.created)
    url = "/v1/balance_transactions"
    return page(url, wanted, newest_first, balance_objects.balance_transaction)


def retrieve_transaction(account: StripeAccount, call: Call[Params]) -> Wire:
    return balance_objects.balance_transaction(find_transaction(account, call.subject))


def find_transaction(account: StripeAccount, identifier: str) -> records.BalanceTransaction:
    found = (made for made in transactions(account) if made.id == identifier)
    transaction = next(found, None)
    if transaction is None:
        raise missing("balance transaction", identifier)
    return transaction


def retrieve_payout(account: StripeAccount, call: Call[Params]) -> Wire:
    return balance_objects.payout(account.find(account.payouts, call.subject, "payout"))


def list_payouts(account: StripeAccount, call: Call[ListPayouts]) -> Wire:
    """Every payout here has been paid."""
    fitting = account.payouts.newest_first() if call.params.status in (None, "paid") else ()
    return page("/v1/payouts", call.params, fitting, balance_objects.payout)


def retrieve_account(account: StripeAccount, _: Call[Params]) -> Wire:
    return balance_objects.account(account.identity)


def pay_out(account: StripeAccount, currency: str) -> records.Payout:
    """Everything in one currency that no earlier payout has taken."""
    taken = {identifier for payout in account.payouts for identifier in payout.transactions}
    left = [
        transaction
        for transaction in transactions(account)
        if transaction.currency == currency
        and transaction.type != "payout"
        and transaction.id not in taken
    ]
    amount = sum(transaction.amount for transaction in left)
    if amount <= 0:
        raise StripeError(
            f"There is nothing in {currency} to pay out.", code="balance_insufficient"
        )
    payout = account.payouts.put(
        records.Payout(
            id=new_id("po_1"),
            created=account.now(),
            amount=amount,
            currency=currency,
            transactions=[transaction.id for transaction in left],
        )
    )
    account.emit("payout.created", balance_objects.payout(payout), BY_ITSELF)
    account.emit("payout.paid", balance_objects.payout(payout), BY_ITSELF)
    return payout


def transactions(account: StripeAccount) -> Iterator[records.BalanceTransaction]:
    """In this order those of one second are newest first."""
    yield from map(_of_payout, account.payouts.newest_first())
    for refund in account.refunds.newest_first():
        yield from _of_refund(refund)
    for charge in account.charges.newest_first():
        if charge.status == "succeeded":
            yield _of_charge(account, charge)


def _of_payout(payout: records.Payout) -> records.BalanceTransaction:
    return records.BalanceTransaction(
        id=transaction_of(payout.id),
        created=payout.created,
        amount=-payout.amount,
        currency=payout.currency,
        type="payout",
        source=payout.id,
        description="STRIPE PAYOUT",
    )


def _of_charge(account: StripeAccount, charge: records.Charge) -> records.BalanceTransaction:
    method = account.methods.get(charge.payment_method)
    return records.BalanceTransaction(
        id=transaction_of(charge.id),
        created=charge.created,
        amount=charge.amount,
        currency=charge.currency,
        # Only a card's is called a charge.
        type="charge" if method and method.type == "card" else "payment",
        source=charge.id,
        description=charge.details.description,
    )


def _of_refund(refund: records.Refund) -> Iterator[records.BalanceTransaction]:
    """One that failed later has a second, by which the money comes back."""
    if refund.status == "failed":
        yield records.BalanceTransaction(
            id=failure_transaction_of(refund.id),
            created=refund.failed_at or refund.created,
            amount=refund.amount,
            currency=refund.currency,
            type="refund_failure",
            source=refund.id,
            description="REFUND FAILURE",
        )
    yield records.BalanceTransaction(
        id=transaction_of(refund.id),
        created=refund.created,
        amount=-refund.amount,
        currency=refund.currency,
        type="refund",
        source=refund.id,
        description="REFUND",
    )


def _paid_out_by(account: StripeAccount, payout_id: str | None) -> set[str] | None:
    if payout_id is None:
        return None
    payout = account.find(account.payouts, payout_id, "payout", "payout")
    return {*payout.transactions, transaction_of(payout.id)}


def _money(amount: int, currency: str) -> Wire:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
