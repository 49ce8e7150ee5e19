"""JustiFi's access tokens: one is kept until shortly before its end, and one renewal serves all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeGuard

MARGIN = timedelta(seconds=60)
UNTOLD_LIFETIME = timedelta(hours=24)  # where JustiFi's answer has no expires_in


@dataclass(frozen=True)
class AccessToken:
    """``expires_at`` is in seconds of the clock that the tokens are kept by, its margin off."""

    value: str = field(repr=False)
    expires_at: float


class SharedTokens(Protocol):
    """Where the replicas of an installation find each other's token; it never fails."""

    async def get(self) -> AccessToken | None: ...

    async def put(self, token: AccessToken) -> None: ...

    async def close(self) -> None: ...


class AccessTokens:
    """``fetch`` asks JustiFi for a token, and says in how many seconds it ends, if it was told."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[tuple[str, float | None]]],
        shared: SharedTokens | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._fetch = fetch
        self._shared = shared
        self._now = now
        self._token: AccessToken | None = None
        self._renewal: asyncio.Task[AccessToken] | None = None

    async def current(self) -> str:
        return await self._other_than(None)

    async def instead_of(self, refused: str) -> str:
        """After a 401: the token that others have got meanwhile, or else a new one."""
        return await self._other_than(refused)

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        if self._shared is not None:
            await self._shared.close()

    async def _other_than(self, refused: str | None) -> str:
        if self._serves(self._token, refused):
            return self._token.value
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renewed(refused))
        # shielded: that one caller gives up is nothing to the others who wait
        return (await asyncio.shield(self._renewal)).value

    async def _renewed(self, refused: str | None) -> AccessToken:
        found = await self._shared.get() if self._shared is not None else None
        if not self._serves(found, refused):
            found = await self._fetched()
        self._token = found
        return found

    async def _fetched(self) -> AccessToken:
        value, lifetime = await self._fetch()
        if lifetime is None:
            lifetime = UNTOLD_LIFETIME.total_seconds()
        token = AccessToken(value, self._now() + lifetime - MARGIN.total_seconds())
        if self._shared is not None:
            await self._shared.put(token)
        return token

    def _serves(self, token: AccessToken | None, refused: str | None) -> TypeGuard[AccessToken]:
        return token is not None and token.value != refused and self._now() < token.expires_at
