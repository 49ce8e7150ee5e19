"""Webhooks: signed for every try, repeated until taken, owed over a restart, faulty on demand."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import stripe
from pydantic import JsonValue

from .conftest import SECRET, Receiver, Simulators, until

pytestmark = pytest.mark.slow


def _expire_one(simulators: Simulators) -> str:
    session = simulators.new_session()
    simulators.client.v1.checkout.sessions.expire(session.id)
    return session.id


def _tried(simulators: Simulators) -> list[JsonValue]:
    """The statuses that the tries of all webhooks were answered."""
    deliveries = simulators.get("/_simulator/log")["deliveries"]
    assert isinstance(deliveries, list)
    return [entry["status"] for entry in deliveries if isinstance(entry, dict)]


def _verified(receiver: Receiver) -> list[stripe.Event]:
    return [
        stripe.Webhook.construct_event(webhook.body, webhook.headers["Stripe-Signature"], SECRET)
        for webhook in receiver.of("/stripe")
    ]


def test_a_webhook_that_is_not_taken_comes_again_with_a_signature_of_its_own(
    simulators: Simulators, receiver: Receiver
) -> None:
    receiver.answers += [503, 400]

    _expire_one(simulators)

    until(lambda: len(receiver.received) == 3)
    assert len({event.id for event in _verified(receiver)}) == 1
    until(lambda: _tried(simulators) == [503, 400, 200])


def test_an_event_can_be_asked_for_and_says_whether_it_is_still_owed(
    simulators: Simulators, receiver: Receiver
) -> None:
    _expire_one(simulators)
    receiver.wait_for("checkout.session.expired")
    events = simulators.client.v1.events

    listed = events.list({"types": ["checkout.session.expired"]}).data[0]

    until(lambda: events.retrieve(listed.id).pending_webhooks == 0)
    assert listed.request is not None
    assert str(listed.request.id).startswith("req_")


def test_an_endpoint_made_by_the_api_gets_what_it_asked_for_under_its_own_secret(
    simulators: Simulators, receiver: Receiver
) -> None:
    endpoints = simulators.client.v1.webhook_endpoints
    endpoint = endpoints.create(
        {"url": receiver.url + "/mine", "enabled_events": ["checkout.session.expired"]}
    )

    _expire_one(simulators)
    until(lambda: len(receiver.of("/mine")) == 1)
    endpoints.delete(endpoint.id)
    _expire_one(simulators)

    until(lambda: len(receiver.of("/stripe")) == 2)
    [webhook] = receiver.of("/mine")
    signature = webhook.headers["Stripe-Signature"]
    stripe.Webhook.construct_event(webhook.body, signature, str(endpoint.secret))


def test_what_is_owed_survives_the_death_of_the_process(
    start: Callable[..., Simulators], shared_receiver: Receiver, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "simulators.db"))
    first = start(*data)
    first.script(target="webhooks", kind="delay", seconds=3600)
    session_id = _expire_one(first)
    key = first.sendgrid_public_key
    first.kill()
    assert shared_receiver.received == []

    second = start(*data)

    shared_receiver.wait_for("checkout.session.expired")
    assert second.client.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert second.sendgrid_public_key == key


def test_idempotency_keys_and_time_survive_the_death_of_the_process(
    start: Callable[..., Simulators], shared_receiver: Receiver, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "simulators.db"))
    first = start(*data, "--settle-after", "0.3")
    keyed: stripe.RequestOptions = {"idempotency_key": "k"}
    customer = first.client.v1.customers.create({"email": "a@example.com"}, keyed)
    first.pay(first.new_session().id, method="settles_later")
    first.kill()

    second = start(*data)

    again = second.client.v1.customers.create({"email": "a@example.com"}, keyed)
    assert again.id == customer.id
    shared_receiver.wait_for("checkout.session.async_payment_succeeded")


def test_a_lost_webhook_never_comes(simulators: Simulators, receiver: Receiver) -> None:
    simulators.script(
        target="webhooks", kind="lose", match={"event_type": "checkout.session.completed"}
    )

    simulators.paid_intent()
    _expire_one(simulators)

    receiver.wait_for("payment_intent.succeeded", "checkout.session.expired")
    assert "checkout.session.completed" not in receiver.types()


def test_a_duplicated_webhook_comes_twice_as_one_event(
    simulators: Simulators, receiver: Receiver
) -> None:
    simulators.script(target="webhooks", kind="duplicate")

    _expire_one(simulators)

    until(lambda: len(receiver.received) == 2)
    assert len({event.id for event in _verified(receiver)}) == 1


def test_a_reordered_webhook_comes_after_a_later_one(
    simulators: Simulators, receiver: Receiver
) -> None:
    simulators.script(target="webhooks", kind="reorder", seconds=10)

    first, second = _expire_one(simulators), _expire_one(simulators)

    until(lambda: len(receiver.received) == 2)
    assert [event.data.object["id"] for event in _verified(receiver)] == [second, first]


def test_a_delayed_webhook_comes_later(simulators: Simulators, receiver: Receiver) -> None:
    simulators.script(target="webhooks", kind="delay", seconds=0.3)

    first, second = _expire_one(simulators), _expire_one(simulators)

    until(lambda: len(receiver.received) == 2)
    assert [event.data.object["id"] for event in _verified(receiver)] == [second, first]


def test_a_session_whose_time_is_over_expires_by_itself(
    start: Callable[..., Simulators], shared_receiver: Receiver, tmp_path: Path
) -> None:
    data = tmp_path / "simulators.db"
    first = start("--data", str(data))
    session = first.new_session()
    first.kill()
    with closing(sqlite3.connect(data)) as database, database:
        database.execute(
            "UPDATE records SET body = CAST(json_set(body, '$.expires_at', 1) AS BLOB)"
            " WHERE id = ?",
            (session.id,),
        )

    start("--data", str(data))

    shared_receiver.wait_for("checkout.session.expired")
