"""One request to Stripe, from the wire to the wire: key, version, faults, idempotency, answer."""

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
from simulators.stripe import keys
from simulators.stripe.account import Origin, StripeAccount
from simulators.stripe.accounts import StripeAccounts
from simulators.stripe.errors import StripeError, UnfitParamsError
from simulators.stripe.expansion import expand
from simulators.stripe.forms import P, parse
from simulators.stripe.idempotency import fingerprint
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
    api_key: str
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


Perform = Callable[[StripeAccount, Asked], Wire]


class StripeApi:
    def __init__(
        self, accounts: StripeAccounts, store: Store, faults: Faults, log: RequestLog
    ) -> None:
        # Plain routes: FastAPI's own reading of parameters would only cost time here.
        self.router = APIRouter()
        self._accounts = accounts
        self._store = store
        self._faults = faults
        self._log = log

    def serve(self, method: str, path: str, params: type[P], run: Operation[P]) -> None:
        def perform(account: StripeAccount, asked: Asked) -> Wire:
            typed = parse(params, asked.encoded)
            origin = Origin(asked.request_id, asked.key)
            answer = run(account, Call(typed, asked.subject, origin))
            return expand(account, answer, typed.expand)

        self.router.add_route(path, self._endpoint(perform), [method])

    def refuse_the_rest(self) -> None:
        def perform(_: StripeAccount, asked: Asked) -> Wire:
            raise StripeError(f"Unrecognized request URL ({asked.method}: {asked.path}).", 404)

        self.router.add_route("/v1/{rest:path}", self._endpoint(perform), ["GET", "POST", "DELETE"])

    def _endpoint(self, perform: Perform) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            asked = await _asked(request)
            fault = self._faults.take_for_request(
                "stripe", asked.method, asked.path, asked.form, keys.shown(asked.api_key)
            )
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
        perform: Perform,
    ) -> Answer:
        _check_headers(request, asked)
        account = self._accounts.of_key(asked.api_key)
        with account.idempotency.hold(asked.key):
            await interrupt_before(fault, request)
            if fault and fault.refuses_before_effect:
                return _scripted(fault, asked)
            return self._execute(account, asked, fault, perform)

    def _execute(
        self, account: StripeAccount, asked: Asked, fault: Fault | None, perform: Perform
    ) -> Answer:
        """Effect, events and the stored answer are one transaction."""
        asked_for = fingerprint(asked.method, asked.path, asked.form)
        stored = account.idempotency.replay(asked.key, asked_for)
        if stored:
            return Answer(stored.status, stored.body, stored.request_id)
        answer = _performed(perform, account, asked)
        if fault and fault.kind == "server_error":
            answer = _scripted(fault, asked)
        if asked.key:
            account.idempotency.keep(
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
                account=keys.shown(asked.api_key) or None,
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


def _performed(perform: Perform, account: StripeAccount, asked: Asked) -> Answer:
    """A refusal by the operation itself is an answer like any other: it is stored under the key."""
    try:
        return Answer(200, json.dumps(perform(account, asked)))
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
        api_key=keys.presented(request.headers.get("authorization", "")),
        key=request.headers.get("idempotency-key") if method == "POST" else None,
        request_id=new_id("req_", 14),
    )


def _check_headers(request: Request, asked: Asked) -> None:
    keys.check(asked.api_key)
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise StripeError(f"Invalid Stripe API version: {version}. Use {API_VERSION}.")


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
