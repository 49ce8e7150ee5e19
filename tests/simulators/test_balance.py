"""What moved the balance, and what of it was paid out."""

import time
from typing import cast

import httpx
import pytest
import stripe
from stripe.params import BalanceTransactionListParams

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow

OTHER = "sk_test_of_another_shop"


def _held(simulators: Simulators, currency: str = "sgd") -> int:
    available = simulators.client.v1.balance.retrieve().available
    return sum(money.amount for money in available if money.currency == currency)


def _moves(simulators: Simulators, **wanted: str) -> list[tuple[str, int]]:
    asked = cast(BalanceTransactionListParams, wanted)
    listed = simulators.client.v1.balance_transactions.list(asked)
    return [(move.type, move.amount) for move in listed.data]


def _pay_out(simulators: Simulators) -> str:
    return str(simulators.post("/_simulator/payouts", currency="sgd")["payout"])


def test_charges_and_refunds_move_the_balance_newest_first(simulators: Simulators) -> None:
    intent = simulators.paid_intent()
    simulators.client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    simulators.pay(simulators.new_session().id, card="4000000000000002")

    assert _moves(simulators) == [("refund", -500), ("charge", 12_500)]
    assert _moves(simulators, type="refund") == [("refund", -500)]
    assert _held(simulators) == 12_000


def test_a_charge_and_a_refund_name_their_transaction(simulators: Simulators) -> None:
    v1, intent = simulators.client.v1, simulators.paid_intent()
    refund = v1.refunds.create({"payment_intent": intent})
    [charge] = v1.charges.list({"expand": ["data.balance_transaction"]}).data

    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert charge.balance_transaction.source == charge.id
    made = v1.balance_transactions.retrieve(str(refund.balance_transaction))
    assert (made.type, made.amount, made.source) == ("refund", -12_500, refund.id)
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        v1.balance_transactions.retrieve("txn_unknown")
    assert unknown.value.http_status == 404


def test_a_failed_refund_comes_back(simulators: Simulators) -> None:
    intent = simulators.paid_intent("4000000000005126")
    simulators.client.v1.refunds.create({"payment_intent": intent})

    simulators.post("/_simulator/settle")

    assert _moves(simulators) == [
        ("refund_failure", 12_500),
        ("refund", -12_500),
        ("charge", 12_500),
    ]
    assert _held(simulators) == 12_500


def test_a_bank_debit_counts_once_it_has_settled(simulators: Simulators) -> None:
    simulators.pay(simulators.new_session().id, method="settles_later")
    assert _moves(simulators) == []

    simulators.post("/_simulator/settle")

    assert _moves(simulators) == [("payment", 12_500)]


def test_transactions_are_paged_and_asked_for_by_their_time(simulators: Simulators) -> None:
    for _ in range(3):
        simulators.paid_intent()
    transactions = simulators.client.v1.balance_transactions

    first = transactions.list({"limit": 2})
    rest = transactions.list({"limit": 2, "starting_after": first.data[-1].id})

    assert ([len(page.data) for page in (first, rest)], first.has_more) == ([2, 1], True)
    assert rest.data[0].id not in {made.id for made in first.data}
    now = int(time.time())
    assert len(transactions.list({"created": {"gte": now - 60}}).data) == 3
    assert transactions.list({"created": {"gte": now + 60}}).data == []


def test_a_payout_takes_what_is_there_and_lists_what_it_took(
    simulators: Simulators, receiver: Receiver
) -> None:
    intent = simulators.paid_intent()
    simulators.client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    first = _pay_out(simulators)
    simulators.paid_intent()

    second = _pay_out(simulators)

    payouts = simulators.client.v1.payouts
    assert [(one.id, one.amount) for one in payouts.list().data] == [
        (second, 12_500),
        (first, 12_000),
    ]
    assert (payouts.retrieve(first).status, payouts.list({"status": "failed"}).data) == ("paid", [])
    assert _moves(simulators, payout=first) == [
        ("payout", -12_000),
        ("refund", -500),
        ("charge", 12_500),
    ]
    assert _held(simulators) == 0
    receiver.wait_for("payout.created", "payout.paid")


def test_nothing_is_paid_out_where_nothing_is_left(simulators: Simulators) -> None:
    simulators.paid_intent()
    _pay_out(simulators)

    answer = httpx.post(f"{simulators.url}/_simulator/payouts", json={"currency": "sgd"})

    assert answer.status_code == 400


def test_a_payout_can_be_made_for_another_account(simulators: Simulators) -> None:
    simulators.pay(simulators.new_session(key=OTHER).id, card="4242424242424242")

    made = simulators.post("/_simulator/payouts", currency="sgd", account="shop")
    unknown = httpx.post(
        f"{simulators.url}/_simulator/payouts", json={"currency": "sgd", "account": "none"}
    )

    assert (made["amount"], made["account"], unknown.status_code) == (12_500, "shop", 404)
    assert simulators.client.v1.payouts.list().data == []
    assert len(simulators.client_of(OTHER).v1.payouts.list().data) == 1


def test_each_key_is_told_which_account_it_opens(simulators: Simulators) -> None:
    mine, other = (
        client.v1.accounts.retrieve_current()
        for client in (simulators.client, simulators.client_of(OTHER))
    )

    assert mine.id.startswith("acct_")
    assert mine.id != other.id
    assert mine.charges_enabled
    assert other.business_profile is not None
    assert other.business_profile.name == "Simulated shop shop"
