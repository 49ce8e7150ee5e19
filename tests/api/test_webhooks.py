"""What providers send: taken once, whoever else it may concern, and never lost."""

import asyncio
import base64
import json
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from httpx import AsyncClient

from api.main import create_app
from connections import connect_temporal
from domain.emails import EmailStatus, EmailTemplate
from domain.events import EventOutcome
from domain.identifiers import new_id
from domain.policies import PolicyStatus
from domain.purchases import ReviewReason, workflow_id_of
from tests.api.conftest import client_of
from tests.api.door import Door, Json, code_of, event, event_about, signature_of


async def test_the_old_path_is_the_same_door(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id)
    body = event("checkout.session.completed", purchase_id)
    answer = await door.send_webhook(body, signature_of(body), "/webhook/stripe")
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    await door.until(purchase_id, "payment_status", "completed")


async def test_an_event_delivered_again_changes_nothing(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id)
    for _ in range(3):
        await door.tell("checkout.session.completed", purchase_id, f"evt_of_{purchase_id}")
    await door.until(purchase_id, "policy_status", "delivered")
    stored = await _events_of(door, purchase_id)
    assert [(each["deliveries"], each["outcome"]) for each in stored] == [(3, "handed_over")]
    run = (await connect_temporal(door.settings)).get_workflow_handle(workflow_id_of(purchase_id))
    told = [
        event
        for event in (await run.fetch_history()).events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert len(told) == 1


async def test_what_concerns_nobody_is_stored_all_the_same(door: Door) -> None:
    await door.tell("checkout.session.completed", "pur_aaaaaaaaaaaaaaaaaaaaaa", "evt_unmatched")
    await door.tell("invoice.paid", "pur_aaaaaaaaaaaaaaaaaaaaaa", "evt_unknown")
    listed = (await door.http.get("/webhook-events", params={"limit": 100})).json()["items"]
    outcomes = {each["provider_event_id"]: each["outcome"] for each in listed}
    assert outcomes["evt_unmatched"] == "unmatched"
    assert outcomes["evt_unknown"] == "unknown_type"


async def test_live_events_concern_no_test_installation(door: Door) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    subject = {"id": "cs_1", "object": "checkout.session", "metadata": {"purchase_id": purchase_id}}
    event_id = f"evt_live_{purchase_id}"
    live = event_about(subject, "checkout.session.completed", event_id, livemode=True)
    assert (await door.deliver(live)).status_code == 200
    stored = await door.stored(event_id)
    assert (stored.outcome, stored.livemode) == (EventOutcome.UNMATCHED, True)
    assert await _events_of(door, purchase_id) == []


@pytest.mark.parametrize("payment_id", [None, "pi_of_a_neighbour"])
async def test_an_event_of_another_system_on_the_account_is_let_go(
    door: Door, payment_id: str | None
) -> None:
    theirs = {"payment_intent": payment_id, "metadata": {"purchase_id": "A-77"}}
    subject = {"id": "cs_2", "object": "checkout.session", **theirs}
    event_id = f"evt_of_a_neighbour_{payment_id}"
    event = event_about(subject, "checkout.session.completed", event_id)
    assert (await door.deliver(event)).status_code == 200
    assert (await door.stored(event_id)).outcome is EventOutcome.UNMATCHED


async def test_an_event_is_read_and_replayed_by_operators(
    door: Door, neighbour: AsyncClient
) -> None:
    purchase_id = await door.paid()
    event_id = (await _events_of(door, purchase_id))[0]["event_id"]
    one = (await door.http.get(f"/webhook-events/{event_id}")).json()
    assert purchase_id in one["payload"]
    replayed = await door.http.post(f"/webhook-events/{event_id}/replay")
    assert replayed.json()["outcome"] == "handed_over"
    refused = await neighbour.get(f"/webhook-events/{event_id}")
    assert code_of(refused) == (404, "event_not_found")


async def test_an_event_is_found_by_the_providers_id_too_by_those_who_may_see_it(
    door: Door, neighbour: AsyncClient
) -> None:
    purchase_id = await door.paid()
    event = (await _events_of(door, purchase_id))[0]
    by_providers = f"/webhook-events/{event['provider_event_id']}"
    assert (await door.http.get(by_providers)).json()["event_id"] == event["event_id"]
    replayed = await door.http.post(f"{by_providers}/replay")
    assert (replayed.status_code, replayed.json()["event_id"]) == (202, event["event_id"])
    assert code_of(await neighbour.get(by_providers)) == (404, "event_not_found")


async def test_a_bounced_policy_is_not_delivered_and_asks_for_a_person(door: Door) -> None:
    purchase_id = await door.paid()
    await door.until(purchase_id, "policy_status", "delivered")
    (email,) = (await door.seen(purchase_id)).emails
    answer = await _sendgrid(door, [_mail_event("bounce", email.email_id)])
    assert answer == (200, {"received": True})
    await door.until(purchase_id, "needs_review", True)
    seen = await door.seen(purchase_id)
    assert [each.status for each in seen.emails] == [EmailStatus.BOUNCED]
    assert seen.policy_status is PolicyStatus.ISSUED
    assert [each.reason for each in seen.reviews] == [ReviewReason.EMAIL_NOT_DELIVERED]


async def test_a_bounced_refund_letter_leaves_the_policy_delivered(door: Door) -> None:
    purchase_id = await door.paid()
    await door.until(purchase_id, "policy_status", "delivered")
    await door.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 5_000})
    letter = await _accepted(door, purchase_id, EmailTemplate.REFUND_MADE)
    answer = await _sendgrid(door, [_mail_event("dropped", letter)])
    assert answer == (200, {"received": True})
    await door.until(purchase_id, "needs_review", True)
    seen = await door.seen(purchase_id)
    assert {each.email_id: each.status for each in seen.emails}[letter] is EmailStatus.DROPPED
    assert seen.policy_status is PolicyStatus.DELIVERED


