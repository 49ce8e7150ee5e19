"""Every kind of answer and event passes a strict check against the SDK's own annotations."""

import importlib.util
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import cast
from urllib.parse import urlencode

import httpx
import pytest
import stripe
from stripe.params import (
    BalanceTransactionListParams,
    CustomerUpdateParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
)

from tests.conformance.stripe_contract import (
    is_known,
    problems_in_event,
    problems_in_request,
    problems_in_response,
)

from .conftest import HOUSE, Json, Receiver, Simulators, until

pytestmark = pytest.mark.slow

CHECKER = HOUSE.parent / "shared" / "conformance" / "stripe_wire.py"
CARDS = ("4242424242424242", "4000000000000002", "4000000000000259", "4000002760003184")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wire() -> ModuleType:
    if not CHECKER.exists():
        pytest.skip("the shared wire checker is not on this machine")
    return _load(CHECKER)


def _everything(simulators: Simulators) -> None:
    for card in CARDS:
        simulators.pay(simulators.new_session().id, card=card)
    for method in ("settles_later", "fails_later"):
        simulators.pay(simulators.new_session().id, method=method)
    simulators.pay(simulators.new_session(5_000, "jpy").id, card=CARDS[3], challenge="complete")
    simulators.pay(simulators.new_session(5_000, "eur").id, method="settles_later")
    _refunds(simulators)
    simulators.post("/_simulator/settle")
    _endings(simulators)
    _lists(simulators.client)
    _kept_cards(simulators.client)
    _payments_without_a_session(simulators.client)
    _balance(simulators)
    _refusals(simulators)


def _refunds(simulators: Simulators) -> None:
    refunds = simulators.client.v1.refunds
    for card in ("4242424242424242", "4000000000005126", "4000000000007726"):
        intent = simulators.paid_intent(card)
        made = refunds.create(
            {"payment_intent": intent, "amount": 500, "reason": "requested_by_customer"}
        )
        refunds.retrieve(made.id, {"expand": ["charge", "payment_intent"]})
    refunds.list({"limit": 2, "expand": ["data.payment_intent"]})


def _endings(simulators: Simulators) -> None:
    sessions = simulators.client.v1.checkout.sessions
    declined = simulators.new_session()
    simulators.pay(declined.id, card=CARDS[1])
    expanded = ["payment_intent.latest_charge", "payment_intent.payment_method", "line_items"]
    sessions.retrieve(declined.id, {"expand": expanded})
    sessions.expire(declined.id)
    paid = simulators.new_session()
    simulators.pay(paid.id, card=CARDS[0])
    sessions.retrieve(paid.id, {"expand": expanded})


