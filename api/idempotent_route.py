"""Every route that changes something answers a repeated Idempotency-Key with its first answer.

An answer that says "the same request may succeed later" is not kept, nor is one that its route
calls ``is_provisional``: their repetition is tried anew.
"""

import hashlib
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.deps import caller_of, services_of
from api.problems import Malformed, answer_to, answer_to_invalid
from domain.errors import Code, Conflict, Invalid, PaybindError
from domain.idempotency import InFlight, Replay, Reused
from domain.tenants import Caller

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
_REUSED = "this key was first sent with another request, or by another API key"

Answering = Callable[[Request], Coroutine[None, None, Response]]


class IdempotentRoute(APIRoute):
    def get_route_handler(self) -> Answering:
        answering = super().get_route_handler()
        if not (self.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            return answering

        async def answer_once(request: Request) -> Response:
            await caller_of(request)  # a stranger learns nothing about what was sent
            await _require_json(request)
            key = request.headers.get(HEADER)
            if key is None:
                return await answering(request)
            return await _answer_under(_checked(key), request, answering)

        return answer_once


async def _answer_under(key: str, request: Request, answering: Answering) -> Response:
    records = services_of(request).idempotency
    caller = await caller_of(request)
    tenant_id = caller.tenant_id
    route, digest = f"{request.method} {request.url.path}", await _digest_of(request, caller)
    claim = await records.begin(tenant_id, key, route, digest, datetime.now(UTC))
    if isinstance(claim, Reused):
        raise Invalid(Code.IDEMPOTENCY_KEY_REUSED, _REUSED)
    if isinstance(claim, InFlight):
        raise Conflict(Code.IDEMPOTENCY_KEY_IN_FLIGHT, "the first request is not answered yet")
    if isinstance(claim, Replay):
        return Response(claim.body, claim.status, {REPLAYED: "true"}, claim.media_type)
    try:
        answer = await _answered(request, answering)
    except BaseException:
        await records.abandon(tenant_id, key, datetime.now(UTC))
        raise
    if _may_differ_later(answer) or getattr(request.state, "is_provisional", False):
        await records.abandon(tenant_id, key, datetime.now(UTC))
    else:
        await _keep(request, tenant_id, key, answer)
    return answer


async def _keep(request: Request, tenant_id: str, key: str, answer: Response) -> None:
    """What a route puts into ``kept_answer`` is kept in place of the answer: it holds no secret."""
    body = getattr(request.state, "kept_answer", None) or bytes(answer.body).decode()
    media_type = answer.headers.get("content-type", "application/json")
    records = services_of(request).idempotency
    await records.finish(tenant_id, key, answer.status_code, body, media_type, datetime.now(UTC))


async def _answered(request: Request, answering: Answering) -> Response:
    """A refusal is an answer too, and worth keeping."""
    try:
        return await answering(request)
    except PaybindError as error:
        return answer_to(error)
    except RequestValidationError as error:
        return answer_to_invalid(error)


def _may_differ_later(answer: Response) -> bool:
    if answer.status_code >= 500:
        return True
    if answer.status_code < 400:
        return False
    return bool(json.loads(bytes(answer.body))["can_retry"])


async def _require_json(request: Request) -> None:
    if not await request.body():
        return
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Malformed("send the body as application/json")
    try:
        (await request.body()).decode()  # the parser would take UTF-16, too
        await request.json()  # kept by the request: nobody parses it a second time
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8", Code.NOT_UTF8) from None
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None


def _checked(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            Code.INVALID_REQUEST, f"{HEADER} must be 1 to {LONGEST_KEY} printable characters"
        )
    return key


async def _digest_of(request: Request, caller: Caller) -> str:
    """Of the body and of who sent it: a key of fewer scopes never gets an answer made for more."""
    return hashlib.sha256(caller.key_id.encode() + b"\n" + await request.body()).hexdigest()
