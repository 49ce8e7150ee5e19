"""What every request to JustiFi goes through: its fault, its answer on the wire, its log entry."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from simulators.faults import Fault, Faults, interrupt_after
from simulators.identifiers import new_id
from simulators.justifi.credentials import not_authenticated, presented
from simulators.justifi.errors import JustifiError
from simulators.justifi.redaction import redacted
from simulators.request_log import RequestEntry, RequestLog
from simulators.store import Store

# Stripe's double has `/v1` of the same server.
PREFIX = "/justifi"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`path` is as JustiFi has it, without the prefix."""

    method: str
    path: str
    query: str
    body: str
    subject: str
    token: str
    sub_account: str
    key: str | None
    request_id: str

    @classmethod
    async def by(cls, request: Request) -> Self:
        headers = request.headers
        return cls(
            method=request.method,
            path=request.url.path.removeprefix(PREFIX),
            query=request.url.query,
            body=(await request.body()).decode("utf-8", "replace"),
            subject=next(iter(request.path_params.values()), ""),
            token=presented(headers.get("authorization", "")),
            sub_account=headers.get("sub-account", ""),
            key=headers.get("idempotency-key") if request.method != "GET" else None,
            request_id=new_id("req_", 22),
        )


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    retry_after: int | None = None


Answering = Callable[[Fault | None], Awaitable[Answer]]


class Exchange:
    def __init__(self, store: Store, faults: Faults, log: RequestLog) -> None:
        # Plain routes: FastAPI's own reading of parameters would only cost time here.
        self.router = APIRouter()
        self._store = store
        self._faults = faults
        self._log = log

    def serve(
        self, path: str, methods: list[str], endpoint: Callable[[Request], Awaitable[Response]]
    ) -> None:
        self.router.add_route(PREFIX + path, endpoint, methods)

    async def answer(
        self, request: Request, asked: Asked, shown: str, answering: Answering
    ) -> Response:
        """`shown` is what log and faults call the platform; empty where nobody knows it."""
        fault = self._faults.take_for_request(
            "justifi", asked.method, asked.path, asked.body, shown
        )
        try:
            answer = await answering(fault)
        except JustifiError as refused:
            answer = refusal(refused)
        self._store.flush()
        self._record(asked, answer, fault, shown)
        await interrupt_after(fault, request)
        headers = {"Request-Id": asked.request_id}
        if answer.retry_after is not None:
            headers["Retry-After"] = str(answer.retry_after)
        return Response(answer.body, answer.status, headers, "application/json")

    def _record(self, asked: Asked, answer: Answer, fault: Fault | None, shown: str) -> None:
        self._log.record_request(
            RequestEntry(
                at=time.time(),
                api="justifi",
                account=shown or None,
                method=asked.method,
                path=asked.path,
                query=asked.query,
                form=redacted(asked.body),
                sub_account=asked.sub_account or None,
                idempotency_key=asked.key,
                status=answer.status,
                fault=fault.kind if fault else None,
                answer=redacted(answer.body),
            )
        )


def refusal(error: JustifiError) -> Answer:
    return Answer(error.status, json.dumps(error.wire()))


def scripted(fault: Fault) -> Answer:
    match fault.kind:
        case "rate_limit":
            message = "Too many requests"
            answer = refusal(JustifiError(429, "gateway_rate_limit_error", message))
            return Answer(answer.status, answer.body, fault.retry_after)
        case "unavailable":
            answer = refusal(JustifiError(503, "service_unavailable", "Service Unavailable"))
            return Answer(answer.status, answer.body, fault.retry_after)
        case "unauthorized":
            return refusal(not_authenticated())
        case _:
            return refusal(JustifiError(500, "internal_server_error", "Internal Server Error"))
