"""Clear text for the Temporal UI, and only for those who may read it: operators, by their key.

On a developer's machine the local UI may ask too: from loopback, under an origin we know.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from api.deps import caller_of
from api.problems import Malformed, on_refusal
from codec import EncryptionCodec
from connections import keyring
from domain.errors import Code, Forbidden, PaybindError, Unavailable
from domain.tenants import PLATFORM_TENANT, Scope
from settings import Settings

MaySee = Callable[[Request], Awaitable[None]]
Translate = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def codec_server(settings: Settings, state: State) -> Starlette:
    """``POST /encode`` and ``/decode``, as the UI and the ``temporal`` command ask for them.

    ``state`` is the API's own: its services know the keys.
    """
    codec = EncryptionCodec(keyring(settings))
    origins = _origins(settings)
    may_see = _who_may_see(origins, settings.paybind_env == "development")
    cors = Middleware(
        CORSMiddleware,
        allow_origins=sorted(origins),
        allow_methods=["POST"],
        allow_headers=["content-type", "x-namespace", "authorization"],
    )
    app = Starlette(
        routes=[
            Route("/encode", _answering(codec.encode, may_see), methods=["POST"]),
            Route("/decode", _answering(codec.decode, may_see), methods=["POST"]),
        ],
        middleware=[cors],
        exception_handlers={PaybindError: on_refusal},
    )
    app.state = state
    return app


def _answering(translate: Translate, may_see: MaySee) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        await may_see(request)
        try:
            given = json_format.Parse(await request.body(), Payloads())
            translated = Payloads(payloads=await translate(given.payloads))
        except (json_format.ParseError, UnicodeDecodeError):
            raise Malformed("the body is not a list of payloads") from None
        except Unavailable:
            unopened = "a payload is sealed by no key of this installation"
            raise Malformed(unopened, Code.INVALID_REQUEST) from None
        return Response(json_format.MessageToJson(translated), media_type="application/json")

    return answer


def _who_may_see(origins: frozenset[str], in_development: bool) -> MaySee:
    async def may_see(request: Request) -> None:
        asks_from_here = in_development and _is_loopback(request)
        if asks_from_here and request.headers.get("origin") in origins:
            return
        caller = await caller_of(request)
        caller.require(Scope.ADMIN)
        if caller.tenant_id != PLATFORM_TENANT:  # payloads of every tenant are read here
            raise Forbidden(Code.MISSING_SCOPE, "only operators of the installation may see this")

    return may_see


def _is_loopback(request: Request) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback


def _origins(settings: Settings) -> frozenset[str]:
    local = (f"http://{host}:{settings.temporal_ui_port}" for host in ("127.0.0.1", "localhost"))
    return frozenset((*settings.codec_allowed_origins, *local))
