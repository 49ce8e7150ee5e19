"""What SendGrid gets to read, and what each of its answers, or its silence, means to us."""

import asyncio
import base64
import json
import logging
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gateways.brand import Brand
from gateways.faults import Busy, GatewayFault, Misconfigured, OutcomeUnknown, RefusedByProvider
from gateways.sendgrid_emails import SendGridEmails
from tests.gateways.scripted_sendgrid import (
    MESSAGE,
    ScriptedSendGrid,
    answer,
    scripted_sendgrid,
)

KEY = "SG.secret-of-the-tests"


@pytest.fixture
async def sendgrid() -> AsyncIterator[ScriptedSendGrid]:
    async with scripted_sendgrid() as running:
        yield running


@pytest.fixture
async def emails(sendgrid: ScriptedSendGrid) -> AsyncIterator[SendGridEmails]:
    gateway = SendGridEmails(KEY, Brand(), sendgrid.url + "/")
    yield gateway
    await gateway.close()


async def fault_of(emails: SendGridEmails) -> GatewayFault:
    with pytest.raises(GatewayFault) as raised:
        await emails.send(MESSAGE)
    assert raised.value.__cause__ is None  # nothing of the request travels along
    for secret in (KEY, "wei@example.com", "Wei Ling"):
        assert secret not in str(raised.value)
    return raised.value


async def test_an_accepted_message_gives_sendgrids_own_id(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails
) -> None:
    sendgrid.answer = answer("202 Accepted", X_Message_Id="msg-1")
    assert await emails.send(MESSAGE) == "msg-1"


async def test_the_whole_message_is_handed_over(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails
) -> None:
    sendgrid.answer = answer("202 Accepted")
    assert await emails.send(MESSAGE) is None
    head, body = sendgrid.asked[0]
    assert head.startswith("POST /v3/mail/send HTTP/1.1")
    assert f"Authorization: Bearer {KEY}" in head
    assert body == {
        "from": {"email": "policies@paybind.example", "name": "Paybind Insurance"},
        "personalizations": [{"to": [{"email": "wei@example.com", "name": "Tan, Wei Ling 陈"}]}],
        "subject": "Your policy",
        "content": [
            {"type": "text/plain", "value": "Hello"},
            {"type": "text/html", "value": "<p>Hello</p>"},
        ],
        "attachments": [
            {
                "content": base64.b64encode(b"%PDF\x00\xff").decode(),
                "filename": "POL-1.pdf",
                "type": "application/pdf",
                "disposition": "attachment",
            }
        ],
        "custom_args": {"email_id": "eml_1"},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_busy_sendgrid_says_when_to_come_back(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, status: str
) -> None:
    sendgrid.answer = answer(status, Retry_After="17")
    fault = await fault_of(emails)
    assert isinstance(fault, Busy)
    assert fault.retry_after is not None
    assert abs(fault.retry_after - timedelta(seconds=17)) < timedelta(seconds=1)


async def test_when_to_come_back_may_be_a_date_or_a_unix_time(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=60)
    for headers in (
        {"Retry_After": format_datetime(soon, usegmt=True)},
        {"X_RateLimit_Reset": str(int(soon.timestamp()))},
    ):
        sendgrid.answer = answer("429 Too Many Requests", **headers)
        fault = await fault_of(emails)
        assert isinstance(fault, Busy)
        assert fault.retry_after is not None
        assert timedelta(seconds=50) < fault.retry_after <= timedelta(seconds=60)


@pytest.mark.parametrize("value", ["soon", "-3", "9" * 30, "0", "Tue, 01 Jan 2019 00:00:00 GMT"])
async def test_a_senseless_time_to_come_back_is_left_out(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, value: str
) -> None:
    sendgrid.answer = answer("429 Too Many Requests", Retry_After=value)
    fault = await fault_of(emails)
    assert isinstance(fault, Busy)
    assert fault.retry_after is None


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_key_that_is_not_accepted_needs_an_operator(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, status: str
) -> None:
    sendgrid.answer = answer(status, f'{{"errors": [{{"message": "{KEY} is bad"}}]}}')
    assert isinstance(await fault_of(emails), Misconfigured)


async def test_a_refusal_names_the_field_and_not_the_address(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails
) -> None:
    error = {"message": "wei@example.com is bad", "field": "personalizations.0.to.0.email"}
    sendgrid.answer = answer("400 Bad Request", json.dumps({"errors": [error]}))
    fault = await fault_of(emails)
    assert isinstance(fault, RefusedByProvider)
    assert fault.code == "personalizations.0.to.0.email"


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"errors": []}', '{"errors": [{}]}'])
async def test_a_refusal_that_explains_nothing_is_a_refusal(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, body: str
) -> None:
    sendgrid.answer = answer("413 Payload Too Large", body)
    fault = await fault_of(emails)
    assert isinstance(fault, RefusedByProvider)
    assert fault.code is None


@pytest.mark.parametrize(
    "broken",
    [
        answer("500 Internal Server Error"),
        answer("502 Bad Gateway"),
        answer("504 Gateway Timeout"),
        answer("200 OK"),
        b"HTTP/1.1 ",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf",
        b"not http\r\n\r\n",
        None,
    ],
)
async def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, broken: bytes | None
) -> None:
    sendgrid.answer = broken
    assert isinstance(await fault_of(emails), OutcomeUnknown)
    assert len(sendgrid.asked) == 1  # and is not asked for again


async def test_silence_leaves_the_outcome_unknown() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        emails = SendGridEmails(KEY, Brand(), url, timeout_seconds=0.2)
        assert isinstance(await fault_of(emails), OutcomeUnknown)
        await emails.close()


async def test_a_refused_connection_is_a_definite_no() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        emails = SendGridEmails(KEY, Brand(), url)
        assert isinstance(await fault_of(emails), Busy)
        await emails.close()


async def test_neither_key_nor_letter_is_logged(
    sendgrid: ScriptedSendGrid, emails: SendGridEmails, caplog: pytest.LogCaptureFixture
) -> None:
    sendgrid.answer = answer("202 Accepted")
    with caplog.at_level(logging.DEBUG):
        await emails.send(MESSAGE)
    assert KEY not in caplog.text
    assert "wei@example.com" not in caplog.text


@pytest.mark.parametrize("key", ["", "  ", "SG.a\nb", "SG.ä"])
def test_a_key_that_no_header_can_carry_is_refused_unsaid(key: str) -> None:
    with pytest.raises(ValueError, match="SENDGRID_API_KEY") as refused:
        SendGridEmails(key, Brand())
    assert key.strip() not in str(refused.value) or not key.strip()
