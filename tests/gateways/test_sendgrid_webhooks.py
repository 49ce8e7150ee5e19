"""Only what SendGrid signed, and lately, is believed; a bounce is told in our words."""

import base64
import json
import time
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import JsonValue

from domain.emails import EmailTemplate, email_id_of
from domain.errors import Code, Invalid
from domain.payments import EmailBounced
from gateways.sendgrid_webhooks import PRODUCED_FACTS, SIGNATURE, TIMESTAMP, SendGridWebhooks

EMAIL_ID = email_id_of("pur_1", EmailTemplate.PAYMENT_CONFIRMATION)


@dataclass
class Sender:
    key: ec.EllipticCurvePrivateKey

    @property
    def public_key(self) -> str:
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, at: str | None = None) -> dict[str, str]:
        timestamp = at or str(int(time.time()))
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


@pytest.fixture(scope="module")
def sender() -> Sender:
    return Sender(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def webhooks(sender: Sender) -> SendGridWebhooks:
    return SendGridWebhooks(sender.public_key)


def event(name: str, **more: JsonValue) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "email": "wei@example.com",
        "event": name,
        "sg_event_id": f"ev-{name}",
        "sg_message_id": "msg-1",
        "timestamp": 1790000000,
        "email_id": EMAIL_ID,
    }
    return told | more


def body_of(*events: JsonValue) -> bytes:
    return json.dumps(events).encode()


def refusal(webhooks: SendGridWebhooks, body: bytes, headers: dict[str, str]) -> Code:
    with pytest.raises(Invalid) as refused:
        webhooks.verify(body, headers)
    return refused.value.code


def test_every_event_of_a_signed_batch_is_told(sender: Sender, webhooks: SendGridWebhooks) -> None:
    body = body_of(event("processed"), event("bounce", type="blocked", reason="550 5.1.1 no \x00"))
    processed, bounce = webhooks.verify(body, sender.headers(body))
    assert (processed.provider_event_id, processed.type) == ("ev-processed", "processed")
    assert (bounce.type, bounce.email_id) == ("bounce", EMAIL_ID)
    assert json.loads(bounce.payload) == event("bounce", type="blocked", reason="550 5.1.1 no \x00")
    assert "\x00" not in bounce.payload


@pytest.mark.parametrize("name", ["bounce", "dropped"])
def test_what_was_not_delivered_is_a_fact(
    sender: Sender, webhooks: SendGridWebhooks, name: str
) -> None:
    body = body_of(event(name))
    (signed,) = webhooks.verify(body, sender.headers(body))
    fact = webhooks.translate(signed, "evt_1")
    assert fact == EmailBounced(event_id="evt_1", email_id=EMAIL_ID)
    assert {type(fact)} == PRODUCED_FACTS


@pytest.mark.parametrize(
    "name", ["processed", "delivered", "deferred", "open", "spamreport", "new"]
)
def test_other_events_are_no_facts(sender: Sender, webhooks: SendGridWebhooks, name: str) -> None:
    body = body_of(event(name))
    (signed,) = webhooks.verify(body, sender.headers(body))
    assert webhooks.translate(signed, "evt_1") is None


@pytest.mark.parametrize("email_id", [None, "someone-elses", "eml_short", 7])
def test_an_event_of_a_mail_that_is_not_ours_names_no_email(
    sender: Sender, webhooks: SendGridWebhooks, email_id: JsonValue
) -> None:
    body = body_of(event("bounce", email_id=email_id))
    (signed,) = webhooks.verify(body, sender.headers(body))
    assert signed.email_id is None
    assert webhooks.translate(signed, "evt_1") is None


def test_header_names_may_come_in_any_case(sender: Sender, webhooks: SendGridWebhooks) -> None:
    body = body_of(event("open"))
    headers = {name.lower(): value for name, value in sender.headers(body).items()}
    assert set(headers) == {SIGNATURE, TIMESTAMP}
    assert len(webhooks.verify(body, headers)) == 1


