"""`POST /oauth/token`, outside `/v1`: JSON as documented, and form-encoded as some clients send."""

import json
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from simulators.faults import Fault, interrupt_before
from simulators.justifi.credentials import not_authenticated, shown
from simulators.justifi.errors import Wire
from simulators.justifi.exchange import Answer, Asked, Exchange, scripted
from simulators.justifi.platforms import JustifiPlatforms


class Credentials(BaseModel):
    """A form has a `grant_type` as well."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    client_id: str
    client_secret: str


class TokenEndpoint:
    def __init__(self, platforms: JustifiPlatforms, exchange: Exchange) -> None:
        self._platforms = platforms
        self._exchange = exchange
        exchange.serve("/oauth/token", ["POST"], self.issue)

    async def issue(self, request: Request) -> Response:
        asked = await Asked.by(request)
        given = _given(asked.body)

        async def answering(fault: Fault | None) -> Answer:
            await interrupt_before(fault, request)
            if fault and fault.refuses_before_effect:
                return scripted(fault)
            if given is None:
                raise not_authenticated()
            token = self._platforms.issue_token(given.client_id, given.client_secret)
            if fault and fault.kind == "server_error":
                return scripted(fault)
            return Answer(200, json.dumps(self._wire(token)))

        known_as = shown(given.client_id) if given else ""
        return await self._exchange.answer(request, asked, known_as, answering)

    def _wire(self, token: str) -> Wire:
        """JustiFi documents the token alone; the rest was seen in its own clients' tests."""
        if not self._platforms.tells_expiry:
            return {"access_token": token}
        return {
            "access_token": token,
            "token_type": "Bearer",  # nosec B105 - a word of RFC 6750
            "expires_in": int(self._platforms.token_seconds),
        }


def _given(body: str) -> Credentials | None:
    try:
        if body.lstrip().startswith("{"):
            return Credentials.model_validate_json(body)
        return Credentials.model_validate(dict(parse_qsl(body)))
    except ValidationError:
        return None
