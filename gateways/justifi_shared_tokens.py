"""Replicas that share one access token of JustiFi's, in Redis, sealed by the client secret."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from hmac import digest
from time import time
from typing import TYPE_CHECKING

from gateways.justifi_tokens import AccessToken
from gateways.keyring import Keyring

if TYPE_CHECKING:
    from redis.asyncio import Redis

PATIENCE_SECONDS = 1.0  # a slow Redis is no reason to wait longer than JustiFi itself would take
_log = logging.getLogger(__name__)


class RedisTokens:
    """Redis is never needed: where it fails, each replica gets a token of its own.

    What lies there opens for those alone who know the client secret, and could ask JustiFi anyway.
    """

    def __init__(
        self,
        redis_url: str,
        client_id: str,
        client_secret: str,
        token_url: str,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        place = sha256(f"{token_url} {client_id}".encode()).hexdigest()
        self._place = f"paybind:justifi:token:{place}"
        key = digest(client_secret.encode(), self._place.encode(), "sha256")
        self._keyring = Keyring({"client": key}, "client")
        self._redis = _redis(redis_url, patience_seconds)

    async def get(self) -> AccessToken | None:
        with _not_needed("read"):
            sealed = await self._redis.get(self._place)
            if isinstance(sealed, bytes):
                opened = json.loads(self._keyring.open("client", sealed, self._place.encode()))
                return AccessToken(str(opened["value"]), float(opened["expires_at"]))
        return None

    async def put(self, token: AccessToken) -> None:
        remaining = int((token.expires_at - time()) * 1000)
        if remaining <= 0:
            return
        plain = json.dumps({"value": token.value, "expires_at": token.expires_at}).encode()
        with _not_needed("written"):
            sealed = self._keyring.seal(plain, self._place.encode())
            await self._redis.set(self._place, sealed, px=remaining)

    async def close(self) -> None:
        with _not_needed("closed"):
            await self._redis.aclose()


@contextmanager
def _not_needed(what: str) -> Iterator[None]:
    """Whatever goes wrong inside is told and passed over; a line of the log names no token."""
    import redis
    from cryptography.exceptions import InvalidTag

    try:
        yield
    except (redis.RedisError, OSError, InvalidTag, ValueError, LookupError, TypeError) as error:
        _log.warning("the shared token could not be %s (%s)", what, type(error).__name__)


def _redis(redis_url: str, patience_seconds: float) -> "Redis":
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise ValueError("PAYBIND_REDIS_URL needs the package redis: paybind[redis]") from None
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=patience_seconds,
        socket_timeout=patience_seconds,
        retry=Retry(NoBackoff(), 0),
    )
