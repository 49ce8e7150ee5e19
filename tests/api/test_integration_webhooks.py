"""What an integration's own account tells: taken at its own address, for its own purchases."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from sqlmodel import col, update

from connections import connect_database
from domain.events import EventOutcome, provider_of
from gateways.keyring import Keyring
from gateways.keyring_vault import KeyringVault
from persistence.rows.purchases import PurchaseRow
from tests.api.conftest import door_over
from tests.api.door import SECRET, Door, Json, code_of, event, event_about, signature_of

OWN_SECRET = "whsec_of_the_integration"
NOBODY = "65b8b799-fe5e-4ff9-b57f-549bd7fb96e9"


async def connected(http: AsyncClient, **credentials: str) -> str:
    """A Stripe integration; gives its id."""
    body = {
        "connection_code": "stripe",
        "name": "EU",
        "credentials": {"api_key": "sk_test_listening00000000001234", **credentials},
    }
    answer = await http.post("/integrations", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["integration_id"])


async def listening(door: Door) -> str:
    return await connected(door.http, webhook_secret=OWN_SECRET)


def address_of(integration_id: str, connection_code: str = "stripe") -> str:
    return f"/webhooks/{connection_code}/{integration_id}"


async def bought(door: Door, integration_id: str | None) -> str:
    """A purchase whose money the integration takes, and which is paid there."""
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id)
    await bind(door, purchase_id, integration_id)
    return purchase_id


async def bind(
    door: Door, purchase_id: str, integration_id: str | None, route: Json | None = None
) -> None:
    bound = (
        update(PurchaseRow)
        .where(col(PurchaseRow.purchase_id) == purchase_id)
        .values(integration_id=integration_id, **({"route": route} if route else {}))
    )
    database = connect_database(door.settings)
    async with database.transaction() as session:
        await session.exec(bound)
    await database.close()


async def told(door: Door, integration_id: str, body: bytes) -> None:
    signature = signature_of(body, secret=OWN_SECRET)
    answer = await door.send_webhook(body, signature, address_of(integration_id))
    assert (answer.status_code, answer.json()) == (200, {"received": True})


async def test_an_integrations_account_completes_its_purchase(door: Door) -> None:
    integration_id = await listening(door)
    purchase_id = await bought(door, integration_id)
    event_id = f"evt_own_{purchase_id}"

    await told(door, integration_id, event("checkout.session.completed", purchase_id, event_id))

    await door.until(purchase_id, "payment_status", "completed")
    stored = await door.stored(event_id)
    assert stored.provider == provider_of("stripe", integration_id)
    assert (stored.outcome, stored.purchase_id) == (EventOutcome.HANDED_OVER, purchase_id)
    again = await door.http.post(f"/webhook-events/{stored.event_id}/replay")
    assert (again.status_code, again.json()["outcome"]) == (202, "handed_over")


async def test_an_account_that_a_purchase_has_left_is_still_heard(door: Door) -> None:
    integration_id = await listening(door)
    purchase_id = await bought(door, NOBODY)
    at = datetime.now(UTC).isoformat()
    left: Json = {"name": "north", "integration_id": integration_id, "why": "declined", "at": at}
    route: Json = {
        "integration_id": NOBODY,
        "because": "backup of north",
        "decided_at": at,
        "passed_over": [{**left, "session_id": "cs_left"}],
    }
    await bind(door, purchase_id, NOBODY, route)
    event_id = f"evt_left_{purchase_id}"

    await told(door, integration_id, event("checkout.session.expired", purchase_id, event_id))

    stored = await door.stored(event_id)
    assert (stored.outcome, stored.purchase_id) == (EventOutcome.HANDED_OVER, purchase_id)


async def test_an_account_says_nothing_about_anothers_purchases(door: Door) -> None:
    integration_id = await listening(door)
    of_environment, of_another = await bought(door, None), await bought(door, NOBODY)
    for number, purchase_id in zip("01", (of_environment, of_another), strict=True):
        body = event("checkout.session.completed", purchase_id, f"evt_foreign_{number}")
        await told(door, integration_id, body)
    await door.tell("checkout.session.completed", of_another, "evt_foreign_environment")

    for number in ("0", "1", "environment"):
        stored = await door.stored(f"evt_foreign_{number}")
        assert (stored.outcome, stored.purchase_id) == (EventOutcome.FOREIGN, None)
    for purchase_id in (of_environment, of_another):
        assert (await door.seen(purchase_id)).payment_status == "pending"


async def test_an_account_says_nothing_about_anothers_payments_and_refunds(door: Door) -> None:
    integration_id = await listening(door)
    purchase_id = await door.paid()
    payment_id = (await door.seen(purchase_id)).provider_payment_id
    asked = await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
    refund_id = asked.json()["refund_id"]
    ids: Json = {"refund_id": refund_id, "purchase_id": purchase_id}
    refund: Json = {"id": "re_1", "object": "refund", "payment_intent": payment_id}

    for event_id, metadata in (("evt_their_refund", ids), ("evt_their_finding", {})):
        subject: Json = {**refund, "metadata": metadata}
        await told(door, integration_id, event_about(subject, "refund.created", event_id))
        assert (await door.stored(event_id)).outcome is EventOutcome.FOREIGN


async def test_one_accounts_events_never_stand_for_anothers(door: Door) -> None:
    integration_id = await listening(door)
    purchase_id = await bought(door, None)
    body = event("checkout.session.completed", purchase_id, f"evt_same_{purchase_id}")
    await told(door, integration_id, body)  # before the account that it belongs to says it

    assert (await door.deliver(body)).status_code == 200

    await door.until(purchase_id, "payment_status", "completed")


async def test_an_accounts_event_is_found_by_the_providers_id_alone(
    door: Door, neighbour: AsyncClient
) -> None:
    theirs = await connected(neighbour, webhook_secret=OWN_SECRET)
    await told(door, theirs, event("invoice.paid", "A-77", "evt_found_alone"))

    for who in (neighbour, door.http):  # its tenant, and those who run the installation
        found = await who.get("/webhook-events/evt_found_alone")
        assert found.status_code == 200, found.text
        assert found.json()["provider"] == provider_of("stripe", theirs)
    replayed = await neighbour.post("/webhook-events/evt_found_alone/replay")
    assert (replayed.status_code, replayed.json()["outcome"]) == (202, "unknown_type")


async def test_an_id_that_several_accounts_gave_is_answered_with_the_candidates(
    door: Door, neighbour: AsyncClient
) -> None:
    own, theirs = await listening(door), await connected(neighbour, webhook_secret=OWN_SECRET)
    body = event("invoice.paid", "A-77", "evt_of_several")
    for account in (own, theirs):
        await told(door, account, body)
    await door.deliver(body)

    refused = await door.http.get("/webhook-events/evt_of_several")

    assert code_of(refused) == (409, "event_ambiguous")
    ids = re.findall(r"evt_[a-z0-9]{22}", refused.json()["detail"])
    assert len(ids) == 3
    one = (await door.http.get(f"/webhook-events/{ids[0]}")).json()
    assert (one["event_id"], one["provider"]) == (ids[0], provider_of("stripe", own))
    ambiguous = await door.http.post("/webhook-events/evt_of_several/replay")
    assert code_of(ambiguous) == (409, "event_ambiguous")
    seen = (await neighbour.get("/webhook-events/evt_of_several")).json()
    assert seen["provider"] == provider_of("stripe", theirs)


async def test_what_names_no_purchase_is_seen_by_the_accounts_tenant_alone(
    door: Door, neighbour: AsyncClient
) -> None:
    theirs = await connected(neighbour, webhook_secret=OWN_SECRET)
    await told(door, theirs, event("invoice.paid", "A-77", "evt_of_a_neighbours_account"))

    (seen,) = [
        each
        for each in (await neighbour.get("/webhook-events")).json()["items"]
        if each["provider_event_id"] == "evt_of_a_neighbours_account"
    ]
    assert seen["outcome"] == "unknown_type"
    other = await connected(neighbour)
    assert other not in seen["provider"]


async def test_an_address_without_an_account_behind_it_is_none(door: Door) -> None:
    silent, deleted = await connected(door.http), await listening(door)
    assert (await door.http.delete(f"/integrations/{deleted}")).status_code == 204
    there = await listening(door)
    mail = {"api_key": "SG.tests", "from_email": "desk@broker.example"}
    sendgrid = await door.http.post(
        "/integrations",
        json={"connection_code": "sendgrid", "name": "Mail", "credentials": mail},
    )
    bare = await door.http.post("/integrations", json={"connection_code": "stripe", "name": "New"})
    addresses = (
        address_of(NOBODY),
        address_of(bare.json()["integration_id"]),
        address_of(silent),
        address_of(deleted),
        address_of(there, "justifi"),
        address_of(there, "sendgrid"),
        address_of(sendgrid.json()["integration_id"], "sendgrid"),
    )
    body = event("checkout.session.completed", "pur_aaaaaaaaaaaaaaaaaaaaaa")
    for address in addresses:
        answer = await door.send_webhook(body, signature_of(body, secret=OWN_SECRET), address)
        assert code_of(answer) == (404, "webhook_not_configured")


@pytest.mark.parametrize("malformed", ["not-an-id", "%00", f"{NOBODY}%00", f"{NOBODY}/more"])
async def test_what_is_no_integration_is_no_address(door: Door, malformed: str) -> None:
    answer = await door.send_webhook(b"{}", None, address_of(malformed))
    assert answer.status_code in {400, 404, 405}


async def test_only_the_accounts_own_secret_proves_its_events(door: Door) -> None:
    integration_id = await listening(door)
    body = event("checkout.session.completed", "pur_aaaaaaaaaaaaaaaaaaaaaa")
    answer = await door.send_webhook(
        body, signature_of(body, secret=SECRET), address_of(integration_id)
    )
    assert code_of(answer) == (400, "invalid_signature")


async def test_what_an_account_sends_is_limited_and_otherwise_read_as_it_is(door: Door) -> None:
    integration_id = await listening(door)
    too_large = b"x" * (door.settings.max_body_bytes + 1)
    refused = await door.send_webhook(too_large, "t=1,v1=0", address_of(integration_id))
    assert code_of(refused) == (413, "payload_too_large")

    subject: Json = {"id": "4242424242424242", "object": "invoice"}  # ids may look like cards
    await told(door, integration_id, event_about(subject, "invoice.paid", "evt_numbers"))
    assert (await door.stored("evt_numbers")).outcome is EventOutcome.UNKNOWN_TYPE


async def test_a_lost_encryption_key_makes_the_provider_come_again(door: Door) -> None:
    integration_id = await listening(door)
    services = door.app.state.services
    other_key = KeyringVault(Keyring.parse(Keyring.generate("other")))
    deaf = replace(services.webhooks.listening, vault=other_key)
    webhooks = replace(services.webhooks, listening=deaf)
    body = event("checkout.session.completed", "pur_aaaaaaaaaaaaaaaaaaaaaa")
    headers = {"stripe-signature": signature_of(body, secret=OWN_SECRET)}
    async with door_over(door, replace(services, webhooks=webhooks)) as http:
        answer = await http.post(address_of(integration_id), content=body, headers=headers)
    assert code_of(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "600"


async def test_an_integrations_id_becomes_no_label_of_a_figure(door: Door) -> None:
    integration_id = await listening(door)
    await told(door, integration_id, event("invoice.paid", "A-77", "evt_label"))
    figures = (await door.http.get("/metrics")).text
    assert integration_id not in figures
    assert 'route="/webhooks/{connection_code}/{integration_id:uuid}"' in figures