def test_an_event_that_was_changed_is_refused(sender: Sender, webhooks: SendGridWebhooks) -> None:
    headers = sender.headers(body_of(event("delivered")))
    assert refusal(webhooks, body_of(event("bounce")), headers) is Code.INVALID_SIGNATURE


def test_an_event_signed_by_someone_else_is_refused(webhooks: SendGridWebhooks) -> None:
    body = body_of(event("bounce"))
    stranger = Sender(ec.generate_private_key(ec.SECP256R1()))
    assert refusal(webhooks, body, stranger.headers(body)) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize(
    ("age", "code"), [(302, Code.SIGNATURE_TOO_OLD), (-302, Code.INVALID_SIGNATURE)]
)
def test_an_event_from_another_time_is_refused(
    sender: Sender, webhooks: SendGridWebhooks, age: int, code: Code
) -> None:
    body = body_of(event("bounce"))
    headers = sender.headers(body, at=str(int(time.time()) - age))
    assert refusal(webhooks, body, headers) is code


def test_an_old_event_of_someone_else_is_not_told_that_it_is_old(
    webhooks: SendGridWebhooks,
) -> None:
    body = body_of(event("bounce"))
    stranger = Sender(ec.generate_private_key(ec.SECP256R1()))
    headers = stranger.headers(body, at=str(int(time.time()) - 302))
    assert refusal(webhooks, body, headers) is Code.INVALID_SIGNATURE


def test_an_event_is_believed_for_five_minutes(sender: Sender, webhooks: SendGridWebhooks) -> None:
    body = body_of(event("bounce"))
    assert webhooks.verify(body, sender.headers(body, at=str(int(time.time()) - 290)))


@pytest.mark.parametrize("signature", ["a", "not base64 ä", "AAAA", "===="])
def test_a_signature_that_is_none_is_refused(
    sender: Sender, webhooks: SendGridWebhooks, signature: str
) -> None:
    body = body_of(event("bounce"))
    headers = {**sender.headers(body), "X-Twilio-Email-Event-Webhook-Signature": signature}
    assert refusal(webhooks, body, headers) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "١٢٣", "9" * 5000])
def test_a_timestamp_that_is_none_is_refused(
    sender: Sender, webhooks: SendGridWebhooks, timestamp: str
) -> None:
    body = body_of(event("bounce"))
    headers = sender.headers(body, at=timestamp or None)
    headers["X-Twilio-Email-Event-Webhook-Timestamp"] = timestamp
    assert refusal(webhooks, body, headers) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize("missing", [(SIGNATURE,), (TIMESTAMP,), (SIGNATURE, TIMESTAMP)])
@pytest.mark.parametrize("is_there", [True, False])
def test_an_event_without_signature_or_timestamp_is_told_so(
    sender: Sender, webhooks: SendGridWebhooks, missing: tuple[str, ...], is_there: bool
) -> None:
    body = body_of(event("bounce"))
    headers = {name.lower(): value for name, value in sender.headers(body).items()}
    for name in missing:
        headers[name] = ""
        if not is_there:
            del headers[name]
    assert refusal(webhooks, body, headers) is Code.SIGNATURE_MISSING


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000])
def test_a_signed_body_that_is_no_json_is_refused(
    sender: Sender, webhooks: SendGridWebhooks, body: bytes
) -> None:
    assert refusal(webhooks, body, sender.headers(body)) is Code.MALFORMED_BODY


def test_a_body_that_is_not_utf_8_is_refused(sender: Sender, webhooks: SendGridWebhooks) -> None:
    assert refusal(webhooks, b"\xff\xfe", sender.headers(b"\xff\xfe")) is Code.NOT_UTF8


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[1]",
        b"[{}]",
        b'[{"event": "bounce"}]',
        b'[{"event": "bounce", "sg_event_id": ""}]',
        b'[{"event": "boun\\u0000ce", "sg_event_id": "x"}]',
    ],
)
def test_a_signed_body_that_is_no_list_of_events_is_malformed(
    sender: Sender, webhooks: SendGridWebhooks, body: bytes
) -> None:
    assert refusal(webhooks, body, sender.headers(body)) is Code.MALFORMED_EVENT
