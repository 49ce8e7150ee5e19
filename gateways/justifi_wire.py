"""JustiFi's HTTP: one request, and what was answered, bounded in time and size."""

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from gateways.justifi_endpoints import Method
from gateways.justifi_faults import Answer, translated

if TYPE_CHECKING:
    import httpx2

PUBLIC_API = "https://api.justifi.ai"
CONNECT_WITHIN = timedelta(seconds=5)
LARGEST_ANSWER = 8 * 1024 * 1024  # bytes; a hundred payments are well under one


class JustifiWire:
    """One long-lived client: connections are kept. Call ``close`` when done.

    ``base_url`` may end in /v1 or not; the token's address lies outside of it either way.
    """

    def __init__(self, base_url: str | None, answer_within: timedelta) -> None:
        import httpx2

        # At INFO it logs addresses with ids in them, and below every header.
        for noisy in ("httpx2", "httpcore2"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        origin = (base_url or PUBLIC_API).rstrip("/").removesuffix("/v1").rstrip("/")
        self.token_url = f"{origin}/oauth/token"
        self.api_url = f"{origin}/v1"
        self._within = answer_within.total_seconds()
        timeout = httpx2.Timeout(self._within, connect=CONNECT_WITHIN.total_seconds())
        self._http = httpx2.AsyncClient(timeout=timeout, verify=_tls(), trust_env=False)

    async def ask(
        self,
        method: Method,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """One try. Raises where no whole answer came."""
        with translated():
            async with asyncio.timeout(self._within):
                request = self._http.build_request(
                    method,
                    url,
                    params=params or None,
                    headers={"Accept": "application/json", **headers},
                    json=body,
                )
                response = await self._http.send(request, stream=True)
                try:
                    content = await _content(response)
                finally:
                    await response.aclose()
        return Answer(response.status_code, _read(content), response.headers)

    async def close(self) -> None:
        await self._http.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients: to read the root certificates takes 70 ms of processor time."""
    return ssl.create_default_context()


async def _content(response: "httpx2.Response") -> bytes:
    """Nothing of an answer that is too large: it is as unreadable as one that is no JSON."""
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > LARGEST_ANSWER:
            return b""
    return bytes(content)


def _read(content: bytes) -> object:
    try:
        read: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return read
