"""What providers send: the hot path, so plain routes without schemas."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, compile_path

from api.deps import services_of
from api.problems import answer_to, refusal
from domain.errors import Code, Invalid, PaybindError
from domain.events import provider_of

PATHS = {
    "/webhooks/stripe": "stripe",
    "/webhook/stripe": "stripe",  # the path that older set-ups have at the provider
    "/webhooks/justifi": "justifi",
    "/webhooks/sendgrid": "sendgrid",
}
# Of the account that an integration is for; signed with the secret in its credentials.
OF_INTEGRATION = "/webhooks/{connection_code}/{integration_id:uuid}"
_OF_INTEGRATION = compile_path(OF_INTEGRATION)[0]
_TAKEN = b'{"received": true}'


def webhook_routes(max_body_bytes: int) -> list[BaseRoute]:
    """The environment's accounts first: of these the address is whole."""
    return [
        Route(path, _receiver(source, max_body_bytes), methods=["POST"], name=f"{path} (webhook)")
        for path, source in (*PATHS.items(), (OF_INTEGRATION, None))
    ]


def route_of(path: str) -> str | None:
    """The template of the route by which providers come in; None for any other path."""
    if path in PATHS:
        return path
    return OF_INTEGRATION if _OF_INTEGRATION.match(path) else None


def _receiver(
    of_environment: str | None, max_body_bytes: int
) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        """2xx only after Temporal has the event; 503 makes the provider repeat it."""
        body = await _body_within(request, max_body_bytes)
        if body is None:
            return refusal(413, Code.PAYLOAD_TOO_LARGE, f"the limit is {max_body_bytes} bytes")
        provider = of_environment or provider_of(
            request.path_params["connection_code"], str(request.path_params["integration_id"])
        )
        try:
            await services_of(request).webhooks.receive(provider, body, request.headers)
        except Invalid as unproved:
            return answer_to(unproved, 400)
        except PaybindError as error:
            return answer_to(error)
        return Response(_TAKEN, media_type="application/json")

    return receive


async def _body_within(request: Request, limit: int) -> bytes | None:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
