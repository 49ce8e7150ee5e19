"""API keys: made once, kept as a hash, shown never again."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import Code, NotFound, Unauthorized
from domain.tenants import ApiKey, Caller, Scope
from domain.views import Page
from persistence.keys import KeyRecords

PREFIX = "pbk_"


@dataclass(frozen=True)
class ApiKeyService:
    """``livemode``: keys of the other mode open nothing here, and none is made."""

    keys: KeyRecords
    livemode: bool

    async def authenticate(self, key: str) -> Caller:
        """Who holds this key. A wrong and a revoked one are told apart by nobody."""
        found = await self.keys.by_hash(_hash(key)) if key.startswith(PREFIX) else None
        if found is None:
            raise Unauthorized(Code.UNAUTHORIZED, "the API key is missing, wrong or revoked")
        self._require_our_mode(found)
        return Caller(tenant_id=found.tenant_id, key_id=found.key_id, scopes=found.scopes)

    async def create(
        self, caller: Caller, name: str, scopes: frozenset[Scope]
    ) -> tuple[ApiKey, str]:
        """A new key of the caller's own tenant, and the one look at its secret."""
        caller.require(Scope.ADMIN)
        return await self.issue(caller.tenant_id, name, scopes)

    async def issue(
        self, tenant_id: str, name: str, scopes: frozenset[Scope], secret: str | None = None
    ) -> tuple[ApiKey, str]:
        """For set-up: a key without a caller. The tenant is made where there is none."""
        now = datetime.now(UTC)
        secret = secret or PREFIX + secrets.token_urlsafe(32)
        await self.keys.ensure_tenant(tenant_id, tenant_id, now)
        known = await self.keys.by_hash(_hash(secret))
        if known is None:
            known = await self.keys.create(
                tenant_id,
                name,
                scopes,
                _hash(secret),
                secret[-4:],
                now,
                livemode=self.livemode,
            )
        self._require_our_mode(known)
        return known, secret

    async def page(self, caller: Caller, cursor: str | None, limit: int) -> Page[ApiKey]:
        caller.require(Scope.ADMIN)
        return await self.keys.page(caller.tenant_id, cursor, limit)

    async def revoke(self, caller: Caller, key_id: str) -> ApiKey:
        caller.require(Scope.ADMIN)
        key = await self.keys.revoke(caller.tenant_id, key_id, datetime.now(UTC))
        if key is None:
            raise NotFound(Code.API_KEY_NOT_FOUND, f"no key {key_id}")
        return key

    def _require_our_mode(self, key: ApiKey) -> None:
        if key.livemode is not self.livemode:
            modes = ("live", "test") if key.livemode else ("test", "live")
            message = "this API key is of {} mode, and this installation of {} mode".format(*modes)
            raise Unauthorized(Code.UNAUTHORIZED, message)


def _hash(key: str) -> str:
    """A key has 256 bits of its own: a plain hash cannot be searched."""
    return hashlib.sha256(key.encode()).hexdigest()
