"""SendGrid's door: who may send, what a refusal looks like, and the 202 with its message id."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Response
from starlette.requests import Request

from simulators.faults import Fault, Faults, interrupt_after, interrupt_before
from simulators.identifiers import new_id
from simulators.request_log import RequestEntry, RequestLog
from simulators.sendgrid.event_webhook import EventWebhook, fate_of
from simulators.sendgrid.mail import (
    Mail,
    MailSend,
    MailStatus,
    Problem,
    RefusedError,
    letters,
    read,
)
from simulators.store import Store, Table

MAIL_SEND = "/v3/mail/send"
SCOPES = "/v3/scopes"
GRANTED = ["mail.send", "sender_verification_eligible", "2fa_required"]
NARROW = "SG.without_mail"  # the beginning of a key that may not send

Perform = Callable[[Request, bytes], Response]


class SendGridApi:
    def __init__(
        self, store: Store, faults: Faults, log: RequestLog, webhook: EventWebhook
    ) -> None:
        self.mails: Table[Mail] = store.table("mail", Mail)
        self.router = APIRouter(tags=["sendgrid"])
        self.router.add_api_route(MAIL_SEND, self.send, methods=["POST"], status_code=202)
        self.router.add_api_route(SCOPES, self.scopes, methods=["GET"])
        self._store = store
        self._faults = faults
        self._log = log
        self._webhook = webhook

    async def send(self, request: Request) -> Response:
        """SendGrid's v3 Mail Send."""
        return await self._answer(request, self._accept)

    async def scopes(self, request: Request) -> Response:
        """What the key may do."""
        return await self._answer(request, _granted)

    async def _answer(self, request: Request, perform: Perform) -> Response:
        path, body = request.url.path, await request.body()
        fault = self._faults.take_for_request(
            "sendgrid", request.method, path, body.decode(errors="replace")
        )
        await interrupt_before(fault, request)
        answer = _refused_by_script(fault) or _unauthorized(request) or perform(request, body)
        if fault and fault.kind == "server_error":
            answer = _errors(500, [Problem("Internal Server Error")])
        self._log.record_request(
            RequestEntry(
                at=time.time(),
                api="sendgrid",
                method=request.method,
                path=path,
                status=answer.status_code,
                fault=fault.kind if fault else None,
                answer=bytes(answer.body).decode(),
            )
        )
        await interrupt_after(fault, request)
        return answer

    def _accept(self, request: Request, body: bytes) -> Response:
        if _is_narrow(request):
            return _errors(403, [Problem("access forbidden")])
        try:
            asked = read(body)
        except RefusedError as refused:
            return _errors(400, refused.problems)
        message_id = new_id("", 22)
        if not _is_trial(asked):
            for mail in letters(asked, message_id, time.time()):
                self._webhook.tell(self.mails.put(replace(mail, status=_status(mail))))
            self._store.flush()
        status = 200 if _is_trial(asked) else 202
        return Response(status_code=status, headers={"X-Message-Id": message_id})


def _granted(request: Request, _: bytes) -> Response:
    granted = [scope for scope in GRANTED if scope != "mail.send" or not _is_narrow(request)]
    return Response(json.dumps({"scopes": granted}), media_type="application/json")


def _is_narrow(request: Request) -> bool:
    return NARROW in request.headers.get("authorization", "")


def _status(mail: Mail) -> MailStatus:
    fates = {fate_of(email) for email in mail.to}
    return "delivered" if "delivered" in fates else fates.pop()


def _is_trial(asked: MailSend) -> bool:
    """SendGrid's sandbox mode checks a mail and does not send it."""
    mode = (asked.mail_settings or {}).get("sandbox_mode")
    return isinstance(mode, dict) and mode.get("enable") is True


def _unauthorized(request: Request) -> Response | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not key:
        return _errors(401, [Problem("Permission denied, wrong credentials")])
    if scheme.lower() != "bearer" or not key.startswith("SG."):
        message = "The provided authorization grant is invalid, expired, or revoked"
        return _errors(401, [Problem(message)])
    return None


def _refused_by_script(fault: Fault | None) -> Response | None:
    if fault is None or not fault.refuses_before_effect:
        return None
    match fault.kind:
        case "rate_limit":
            answer = _errors(429, [Problem("too many requests")])
            answer.headers["Retry-After"] = str(fault.retry_after)
            answer.headers["X-RateLimit-Remaining"] = "0"
            answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + fault.retry_after)
        case "unavailable":
            answer = _errors(503, [Problem("Service Unavailable")])
            answer.headers["Retry-After"] = str(fault.retry_after)
        case _:
            answer = _errors(500, [Problem("Internal Server Error")])
    return answer


def _errors(status: int, problems: list[Problem]) -> Response:
    listed = [
        {"message": problem.message, "field": problem.field, "help": None} for problem in problems
    ]
    return Response(
        json.dumps({"errors": listed}), status_code=status, media_type="application/json"
    )
