"""One request to JustiFi, wire to wire: token, headers, faults, idempotency, answer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from simulators.faults import Fault, interrupt_before
from simulators.justifi import idempotency
from simulators.justifi.bodies import read_body, read_query
from simulators.justifi.credentials import not_authenticated
from simulators.justifi.errors import JustifiError, UnfitRequestError, Wire, not_found
from simulators.justifi.exchange import Answer, Asked, Exchange, refusal, scripted
from simulators.justifi.operations import Call, P
from simulators.justifi.platform import JustifiPlatform, Origin
from simulators.justifi.platforms import JustifiPlatforms
from simulators.justifi.records import StoredAnswer

ACCOUNT = "acc_"
DISABLED = "acc_disabled"

Operation = Callable[[JustifiPlatform, Call[P]], Wire]
Perform = Callable[[JustifiPlatform, Asked], Wire]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What an operation asks of a request's headers, and what it answers when all went well."""

    status: int = 200
    status_of_a_replay: int | None = None
    needs_key: bool = False
    needs_sub_account: bool = False
    needs_enabled: bool = False


READS = Rules()
CHANGES = Rules(needs_key=True)


class JustifiApi:
    def __init__(self, platforms: JustifiPlatforms, exchange: Exchange) -> None:
        self._platforms = platforms
        self._exchange = exchange

    def serve(
        self, method: str, path: str, params: type[P], run: Operation[P], rules: Rules = READS
    ) -> None:
        def perform(platform: JustifiPlatform, asked: Asked) -> Wire:
            if method == "GET":
                typed = read_query(params, asked.query)
            else:
                typed = read_body(params, asked.body)
            origin = Origin(asked.request_id, asked.key)
            return run(platform, Call(typed, asked.subject, asked.sub_account, origin))

        self._exchange.serve("/v1" + path, [method], self._endpoint(perform, rules))

    def refuse_the_rest(self) -> None:
        def perform(_: JustifiPlatform, __: Asked) -> Wire:
            raise not_found()

        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        self._exchange.serve("/{rest:path}", methods, self._endpoint(perform, READS))

    def _endpoint(self, perform: Perform, rules: Rules) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            asked = await Asked.by(request)
            platform = self._platforms.of_token(asked.token)

            async def answering(fault: Fault | None) -> Answer:
                if platform is None:
                    raise not_authenticated()
                _check_headers(asked, rules)
                with platform.idempotency.hold(asked.key):
                    await interrupt_before(fault, request)
                    if fault and fault.refuses_before_effect:
                        return scripted(fault)
                    does = _fail if fault and fault.kind == "spoilt_key" else perform
                    answer = _execute(platform, asked, does, rules)
                    return scripted(fault) if fault and fault.kind == "server_error" else answer

            shown = platform.identity.shown if platform else ""
            return await self._exchange.answer(request, asked, shown, answering)

        return endpoint


def _execute(platform: JustifiPlatform, asked: Asked, perform: Perform, rules: Rules) -> Answer:
    """What succeeded is kept under the key, and that it failed."""
    asked_for = idempotency.fingerprint(asked.method, asked.path, asked.body, asked.sub_account)
    stored = platform.idempotency.replay(asked.key, asked_for)
    if stored and stored.body is not None:
        return Answer(rules.status_of_a_replay or stored.status, stored.body)
    answer = _performed(perform, platform, asked, rules)
    if asked.key:
        succeeded = answer.status < 300
        platform.idempotency.keep(
            StoredAnswer(
                id=asked.key,
                fingerprint=asked_for,
                status=answer.status,
                body=answer.body if succeeded else None,
            )
        )
    return answer


def _fail(_: JustifiPlatform, __: Asked) -> Wire:
    raise JustifiError(500, "internal_server_error", "Internal Server Error")


def _performed(perform: Perform, platform: JustifiPlatform, asked: Asked, rules: Rules) -> Answer:
    try:
        return Answer(rules.status, json.dumps(perform(platform, asked)))
    except UnfitRequestError:
        raise
    except JustifiError as refused:
        return refusal(refused)


def _check_headers(asked: Asked, rules: Rules) -> None:
    if rules.needs_sub_account and not asked.sub_account:
        message = "Missing required header: Sub-Account"
        raise UnfitRequestError(400, "sub_account_header_required", message, "base")
    if asked.sub_account and not asked.sub_account.startswith(ACCOUNT):
        raise UnfitRequestError(400, "invalid_sub_account", "Invalid Sub-Account", "base")
    if rules.needs_enabled and asked.sub_account.startswith(DISABLED):
        raise UnfitRequestError(400, "invalid_sub_account", "Sub Account is not enabled", "base")
    if rules.needs_key:
        idempotency.required(asked.key)