def _kept_cards(client: stripe.StripeClient) -> None:
    customers, methods = client.v1.customers, client.v1.payment_methods
    card = "pm_card_visa"
    kept = customers.create(
        {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
    )
    other = methods.attach("pm_card_mastercard", {"customer": kept.id, "expand": ["customer"]})
    settings: CustomerUpdateParams = {
        "name": "Jenny",
        "metadata": {"a": "b"},
        "invoice_settings": {"default_payment_method": other.id},
        "expand": ["invoice_settings.default_payment_method"],
    }
    customers.update(kept.id, settings)
    methods.retrieve(other.id)
    methods.list({"customer": kept.id, "type": "card"})
    customers.payment_methods.list(kept.id, {"limit": 1})
    with pytest.raises(stripe.CardError):
        methods.attach("pm_card_visa_chargeDeclined", {"customer": kept.id})
    methods.detach(other.id)


def _payments_without_a_session(client: stripe.StripeClient) -> None:
    intents = client.v1.payment_intents
    wanted: PaymentIntentCreateParams = {"amount": 500, "currency": "sgd", "metadata": {"a": "b"}}
    now: PaymentIntentCreateParams = {**wanted, "confirm": True, "off_session": True}
    expanded = ["customer", "latest_charge", "payment_method"]
    customer = client.v1.customers.create({"payment_method": "pm_card_visa"}).id
    [card] = client.v1.payment_methods.list({"customer": customer}).data
    paid = intents.create(
        {**now, "customer": customer, "payment_method": card.id, "expand": expanded}
    )
    client.v1.refunds.create({"payment_intent": paid.id})
    for declining in (
        "pm_card_visa_chargeDeclined",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "pm_card_authenticationRequired",
    ):
        with pytest.raises(stripe.CardError):
            intents.create({**now, "payment_method": declining})
    waiting = intents.create({**wanted, "payment_method": "pm_card_authenticationRequired"})
    with pytest.raises(stripe.InvalidRequestError):
        intents.confirm(waiting.id)
    returning: PaymentIntentConfirmParams = {"return_url": "https://shop.test/back"}
    with pytest.raises(stripe.CardError):
        intents.confirm(waiting.id, {**returning, "error_on_requires_action": True})
    intents.confirm(waiting.id, {**returning, "payment_method": "pm_card_authenticationRequired"})
    intents.cancel(waiting.id, {"cancellation_reason": "abandoned"})


def _balance(simulators: Simulators) -> None:
    v1 = simulators.client.v1
    payout = str(simulators.post("/_simulator/payouts", currency="sgd")["payout"])
    expanded = {"payout": payout, "created": {"gte": 1}, "expand": ["data.source"]}
    made = v1.balance_transactions.list(cast(BalanceTransactionListParams, expanded))
    v1.balance_transactions.retrieve(made.data[0].id)
    v1.charges.list({"expand": ["data.balance_transaction"]})
    v1.payouts.list({"status": "paid", "expand": ["data.balance_transaction"]})
    v1.payouts.retrieve(payout)
    v1.balance.retrieve()
    v1.accounts.retrieve_current()


def _lists(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@example.com", "metadata": {"a": "b"}})
    client.v1.customers.retrieve(customer.id)
    client.v1.customers.list({"email": "a@example.com"})
    client.v1.checkout.sessions.list({"created": {"gte": 1}, "status": "open"})
    intents = client.v1.payment_intents.list({"expand": ["data.latest_charge"]})
    client.v1.payment_intents.retrieve(intents.data[0].id)
    charges = client.v1.charges.list({"payment_intent": intents.data[0].id})
    client.v1.charges.retrieve(charges.data[0].id, {"expand": ["refunds"]})
    client.v1.payment_methods.retrieve(str(charges.data[0].payment_method))
    client.v1.disputes.list()
    client.v1.balance.retrieve()
    event = client.v1.events.list({"limit": 3}).data[0]
    client.v1.events.retrieve(event.id)
    endpoint = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/none", "enabled_events": ["customer.created"]}
    )
    client.v1.webhook_endpoints.retrieve(endpoint.id)
    client.v1.webhook_endpoints.list()
    client.v1.webhook_endpoints.delete(endpoint.id)


def _refusals(simulators: Simulators) -> None:
    for key in ("Bearer sk_test_x", "Bearer sk_live_x"):
        for body in ({"mode": "nothing"}, {"colour": "red"}):
            httpx.post(
                f"{simulators.url}/v1/checkout/sessions",
                content=urlencode(body),
                headers={"Authorization": key, "Content-Type": "application/x-www-form-urlencoded"},
            )
    for kind in ("rate_limit", "unavailable", "server_error"):
        simulators.script(target="stripe", kind=kind)
        with pytest.raises(stripe.StripeError):
            simulators.client.v1.balance.retrieve()


def _entries(simulators: Simulators) -> list[Json]:
    requests = simulators.get("/_simulator/log")["requests"]
    assert isinstance(requests, list)
    return [entry for entry in requests if isinstance(entry, dict)]


def test_what_the_sdk_has_words_for_conforms_to_the_sdk(
    simulators: Simulators, receiver: Receiver
) -> None:
    _everything(simulators)
    events = simulators.get("/_simulator/log")["events"]
    assert isinstance(events, list)
    until(lambda: len(receiver.of("/stripe")) == len(events))

    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in _entries(simulators):
        asked = (str(entry["method"]), str(entry["path"]))
        if not is_known(*asked):
            continue
        status = cast(int, entry["status"])
        where = f"{' '.join(asked)} {status}"
        found[where].update(problems_in_response(*asked, status, entry["answer"]))
        if status == 200:
            sent = (str(entry["form"]), str(entry["query"]))
            found[f"request {where}"].update(problems_in_request(*asked, *sent))
    for webhook in receiver.of("/stripe"):
        found[str(webhook.json["type"])].update(problems_in_event(webhook.json))

    assert {where: problems for where, problems in found.items() if problems} == {}
    assert {"/v1/balance_transactions", "/v1/account", "/v1/payouts"} <= {
        where.split()[1] for where in found if where.startswith("GET")
    }


def test_every_request_answer_and_event_conforms(
    simulators: Simulators, receiver: Receiver, wire: ModuleType
) -> None:
    spec = wire.Spec(str(CHECKER.parent / "stripe_schema.json"), strict_response=True)
    _everything(simulators)
    events = simulators.get("/_simulator/log")["events"]
    assert isinstance(events, list)
    until(lambda: len(receiver.of("/stripe")) == len(events))

    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in _entries(simulators):
        where = f"{entry['method']} {entry['path']} {entry['status']}"
        asked = (str(entry["method"]), str(entry["path"]))
        if spec.op(*asked) is None:
            continue
        found[where].update(spec.response(*asked, entry["status"], entry["answer"]))
        if entry["status"] == 200:
            found[f"request {where}"].update(spec.request(*asked, entry["form"], entry["query"]))
    for webhook in receiver.of("/stripe"):
        found[str(webhook.json["type"])].update(spec.event(webhook.json))

    assert {where: problems for where, problems in found.items() if problems} == {}
    assert len(receiver.types()) > 50
