"""A tenant with two Stripe accounts, and what the accounts themselves say of a purchase."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from uuid import uuid4

import httpx
from pydantic import JsonValue

from domain.tenants import Scope
from tests.journeys.house import House
from tests.journeys.providers import REFUNDS, SESSIONS, Listed

_numbers = count(1)


@dataclass(frozen=True)
class Account:
    """One of the simulated accounts, and the integration that is for it."""

    integration_id: str
    name: str
    key: str
    simulators: httpx.AsyncClient

    @property
    def shown(self) -> str:
        """How faults and the log name it."""
        return self.key[-4:]

    async def sessions(self, purchase_id: str | None = None) -> list[dict[str, JsonValue]]:
        """All of them, or those of one purchase."""
        return [
            each
            for each in await self._all(SESSIONS)
            if purchase_id in (None, each["client_reference_id"])
        ]

    async def paid(self) -> list[str]:
        """The purchase of each payment that this account has received, oldest first."""
        intents = await self._all("/v1/payment_intents")
        received = [each for each in intents if each["status"] == "succeeded"]
        return [_purchase_of(each) for each in reversed(received)]

    async def refunds(self) -> list[dict[str, JsonValue]]:
        return await self._all(REFUNDS)

    async def _all(self, path: str) -> list[dict[str, JsonValue]]:
        found: list[dict[str, JsonValue]] = []
        more = True
        while more:
            after = {"starting_after": str(found[-1]["id"])} if found else {}
            answer = await self.simulators.get(
                path,
                params={"limit": 100, **after},
                headers={"Authorization": f"Bearer {self.key}"},
            )
            page = Listed.model_validate_json(answer.content)
            found, more = found + page.data, page.has_more
        return found


def _purchase_of(payment: dict[str, JsonValue]) -> str:
    metadata = payment["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["purchase_id"])


@dataclass(frozen=True)
class Branches:
    """``house`` speaks with the tenant's own key. North is the default, south the backup."""

    house: House
    north: Account
    south: Account
    tenant_id: str

    async def pause(self, account: Account, reason: str = "maintenance") -> None:
        address = f"/integrations/{account.integration_id}/pause"
        await _posted(self.house.http, address, {"reason": reason})

    async def resume(self, account: Account) -> None:
        await _posted(self.house.http, f"/integrations/{account.integration_id}/resume", {})

    async def told(self, purchase_id: str) -> list[tuple[str, str | None]]:
        """What the timeline says of the routing, and why."""
        answer = await self.house.http.get(f"/purchases/{purchase_id}/timeline")
        assert answer.status_code == 200, answer.text
        entries = answer.json()["entries"]
        return [(each["what"], each["detail"]) for each in entries if each["source"] == "routing"]


@asynccontextmanager
async def branches(house: House, are_told: bool = True) -> AsyncIterator[Branches]:
    """A tenant of its own. ``are_told``: its accounts have webhook endpoints here."""
    tenant_id = f"ten_branches_{next(_numbers)}"
    headers = await house.key_of(tenant_id, *Scope)
    address = house.running.settings.api_url
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http:
        theirs = replace(house, http=http)
        north = await _account(theirs, "north", are_told)
        south = await _account(theirs, "south", are_told)
        for account in (north, south):
            link: JsonValue = {
                "integration_id": account.integration_id,
                "is_default": account is north,
            }
            await _posted(http, f"/entities/tenant/{tenant_id}/integrations", link)
        yield Branches(theirs, north, south, tenant_id)


async def _account(house: House, name: str, is_told: bool) -> Account:
    key = f"sk_test_{name}{uuid4().hex[:12]}"
    wish: JsonValue = {
        "connection_code": "stripe",
        "name": name,
        "credentials": {"api_key": key},
    }
    integration_id = str((await _posted(house.http, "/integrations", wish))["integration_id"])
    account = Account(integration_id, name, key, house.providers.http)
    if is_told:
        await _have_it_told(house, account)
    return account


async def _have_it_told(house: House, account: Account) -> None:
    endpoint = await account.simulators.post(
        "/v1/webhook_endpoints",
        data={
            "url": f"{house.running.settings.api_url}/webhooks/stripe/{account.integration_id}",
            "enabled_events[]": "*",
        },
        headers={"Authorization": f"Bearer {account.key}"},
    )
    assert endpoint.is_success, endpoint.text
    credentials = {"api_key": account.key, "webhook_secret": endpoint.json()["secret"]}
    changed = await house.http.put(
        f"/integrations/{account.integration_id}", json={"credentials": credentials}
    )
    assert changed.status_code == 200, changed.text


async def _posted(http: httpx.AsyncClient, path: str, body: JsonValue) -> dict[str, JsonValue]:
    answer = await http.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())
