"""SendGrid's API by its own SDK: one try, and its failures in the words of faults.py."""

import asyncio
import http.client
import json
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import HTTPSHandler, OpenerDirector, Request, build_opener

from python_http_client.client import Client, Response
from python_http_client.exceptions import HTTPError

from gateways.faults import Busy, GatewayFault, Misconfigured, OutcomeUnknown, RefusedByProvider

if TYPE_CHECKING:
    from sendgrid.helpers.mail import Mail

PUBLIC_API = "https://api.sendgrid.com"
TIMEOUT_SECONDS = 10
THREADS = 16  # the SDK blocks; the event loop's own few threads stay free for others
ACCEPTED = 202
SERVICE = "sendgrid"
TO_SEND = "mail.send"

# At debug level the SDK logs whole requests: addresses, letters and the key.
logging.getLogger("python_http_client").setLevel(logging.INFO)


class SendGridApi:
    """Threads are kept. Call ``close`` when done."""

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        from sendgrid import SendGridAPIClient

        api = SendGridAPIClient(_header_safe(api_key), host=(base_url or PUBLIC_API).rstrip("/"))
        self._client = _Client(api.host, api.client.request_headers, timeout=timeout_seconds)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sendgrid")

    async def send(self, mail: "Mail") -> str | None:
        """SendGrid's own id for it."""
        answer = await self._ask("mail/send", mail.get())
        if answer.status_code != ACCEPTED:
            raise OutcomeUnknown(f"SendGrid answered {answer.status_code} instead of {ACCEPTED}")
        message_id = answer.headers.get("X-Message-Id")
        return None if message_id is None else str(message_id)

    async def require_right_to_send(self) -> None:
        """Read what the key may do. Sends nothing."""
        answer = await self._ask("scopes")
        try:
            may_send = TO_SEND in json.loads(answer.body)["scopes"]
        except (ValueError, LookupError, TypeError):
            raise RefusedByProvider("SendGrid's scopes are unreadable", "unreadable") from None
        if not may_send:
            raise Misconfigured(f"SendGrid's key lacks the scope {TO_SEND}", SERVICE)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    async def _ask(self, path: str, body: Mapping[str, object] | None = None) -> Response:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._asked, path, body)

    def _asked(self, path: str, body: Mapping[str, object] | None) -> Response:
        try:
            return self._client.ask(path, body)
        except HTTPError as refusal:
            raise _fault_of_answer(refusal) from None
        except (OSError, http.client.HTTPException) as silence:
            raise _fault_of_silence(silence) from None


class _Client(Client):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client, with one opener for all its requests.

    The SDK makes a new one for each, and that reads every root certificate: 40 ms of processor
    time per message. Connections are not kept: one that SendGrid has closed meanwhile would
    leave an outcome unknown.
    """

    @cached_property
    def _opener(self) -> OpenerDirector:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return build_opener(HTTPSHandler(context=context))

    def ask(self, path: str, body: Mapping[str, object] | None) -> Response:
        headers = {**self.request_headers, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.host}/v3/{path}", data, headers)
        return Response(self._make_request(self._opener, request))


def _fault_of_answer(answer: HTTPError) -> GatewayFault:
    """Only the status and the named field travel on: the answer's text may hold an address."""
    status = answer.status_code
    if status in (429, 503):
        return Busy(f"SendGrid is busy ({status})", _retry_after(answer.headers))
    if status in (401, 403):
        return Misconfigured(f"SendGrid does not accept our key or our sender ({status})", SERVICE)
    if 400 <= status < 500:
        field = _refused_field(answer.body)
        return RefusedByProvider(f"SendGrid refused the message ({status}), field {field}", field)
    return OutcomeUnknown(f"SendGrid failed ({status}); it may have taken the message")


def _fault_of_silence(error: Exception) -> GatewayFault:
    reason = error.reason if isinstance(error, URLError) else error
    kind = type(reason).__name__
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Misconfigured(f"SendGrid's certificate does not hold ({kind})", SERVICE)
    if isinstance(reason, ConnectionRefusedError | socket.gaierror):
        return Busy(f"SendGrid could not be reached ({kind})")
    return OutcomeUnknown(f"no answer from SendGrid ({kind}); it may have taken the message")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Seconds or a date, as HTTP has it; SendGrid's rate limit gives a Unix time of its own."""
    now = datetime.now(UTC)
    value = headers.get("Retry-After")
    reset = headers.get("X-RateLimit-Reset")
    try:
        if value is None:
            at = datetime.fromtimestamp(int(reset), UTC) if reset else now
        elif value.strip().isdecimal():
            at = now + timedelta(seconds=int(value))
        else:
            at = parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at - now if at > now else None


def _refused_field(body: bytes) -> str | None:
    try:
        field = json.loads(body)["errors"][0]["field"]
    except (ValueError, LookupError, TypeError):
        return None
    return field if isinstance(field, str) and re.fullmatch(r"[\w.\[\]-]{1,80}", field) else None


def _header_safe(api_key: str) -> str:
    """A key with a line break would be quoted in the error of the first request."""
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise ValueError("SENDGRID_API_KEY holds characters that no header can carry")
    return key