async def test_the_mail_services_word_of_a_delivery_is_kept_with_the_message(door: Door) -> None:
    purchase_id = await door.paid()
    letter = await _accepted(door, purchase_id, EmailTemplate.PAYMENT_CONFIRMATION)
    for _ in range(2):
        assert await _sendgrid(door, [_mail_event("delivered", letter)]) == (
            200,
            {"received": True},
        )
    (email,) = (await door.seen(purchase_id)).emails
    assert email.status is EmailStatus.DELIVERED
    stored = await door.stored(f"delivered-{letter}")
    assert (stored.outcome, stored.deliveries) == (EventOutcome.HANDED_OVER, 2)
    assert (stored.purchase_id, stored.workflow_id) == (purchase_id, None)
    assert stored.handled_at is not None


async def test_mail_that_others_sent_with_the_same_key_is_let_go(door: Door) -> None:
    unknown = new_id("eml")
    events = [_mail_event("bounce", unknown), _mail_event("delivered", unknown)]
    assert await _sendgrid(door, events) == (200, {"received": True})
    for kind in ("bounce", "delivered"):
        assert (await door.stored(f"{kind}-{unknown}")).outcome is EventOutcome.UNMATCHED


async def test_a_mail_event_of_someone_else_is_refused(door: Door) -> None:
    stolen = ec.generate_private_key(ec.SECP256R1())
    status, problem = await _sendgrid(door, [_mail_event("delivered", "eml_x")], stolen)
    assert (status, problem["code"]) == (400, "invalid_signature")


async def test_without_a_secret_there_is_no_route(door: Door) -> None:
    services = door.app.state.services
    bare = create_app(door.settings)
    bare.state.services = replace(services, webhooks=replace(services.webhooks, gateways={}))
    async with client_of(bare) as http:
        for path in ("/webhooks/stripe", "/webhook/stripe", "/webhooks/sendgrid"):
            assert code_of(await http.post(path, content=b"{}")) == (404, "webhook_not_configured")


async def _events_of(door: Door, purchase_id: str) -> list[Json]:
    answer = await door.http.get("/webhook-events", params={"purchase_id": purchase_id})
    return [each for each in answer.json()["items"] if each["provider"] == "stripe"]


async def _accepted(door: Door, purchase_id: str, template: EmailTemplate) -> str:
    """The id of the purchase's message of that kind, once the mail service has taken it."""
    async with asyncio.timeout(20):
        while True:
            for email in (await door.seen(purchase_id)).emails:
                if email.template is template and email.status is EmailStatus.ACCEPTED:
                    return email.email_id
            await asyncio.sleep(0.02)


def _mail_event(kind: str, email_id: str) -> Json:
    return {
        "sg_event_id": f"{kind}-{email_id}",
        "event": kind,
        "email": "mei.tan@example.com",
        "timestamp": int(time.time()),
        "email_id": email_id,
    }


async def _sendgrid(
    door: Door, events: list[Json], key: ec.EllipticCurvePrivateKey | None = None
) -> tuple[int, Json]:
    body, at = json.dumps(events).encode(), str(int(time.time()))
    signed = (key or door.sendgrid).sign(at.encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
        "x-twilio-email-event-webhook-timestamp": at,
    }
    answer = await door.http.post("/webhooks/sendgrid", content=body, headers=headers)
    return answer.status_code, answer.json()
