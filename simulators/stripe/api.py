"""One request to Stripe, from the wire to the wire: key, version, faults, idempotency, answer."""

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter, Response
from starlette.requests import Request

from simulators.faults import Fault, Faults, interrupt_after, interrupt_before
from simulators.identifiers import new_id
from simulators.request_log import RequestEntry, RequestLog
from simulators.store import Store
from simulators.stripe.account import Origin, StripeAccount
from simulators.stripe.errors import StripeError, UnfitParamsError
from simulators.stripe.expansion import expand
from simulators.stripe.forms import P, parse
from simulators.stripe.idempotency import Idempotency, fingerprint
from simulators.stripe.objects import API_VERSION, Wire
from simulators.stripe.operations import Call
from simulators.stripe.records import StoredAnswer

Operation = Callable[[StripeAccount, Call[P]], Wire]


@dataclass(frozen=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: str
    form: str
    subject: str
    key: str | None
    request_id: str

    @property
    def encoded(self) -> str:
        return self.form if self.method == "POST" else self.query


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    replayed_from: str | None = None
    retry_after: int | None = None


class StripeApi:
    def __init__(
        self, account: StripeAccount, store: Store, faults: Faults, log: RequestLog
    ) -> None:
        # Plain routes: FastAPI's own reading of parameters would only cost time here.
        self.router = APIRouter()
        self._account = account
        self._store = store
        self._faults = faults
        self._log = log
        self._idempotency = Idempotency(account.answers)

    def serve(self, method: str, path: str, params: type[P], run: Operation[P]) -> None:
        def perform(asked: Asked) -> Wire:
            typed = parse(params, asked.encoded)
            origin = Origin(asked.request_id, asked.key)
            answer = run(self._account, Call(typed, asked.subject, origin))
            return expand(self._account, answer, typed.expand)

        self.router.add_route(path, self._endpoint(perform), [method])

    def refuse_the_rest(self) -> None:
        def perform(asked: Asked) -> Wire:
            raise StripeError(f"Unrecognized request URL ({asked.method}: {asked.path}).", 404)

        self.router.add_route("/v1/{rest:path}", self._endpoint(perform), ["GET", "POST", "DELETE"])

    def _endpoint(
        self, perform: Callable[[Asked], Wire]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            asked = await _asked(request)
            fault = self._faults.take_for_request("stripe", asked.method, asked.path, asked.form)
            try:
                answer = await self._answer(request, asked, fault, perform)
            except StripeError as refused:
                answer = _refusal(refused, asked)
            self._record(asked, answer, fault)
            await interrupt_after(fault, request)
            return _response(asked, answer)

        return endpoint

    async def _answer(
        self,
        request: Request,
        asked: Asked,
        fault: Fault | None,
        perform: Callable[[Asked], Wire],
    ) -> Answer:
        _check_headers(request)
        with self._idempotency.hold(asked.key):
            await interrupt_before(fault, request)
            if fault and fault.refuses_before_effect:
                return _scripted(fault, asked)
            return self._execute(asked, fault, perform)

    def _execute(
        self, asked: Asked, fault: Fault | None, perform: Callable[[Asked], Wire]
    ) -> Answer:
        """Effect, events and the stored answer are one transaction."""
        asked_for = fingerprint(asked.method, asked.path, asked.form)
        stored = self._idempotency.replay(asked.key, asked_for)
        if stored:
            return Answer(stored.status, stored.body, stored.request_id)
        answer = _performed(perform, asked)
        if fault and fault.kind == "server_error":
            answer = _scripted(fault, asked)
        if asked.key:
            self._idempotency.keep(
                StoredAnswer(
                    id=asked.key,
                    fingerprint=asked_for,
                    status=answer.status,
                    body=answer.body,
                    request_id=asked.request_id,
                )
            )
        self._store.flush()
        return answer

    def _record(self, asked: Asked, answer: Answer, fault: Fault | None) -> None:
        self._log.record_request(
            RequestEntry(
                at=time.time(),
                api="stripe",
                method=asked.method,
                path=asked.path,
                query=asked.query,
                form=asked.form,
                idempotency_key=asked.key,
                status=answer.status,
                fault=fault.kind if fault else None,
                answer=answer.body,
            )
        )


def _performed(perform: Callable[[Asked], Wire], asked: Asked) -> Answer:
    """A refusal by the operation itself is an answer like any other: it is stored under the key."""
    try:
        return Answer(200, json.dumps(perform(asked)))
    except UnfitParamsError:
        raise
    except StripeError as refused:
        return _refusal(refused, asked)


async def _asked(request: Request) -> Asked:
    method = request.method
    return Asked(
        method=method,
        path=request.url.path,
        query=request.url.query,
        form=(await request.body()).decode("utf-8", "replace"),
        subject=next(iter(request.path_params.values()), ""),
        key=request.headers.get("idempotency-key") if method == "POST" else None,
        request_id=new_id("req_", 14),
    )


def _check_headers(request: Request) -> None:
    key = _api_key(request.headers.get("authorization", ""))
    if not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY').",
            401,
        )
    if not key.startswith(("sk_test_", "rk_test_")):
        shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "********"
        raise StripeError(f"Invalid API Key provided: {shown}", 401)
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise StripeError(f"Invalid Stripe API version: {version}. Use {API_VERSION}.")


def _api_key(authorization: str) -> str:
    """Bearer, or Basic with the key as the user."""
    scheme, _, credential = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credential, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return credential.strip() if scheme.lower() == "bearer" else ""


def _scripted(fault: Fault, asked: Asked) -> Answer:
    match fault.kind:
        case "rate_limit":
            message = "Request rate limit exceeded. Please try again later."
            error = StripeError(message, 429, code="rate_limit")
        case "unavailable":
            error = StripeError("Stripe is unavailable at the moment.", 503, "api_error")
        case _:
            error = StripeError("An unknown error occurred.", 500, "api_error")
    after = fault.retry_after if error.status in (429, 503) else None
    return Answer(error.status, json.dumps(error.wire(asked.request_id)), retry_after=after)


def _refusal(error: StripeError, asked: Asked) -> Answer:
    return Answer(error.status, json.dumps(error.wire(asked.request_id)))


def _response(asked: Asked, answer: Answer) -> Response:
    headers = {"Request-Id": asked.request_id, "Stripe-Version": API_VERSION}
    if asked.key:
        headers["Idempotency-Key"] = asked.key.encode("ascii", "replace").decode()
        headers["Original-Request"] = answer.replayed_from or asked.request_id
    if answer.replayed_from:
        headers["Idempotent-Replayed"] = "true"
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    return Response(answer.body, answer.status, headers, "application/json")
