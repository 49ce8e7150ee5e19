"""Acme Ledger as a connection of Paybind: its credentials, a harmless probe, and one ability."""

import os
from dataclasses import dataclass, field

import aiohttp
from pydantic import JsonValue

from domain.connections import JsonObject
from domain.integrations import Credentials
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, RefusedByProvider, Unreachable
from gateways.integrations import Ability, Ask, Done

ANSWER_WITHIN = aiohttp.ClientTimeout(total=20, sock_connect=5)


@dataclass(frozen=True)
class AcmeProvider:
    """Called by Paybind with the address set for `acme`, or None.

    The address is the operator's word and never a credential: a tenant could have the worker call
    whatever it can reach.
    """

    api_base: str | None = None

    @property
    def credentials_schema(self) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "token": {"type": "string", "pattern": "^acme_(test|live)_[a-z0-9]+$"},
            },
            "required": ["token"],
            "additionalProperties": False,
        }

    @property
    def secret_field(self) -> str:
        return "token"

    def livemode_of(self, credentials: Credentials, /) -> bool:
        return credentials["token"].startswith("acme_live_")

    def connect(self, credentials: Credentials, /) -> "AcmeIntegration":
        base = self.api_base or os.environ.get("ACME_API_BASE", "https://api.acme.example")
        return AcmeIntegration(base, credentials["token"])


@dataclass
class AcmeIntegration:
    """One client for one integration; Paybind keeps it open while it is used, and closes it."""

    api_base: str
    token: str = field(repr=False)
    payments: None = None  # it takes no payments: purchases are never routed to it
    _http: aiohttp.ClientSession | None = None

    @property
    def abilities(self) -> dict[str, Ability]:
        return {"RETRIEVE_BALANCE": self.retrieve_balance}

    async def probe(self) -> None:
        await self._read("/balance")

    async def retrieve_balance(self, _: Ask, /) -> Done:
        """The answer follows the result_schema that the capability has in the catalogue."""
        read = await self._read("/balance")
        held: JsonValue = [{"amount": read["cents"], "currency": "SGD"}]
        return Done(result={"available": held, "pending": []})

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _read(self, path: str) -> dict[str, int]:
        """Every way to fail is one of Paybind's faults; no message repeats a secret."""
        if self._http is None:
            headers = {"Authorization": f"Bearer {self.token}"}
            self._http = aiohttp.ClientSession(timeout=ANSWER_WITHIN, headers=headers)
        try:
            async with self._http.get(self.api_base + path) as answer:
                if answer.status in (401, 403):
                    raise Misconfigured(f"Acme answered {answer.status}", "acme")
                if answer.status in (429, 503):
                    raise Busy(f"Acme answered {answer.status}")
                if answer.status >= 500:
                    raise OutcomeUnknown(f"Acme answered {answer.status}")
                if answer.status >= 400:
                    raise RefusedByProvider(f"Acme answered {answer.status}")
                read: dict[str, int] = await answer.json()
                return read
        except aiohttp.ClientConnectorError:
            raise Unreachable("Acme could not be reached; nothing was sent") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(f"Acme gave no answer ({type(error).__name__})") from None
