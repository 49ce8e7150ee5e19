"""SendGrid through its own SDK: sending, refusals, the mailbox, signed events."""

import base64
import hashlib

import httpx
import pytest
from pydantic import JsonValue, TypeAdapter
from python_http_client.exceptions import HTTPError
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import Attachment, CustomArg, Mail

from .conftest import Receiver, Simulators, Webhook, until

pytestmark = pytest.mark.slow

PDF = b"%PDF-1.7 a policy"
_EVENTS = TypeAdapter(list[dict[str, JsonValue]])
GOOD: dict[str, JsonValue] = {
    "personalizations": [{"to": [{"email": "jenny@example.com"}]}],
    "from": {"email": "policies@example.com"},
    "subject": "Your policy",
    "content": [{"type": "text/plain", "value": "Attached."}],
}


def _mail(to: str = "jenny@example.com") -> Mail:
    mail = Mail(
        from_email=("policies@example.com", "Policies"),
        to_emails=to,
        subject="Your policy",
        plain_text_content="Attached.",
        html_content="<p>Attached.</p><script>alert(1)</script>",
    )
    mail.add_custom_arg(CustomArg("message_id", "msg_1"))
    content = base64.b64encode(PDF).decode()
    mail.add_attachment(Attachment(content, "policy.pdf", "application/pdf", "attachment"))
    return mail


def _events(webhook: Webhook) -> list[dict[str, JsonValue]]:
    return _EVENTS.validate_json(webhook.body)


def test_a_mail_is_accepted_and_lies_in_the_mailbox(simulators: Simulators) -> None:
    answer = simulators.mail_client.send(_mail())

    assert answer.status_code == 202
    messages = simulators.get("/_simulator/mailbox")["messages"]
    assert isinstance(messages, list)
    [message] = messages
    assert isinstance(message, dict)
    assert message["id"] == answer.headers["X-Message-Id"]
    assert message["to"] == ["jenny@example.com"]
    assert message["custom_args"] == {"message_id": "msg_1"}
    assert message["attachments"] == [
        {
            "filename": "policy.pdf",
            "type": "application/pdf",
            "size": len(PDF),
            "sha256": hashlib.sha256(PDF).hexdigest(),
        }
    ]


def test_the_mailbox_shows_it_without_running_it(simulators: Simulators) -> None:
    answer = simulators.mail_client.send(_mail())
    address = f"{simulators.url}/mailbox/{answer.headers['X-Message-Id']}"

    assert "Your policy" in httpx.get(f"{simulators.url}/mailbox").text
    assert "<iframe sandbox" in httpx.get(address).text
    assert "sandbox" in httpx.get(f"{address}/html").headers["Content-Security-Policy"]
    assert httpx.get(f"{address}/attachments/0").content == PDF
    assert httpx.get(f"{address}/attachments/1").status_code == 404


@pytest.mark.parametrize(
    ("to", "course"),
    [
        ("jenny@example.com", ["processed", "delivered"]),
        ("bounce@example.com", ["processed", "bounce"]),
        ("drop@example.com", ["dropped"]),
    ],
)
def test_what_becomes_of_a_mail_is_told_signed_and_with_its_own_arguments(
    simulators: Simulators, receiver: Receiver, to: str, course: list[str]
) -> None:
    answer = simulators.mail_client.send(_mail(to))

    until(lambda: len(receiver.of("/sendgrid")) == 1)
    [webhook] = receiver.of("/sendgrid")
    events = _events(webhook)
    assert [event["event"] for event in events] == course
    assert {event["message_id"] for event in events} == {"msg_1"}
    assert str(events[0]["sg_message_id"]).startswith(answer.headers["X-Message-Id"])
    assert EventWebhook(simulators.sendgrid_public_key).verify_signature(
        webhook.body.decode(),
        webhook.headers["X-Twilio-Email-Event-Webhook-Signature"],
        webhook.headers["X-Twilio-Email-Event-Webhook-Timestamp"],
    )


def test_events_that_are_not_taken_come_again(simulators: Simulators, receiver: Receiver) -> None:
    receiver.answers.append(500)

    simulators.mail_client.send(_mail())

    until(lambda: len(receiver.of("/sendgrid")) == 2)
    first, second = receiver.of("/sendgrid")
    assert first.body == second.body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": {"email": "nobody"}}, "from.email"),
        ({"from": None}, "from"),
        ({"personalizations": []}, "personalizations"),
        (
            {"personalizations": [{"to": [{"email": "nobody"}]}]},
            "personalizations.0.to.0.email",
        ),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"subject": ""}, "subject"),
        ({"attachments": [{"content": "?", "filename": "x"}]}, "attachments.0.content"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_mail_that_sendgrid_refuses_is_refused(
    simulators: Simulators, change: dict[str, JsonValue], field: str
) -> None:
    answer = httpx.post(
        f"{simulators.url}/v3/mail/send",
        json=GOOD | change,
        headers={"Authorization": "Bearer SG.test"},
    )

    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert simulators.get("/_simulator/mailbox") == {"messages": []}


@pytest.mark.parametrize("key", ["", "Bearer sk_test_x", "Basic SG.test"])
def test_without_a_key_nothing_is_sent(simulators: Simulators, key: str) -> None:
    headers = {"Authorization": key} if key else {}

    answer = httpx.post(f"{simulators.url}/v3/mail/send", json=GOOD, headers=headers)

    assert answer.status_code == 401


def test_a_rate_limited_mail_is_not_sent(simulators: Simulators) -> None:
    simulators.script(target="sendgrid", kind="rate_limit", retry_after=3)

    with pytest.raises(HTTPError) as limited:
        simulators.mail_client.send(_mail())

    assert (limited.value.status_code, limited.value.headers["Retry-After"]) == (429, "3")
    assert simulators.get("/_simulator/mailbox") == {"messages": []}


def test_a_mail_can_be_sent_although_its_sender_is_told_otherwise(simulators: Simulators) -> None:
    simulators.script(target="sendgrid", kind="server_error", after_effect=True)

    with pytest.raises(HTTPError):
        simulators.mail_client.send(_mail())

    messages = simulators.get("/_simulator/mailbox")["messages"]
    assert isinstance(messages, list)
    assert len(messages) == 1
