"""SendGrid's event webhook: what became of each mail, signed with ECDSA over P-256."""

import base64
import json
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from simulators.identifiers import new_id
from simulators.options import Options
from simulators.sendgrid.mail import Mail, MailStatus
from simulators.store import Store
from simulators.webhook_delivery import Delivery, Signed, WebhookDelivery

CHANNEL = "sendgrid"


@dataclass(frozen=True)
class SigningKey:
    """`private` is base64 of the PKCS #8 DER."""

    id: str
    private: str


class EventWebhook:
    def __init__(self, store: Store, deliveries: WebhookDelivery, options: Options) -> None:
        self._deliveries = deliveries
        self._url = options.sendgrid_webhook_url
        self._key = _signing_key(store, options.sendgrid_private_key)
        deliveries.sign_with(CHANNEL, self._sign)

    @property
    def public_key(self) -> str:
        """Base64 of the DER, as SendGrid's settings page shows it."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def tell(self, mail: Mail) -> None:
        """One post holds the events of every recipient, as SendGrid batches them."""
        if self._url is None:
            return
        events = [
            _event(mail, email, name)
            for email in mail.recipients
            for name in _course(fate_of(email))
        ]
        self._deliveries.owe(
            Delivery(
                id=new_id("dlv_"),
                channel=CHANNEL,
                target=CHANNEL,
                subject=mail.id,
                event_types=[str(event["event"]) for event in events],
                body=json.dumps(events),
            )
        )

    def _sign(self, delivery: Delivery) -> Signed | None:
        if self._url is None:
            return None
        timestamp = str(int(time.time()))
        signed = self._key.sign((timestamp + delivery.body).encode(), ec.ECDSA(hashes.SHA256()))
        return Signed(
            self._url,
            {
                "Content-Type": "application/json",
                "User-Agent": "SendGrid Event API",
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
                "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            },
        )


def fate_of(email: str) -> MailStatus:
    local = email.partition("@")[0].lower()
    if local.startswith("bounce"):
        return "bounce"
    return "dropped" if local.startswith("drop") else "delivered"


def _course(fate: MailStatus) -> list[MailStatus]:
    return ["dropped"] if fate == "dropped" else ["processed", fate]


def _event(mail: Mail, email: str, name: MailStatus) -> dict[str, object]:
    event: dict[str, object] = {
        "email": email,
        "timestamp": int(time.time()),
        "smtp-id": f"<{mail.id}@simulator>",
        "event": name,
        "sg_event_id": new_id("", 22),
        "sg_message_id": f"{mail.id}.simulator-0.0",
    }
    if mail.categories:
        event["category"] = mail.categories
    match name:
        case "delivered":
            event["response"] = "250 2.0.0 OK"
        case "bounce":
            event |= {
                "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
                "status": "5.1.1",
                "type": "bounce",
                "bounce_classification": "Invalid Address",
            }
        case "dropped":
            event["reason"] = "Bounced Address"
        case "processed":
            pass
    return mail.custom_args | event


def _signing_key(store: Store, given: str | None) -> ec.EllipticCurvePrivateKey:
    kept = store.table("signing_key", SigningKey)
    known = kept.get(CHANNEL)
    private = given or (known.private if known else None) or _new_key()
    kept.put(SigningKey(CHANNEL, private))
    store.flush()
    key = load_der_private_key(base64.b64decode(private), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("SendGrid signs with an elliptic curve key")
    return key


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(der).decode()
