"""Checkout Sessions through Stripe's own SDK."""

import time
from collections.abc import Callable

import httpx
import pytest
import stripe

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow

PAID_STORY = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


def test_a_new_session_is_open_unpaid_and_has_a_page(simulators: Simulators) -> None:
    session = simulators.new_session()

    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.payment_intent is None
    assert not session.livemode
    assert httpx.get(str(session.url)).status_code == 200


def test_a_good_card_pays_and_everybody_is_told(simulators: Simulators, receiver: Receiver) -> None:
    session = simulators.new_session()

    outcome = simulators.pay(session.id, card="4242424242424242")

    assert outcome["result"] == "paid"
    assert outcome["redirect_url"] == f"https://shop.test/thanks?session={session.id}"
    receiver.wait_for(*PAID_STORY)
    for webhook in receiver.of("/stripe"):
        signature = webhook.headers["Stripe-Signature"]
        stripe.Webhook.construct_event(webhook.body, signature, "whsec_for_these_tests")


def test_metadata_travels_to_the_intent_and_its_charge(simulators: Simulators) -> None:
    session = simulators.new_session()
    simulators.pay(session.id, card="4242424242424242")

    paid = simulators.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )

    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.metadata["purchase_id"] == "pur_1"
    assert intent.latest_charge.metadata["purchase_id"] == "pur_1"
    assert paid.line_items is not None
    assert paid.line_items.data[0].amount_total == 12_500


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000006975", "card_declined", "card_velocity_exceeded"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4242424242424241", "incorrect_number", "incorrect_number"),
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4539578763621486", "card_declined", "test_mode_live_card"),
    ],
)
def test_each_declining_card_has_its_code_and_leaves_the_session_open(
    simulators: Simulators, card: str, code: str, decline_code: str
) -> None:
    session = simulators.new_session()

    outcome = simulators.pay(session.id, card=card)

    assert (outcome["result"], outcome["session_status"]) == ("declined", "open")
    assert (outcome["code"], outcome["decline_code"]) == (code, decline_code)
    intent = simulators.client.v1.payment_intents.retrieve(str(outcome["payment_intent"]))
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == code


def test_a_declined_card_can_be_followed_by_a_good_one_on_the_same_intent(
    simulators: Simulators, receiver: Receiver
) -> None:
    session = simulators.new_session()
    declined = simulators.pay(session.id, card="4000000000000002")

    paid = simulators.pay(session.id, card="4242424242424242")

    assert paid["payment_intent"] == declined["payment_intent"]
    assert paid["code"] is None
    receiver.wait_for("charge.failed", "payment_intent.payment_failed", *PAID_STORY)


@pytest.mark.parametrize("card", ["4000002760003184", "4000002500003155"])
def test_a_challenge_completed_pays(simulators: Simulators, receiver: Receiver, card: str) -> None:
    session = simulators.new_session()

    waiting = simulators.pay(session.id, card=card)
    assert waiting["result"] == "requires_action"
    answer = httpx.post(str(waiting["challenge_url"]), data={"answer": "complete"})

    assert answer.headers["location"] == f"https://shop.test/thanks?session={session.id}"
    receiver.wait_for("payment_intent.requires_action", *PAID_STORY)


def test_a_challenge_failed_leaves_the_session_open(simulators: Simulators) -> None:
    session = simulators.new_session()

    outcome = simulators.pay(session.id, card="4000002760003184", challenge="fail")

    assert outcome["code"] == "payment_intent_authentication_failure"
    assert outcome["session_status"] == "open"


def test_a_card_can_be_declined_after_its_challenge(simulators: Simulators) -> None:
    session = simulators.new_session()

    outcome = simulators.pay(session.id, card="4000008400001629", challenge="complete")

    assert outcome["code"] == "card_declined"


@pytest.mark.parametrize(
    ("method", "event", "payment_status"),
    [
        ("settles_later", "checkout.session.async_payment_succeeded", "paid"),
        ("fails_later", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_a_delayed_method_completes_unpaid_and_ends_later(
    simulators: Simulators, receiver: Receiver, method: str, event: str, payment_status: str
) -> None:
    session = simulators.new_session()

    outcome = simulators.pay(session.id, method=method)
    assert (outcome["session_status"], outcome["payment_status"]) == ("complete", "unpaid")
    settled = simulators.post("/_simulator/settle")

    assert settled == {"settled": [outcome["payment_intent"]]}
    after = simulators.client.v1.checkout.sessions.retrieve(session.id)
    assert after.payment_status == payment_status
    receiver.wait_for("checkout.session.completed", event)


def test_a_delayed_method_ends_by_itself_when_its_time_has_come(
    start: Callable[..., Simulators], shared_receiver: Receiver
) -> None:
    simulators = start("--settle-after", "0.1")

    simulators.pay(simulators.new_session().id, method="settles_later")

    shared_receiver.wait_for("checkout.session.async_payment_succeeded")


def test_a_disputing_card_is_charged_and_then_disputed(
    simulators: Simulators, receiver: Receiver
) -> None:
    intent = simulators.paid_intent("4000000000000259")

    receiver.wait_for("checkout.session.completed", "charge.dispute.created")
    disputes = simulators.client.v1.disputes.list({"payment_intent": intent})
    assert disputes.data[0].status == "needs_response"


def test_an_expired_session_cannot_be_paid(simulators: Simulators, receiver: Receiver) -> None:
    session = simulators.new_session()

    expired = simulators.client.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    receiver.wait_for("checkout.session.expired")
    answer = httpx.post(
        f"{simulators.url}/_simulator/pay",
        json={"session_id": session.id, "card": "4242424242424242"},
    )
    assert answer.status_code == 400
    assert "has expired" in httpx.get(f"{simulators.url}/c/pay/{session.id}").text


def test_a_paid_session_cannot_be_expired(simulators: Simulators) -> None:
    session = simulators.new_session()
    simulators.pay(session.id, card="4242424242424242")

    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        simulators.client.v1.checkout.sessions.expire(session.id)


def test_a_declined_payment_is_cancelled_with_its_session(simulators: Simulators) -> None:
    session = simulators.new_session()
    declined = simulators.pay(session.id, card="4000000000000002")

    simulators.post("/_simulator/expire", session_id=session.id)

    intent = simulators.client.v1.payment_intents.retrieve(str(declined["payment_intent"]))
    assert intent.status == "canceled"


def test_the_intent_of_a_session_cannot_be_cancelled_alone(simulators: Simulators) -> None:
    session = simulators.new_session()
    declined = simulators.pay(session.id, card="4000000000000002")

    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        simulators.client.v1.payment_intents.cancel(str(declined["payment_intent"]))


def test_sessions_are_listed_newest_first_and_by_page(simulators: Simulators) -> None:
    made = [simulators.new_session().id for _ in range(3)]
    sessions = simulators.client.v1.checkout.sessions

    first = sessions.list({"limit": 2, "created": {"gte": int(time.time()) - 60}})
    rest = sessions.list({"limit": 2, "starting_after": first.data[-1].id})

    assert [session.id for session in first.data] == [made[2], made[1]]
    assert first.has_more
    assert [session.id for session in rest.data] == [made[0]]
    assert not rest.has_more


def test_a_session_is_found_by_its_payment_intent(simulators: Simulators) -> None:
    session = simulators.new_session()
    simulators.new_session()
    intent = str(simulators.pay(session.id, card="4242424242424242")["payment_intent"])

    found = simulators.client.v1.checkout.sessions.list({"payment_intent": intent})

    assert [match.id for match in found.data] == [session.id]
