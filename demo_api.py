"""The HTTP door as the actors of a demo use it."""

from dataclasses import dataclass

import aiohttp

from installation import Installation

Json = dict[str, object]


@dataclass(frozen=True)
class DemoApi:
    """Speaks with the key that the installation announced."""

    running: Installation
    http: aiohttp.ClientSession

    async def __call__(
        self, method: str, path: str, body: Json | None = None, key: str | None = None
    ) -> Json:
        """``key``: an Idempotency-Key."""
        url = f"{self.running.settings.api_url}{path}"
        headers = {"Authorization": f"Bearer {self.running.api_key}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            if not answer.ok:
                raise RuntimeError(f"{method} {path}: {await answer.text()}")
            return dict(await answer.json())
