"""The HTTP door as the actors of a demo use it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from domain.model import Model
from installation import Installation

ARRIVES_WITHIN = timedelta(seconds=60)

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

    async def completed(self, purchase_id: str) -> Json:
        """The purchase, once it is paid."""
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            while True:
                purchase = await self("GET", f"/purchases/{purchase_id}")
                if purchase["payment_status"] == "completed":
                    return purchase
                await asyncio.sleep(0.1)

    async def policy_number(self, purchase_id: str) -> str:
        """Of the policy that a paid purchase is completed with."""
        completed = await self("POST", f"/purchases/{purchase_id}/complete")
        return _Policy.model_validate(completed["policy"]).number


class _Policy(Model, extra="ignore"):
    number: str
