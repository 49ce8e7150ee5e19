"""Several accounts: what belongs to one key is unknown under another, and fails by itself."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import stripe
from pydantic import JsonValue

from .conftest import KEY, Receiver, Simulators, until

pytestmark = pytest.mark.slow

OTHER = "sk_test_of_another_shop"
NAMES = {KEY: "st_x", OTHER: "shop"}
GOOD_CARD = "4242424242424242"


def _customers(simulators: Simulators, key: str) -> list[str]:
    return [customer.id for customer in simulators.client_of(key).v1.customers.list().data]


def _entries(simulators: Simulators, kind: str) -> list[dict[str, JsonValue]]:
    entries = simulators.get("/_simulator/log")[kind]
    assert isinstance(entries, list)
    return [entry for entry in entries if isinstance(entry, dict)]


def test_what_belongs_to_one_account_is_not_found_under_the_key_of_another(
    simulators: Simulators,
) -> None:
    session = simulators.new_session(key=OTHER)
    intent = str(simulators.pay(session.id, card=GOOD_CARD)["payment_intent"])
    mine, other = simulators.client.v1, simulators.client_of(OTHER).v1

    for unknown in (
        lambda: mine.checkout.sessions.retrieve(session.id),
        lambda: mine.payment_intents.retrieve(intent),
        lambda: mine.refunds.create({"payment_intent": intent}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            unknown()
        assert missing.value.code == "resource_missing"

    assert mine.checkout.sessions.list().data == []
    assert mine.events.list().data == []
    assert other.payment_intents.retrieve(intent).status == "succeeded"
    assert other.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_restricted_key_has_an_account_of_its_own(simulators: Simulators) -> None:
    simulators.client.v1.customers.create({"email": "a@example.com"})

    assert _customers(simulators, KEY.replace("sk_", "rk_")) == []


def test_an_idempotency_key_means_something_else_to_each_account(simulators: Simulators) -> None:
    keyed: stripe.RequestOptions = {"idempotency_key": "pur_1:checkout:1"}

    for key, email in ((KEY, "a@example.com"), (OTHER, "b@example.com")):
        simulators.client_of(key).v1.customers.create({"email": email}, keyed)

    assert [len(_customers(simulators, key)) for key in NAMES] == [1, 1]


def test_a_hosted_page_and_its_challenge_are_found_for_every_account(
    simulators: Simulators,
) -> None:
    session = simulators.new_session(key=OTHER)

    assert httpx.get(str(session.url)).status_code == 200
    challenge = simulators.pay(session.id, card="4000002760003184")["challenge_url"]
    assert httpx.get(str(challenge)).status_code == 200
    httpx.post(str(challenge), data={"answer": "complete"})

    paid = simulators.client_of(OTHER).v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"


def test_the_machine_door_expires_and_settles_for_every_account(simulators: Simulators) -> None:
    expired, delayed = simulators.new_session(key=OTHER), simulators.new_session(key=OTHER)

    simulators.post("/_simulator/expire", session_id=expired.id)
    intent = simulators.pay(delayed.id, method="settles_later")["payment_intent"]
    settled = simulators.post("/_simulator/settle")

    assert settled == {"settled": [intent]}
    sessions = simulators.client_of(OTHER).v1.checkout.sessions
    assert sessions.retrieve(expired.id).status == "expired"
    assert sessions.retrieve(delayed.id).payment_status == "paid"


def test_the_machine_door_answers_a_challenge_for_every_account(simulators: Simulators) -> None:
    waiting = simulators.client_of(OTHER).v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "sgd",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "https://shop.test/back",
        }
    )

    answered = simulators.post(
        "/_simulator/authenticate", payment_intent=waiting.id, challenge="complete"
    )

    assert answered["status"] == "succeeded"
    again = httpx.post(
        f"{simulators.url}/_simulator/authenticate",
        json={"payment_intent": waiting.id, "challenge": "complete"},
    )
    assert again.status_code == 400


def test_each_account_tells_its_own_endpoints_and_the_configured_one_tells_the_configured_webhook(
    simulators: Simulators, receiver: Receiver
) -> None:
    endpoint = simulators.client_of(OTHER).v1.webhook_endpoints.create(
        {"url": receiver.url + "/other", "enabled_events": ["*"]}
    )

    simulators.client_of(OTHER).v1.customers.create({"email": "b@example.com"})
    simulators.client.v1.customers.create({"email": "a@example.com"})

    until(lambda: len(receiver.received) == 2)
    [told] = receiver.of("/other")
    signature = told.headers["Stripe-Signature"]
    event = stripe.Webhook.construct_event(told.body, signature, str(endpoint.secret))
    assert event.data.object["email"] == "b@example.com"
    assert receiver.types() == ["customer.created"]


def test_the_log_names_the_account_and_never_the_key(simulators: Simulators) -> None:
    for key in NAMES:
        simulators.client_of(key).v1.customers.create({"email": "a@example.com"})
    log = simulators.get("/_simulator/log")

    assert [entry["account"] for entry in _entries(simulators, "requests")] == ["st_x", "shop"]
    assert isinstance(accounts := log["event_accounts"], dict)
    assert [accounts[str(event["id"])] for event in _entries(simulators, "events")] == [
        "st_x",
        "shop",
    ]
    assert OTHER not in httpx.get(f"{simulators.url}/_simulator/log").text


def test_the_front_page_shows_the_sessions_of_all_accounts(simulators: Simulators) -> None:
    sessions = [simulators.new_session(key=key) for key in NAMES]

    page = httpx.get(simulators.url).text

    assert all(session.id in page for session in sessions)
    assert all(name in page for name in NAMES.values())


def test_a_reset_forgets_every_account(simulators: Simulators) -> None:
    for key in NAMES:
        simulators.new_session(key=key)

    simulators.post("/_simulator/reset")

    assert _entries(simulators, "events") == []
    for key in NAMES:
        assert simulators.client_of(key).v1.checkout.sessions.list().data == []


@pytest.mark.parametrize("key", ["sk_test_revoked", "rk_test_revoked_in_spring"])
def test_a_revoked_key_is_refused_as_expired(simulators: Simulators, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        simulators.client_of(key).v1.balance.retrieve()

    assert refused.value.http_status == 401
    assert refused.value.error is not None
    assert refused.value.error.code == "api_key_expired"
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "status"), [("unavailable", 503), ("rate_limit", 429), ("server_error", 500)]
)
def test_one_account_is_down_until_its_fault_is_removed_while_another_works(
    simulators: Simulators, kind: str, status: int
) -> None:
    down = simulators.post(
        "/_simulator/faults", target="stripe", kind=kind, times=10**9, match={"account": "shop"}
    )

    for _ in range(3):
        assert simulators.client.v1.customers.list().data == []
        with pytest.raises(stripe.StripeError) as failed:
            simulators.client_of(OTHER).v1.customers.list()
        assert failed.value.http_status == status
    httpx.delete(f"{simulators.url}/_simulator/faults/{down['id']}")

    assert _customers(simulators, OTHER) == []


def test_the_connections_of_one_account_are_cut_alone(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="cut_before", match={"account": "shop"})

    assert _customers(simulators, KEY) == []
    with pytest.raises(stripe.APIConnectionError):
        _customers(simulators, OTHER)


def test_the_answers_to_one_account_are_lost_alone_after_their_effect(
    simulators: Simulators,
) -> None:
    match: JsonValue = {"account": "shop"}
    simulators.script(target="stripe", kind="timeout_after_effect", match=match)

    simulators.client.v1.customers.create({"email": "a@example.com"})
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{simulators.url}/v1/customers",
            headers={"Authorization": f"Bearer {OTHER}"},
            timeout=0.3,
        )

    assert [len(_customers(simulators, key)) for key in NAMES] == [1, 1]


def test_the_webhooks_of_one_account_are_lost_alone(
    simulators: Simulators, receiver: Receiver
) -> None:
    simulators.client_of(OTHER).v1.webhook_endpoints.create(
        {"url": receiver.url + "/other", "enabled_events": ["*"]}
    )
    simulators.script(target="webhooks", kind="lose", times=10**9, match={"account": "st_x"})

    for key in NAMES:
        simulators.client_of(key).v1.customers.create({"email": "a@example.com"})

    until(lambda: len(receiver.of("/other")) == 1)
    assert receiver.types() == []


def test_a_mail_fault_has_no_account(simulators: Simulators) -> None:
    fault: JsonValue = {
        "target": "sendgrid",
        "kind": "unavailable",
        "match": {"account": "shop"},
    }

    assert httpx.post(f"{simulators.url}/_simulator/faults", json=fault).status_code == 422


def test_accounts_survive_the_death_of_the_process(
    start: Callable[..., Simulators], shared_receiver: Receiver, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "simulators.db"))
    first = start(*data)
    first.client_of(OTHER).v1.webhook_endpoints.create(
        {"url": shared_receiver.url + "/other", "enabled_events": ["*"]}
    )
    first.script(target="webhooks", kind="delay", seconds=3600)
    made = first.client_of(OTHER).v1.customers.create({"email": "a@example.com"}).id
    first.kill()

    second = start(*data)

    until(lambda: len(shared_receiver.of("/other")) == 1)
    assert [_customers(second, key) for key in NAMES] == [[], [made]]


def test_a_file_from_before_there_were_accounts_is_the_configured_account(
    start: Callable[..., Simulators], tmp_path: Path
) -> None:
    data = tmp_path / "simulators.db"
    written = b'{"id":"cus_1","created":1,"metadata":{},"email":"a@example.com"}'
    with closing(sqlite3.connect(data)) as database, database:
        database.execute(
            "CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,"
            " PRIMARY KEY (kind, id))"
        )
        database.execute("INSERT INTO records VALUES ('customer', 'cus_1', ?)", (written,))

    simulators = start("--data", str(data))

    assert [_customers(simulators, key) for key in NAMES] == [["cus_1"], []]
