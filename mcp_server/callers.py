"""Who calls: over HTTP the key of each request, over stdio the one key of the process."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier

from domain.errors import Code, Unauthorized
from domain.tenants import Caller, Scope
from services.api_keys import ApiKeyService


class Callers(Protocol):
    async def current(self) -> Caller:
        """Raises ``Unauthorized``."""
        ...


STDIO = "stdio"  # in place of the address of who asks over it


@dataclass(frozen=True)
class KeyOfProcess:
    """Asked anew at every call, so that a revoked key ends a session that still runs."""

    api_keys: ApiKeyService
    key: str

    async def current(self) -> Caller:
        caller = await self.api_keys.authenticate(self.key)
        return caller.model_copy(update={"address": STDIO})


ADDRESS: ContextVar[str | None] = ContextVar("address", default=None)
"""Where the request comes from that is being answered."""


class KeyOfRequest:
    async def current(self) -> Caller:
        token = get_access_token()
        if token is None or token.subject is None:
            raise Unauthorized(Code.UNAUTHORIZED, "the request carries no API key")
        return Caller(
            tenant_id=token.subject,
            key_id=token.client_id,
            scopes=frozenset(Scope(scope) for scope in token.scopes),
            address=ADDRESS.get(),
        )


@dataclass(frozen=True)
class KeyVerifier(TokenVerifier):
    """API keys as bearer tokens: the key is the client, its tenant the subject."""

    api_keys: ApiKeyService

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            caller = await self.api_keys.authenticate(token)
        except Unauthorized:
            return None
        return AccessToken(
            token=token,
            client_id=caller.key_id,
            subject=caller.tenant_id,
            scopes=sorted(caller.scopes),
        )
