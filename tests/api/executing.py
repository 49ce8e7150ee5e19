"""Integrations of the harbour at the HTTP door, and what is asked of them."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from httpx import AsyncClient, Response
from sqlmodel import delete

from persistence.rows.idempotency import IdempotencyRow
from services.catalogue import Services
from services.integration_runs import IntegrationRuns
from tests.api.door import Door, Json
from tests.harbour import CODE, HarbourAccount

_numbers = count(1)
TOLL: Json = {"amount": 1000, "currency": "SGD"}


@dataclass(frozen=True)
class Berth:
    """One integration, and the account that it is of."""

    integration_id: str
    account: HarbourAccount
    http: AsyncClient

    async def execute(
        self,
        key: str | None = None,
        code: str = "PROCESS_PAYMENT",
        http: AsyncClient | None = None,
        parameters: Json = TOLL,
    ) -> Response:
        headers = {"idempotency-key": key or f"key-{next(_numbers)}"}
        body = {"capability_code": code, "parameters": parameters}
        address = f"/integrations/{self.integration_id}/execute"
        return await (http or self.http).post(address, json=body, headers=headers)

    async def ask(self, what: str, **body: object) -> Response:
        return await self.http.post(f"/integrations/{self.integration_id}/{what}", json=body)

    async def used(self) -> list[Json]:
        """What the audit log says of its uses, the newest first."""
        log = await self.http.get("/audit-log", params={"subject": self.integration_id})
        return [each for each in log.json()["items"] if each["action"] == "integration.used"]


async def berth(door: Door, http: AsyncClient | None = None) -> Berth:
    token = f"token-{next(_numbers)}"
    client = http or door.http
    made = await client.post(
        "/integrations",
        json={"connection_code": CODE, "name": "Berth", "credentials": {"token": token}},
    )
    assert made.status_code == 201, made.text
    return Berth(made.json()["integration_id"], door.harbour.accounts[token], client)


def services_of(door: Door) -> Services:
    services = door.app.state.services
    assert isinstance(services, Services)
    return services


def answering_within(limit: timedelta, door: Door) -> Services:
    """Services whose callers wait that long for an execution."""
    services = services_of(door)
    runs = IntegrationRuns(services.executions.runs.client, answer_within=limit)
    return replace(services, executions=replace(services.executions, runs=runs))


async def forget_answers(door: Door) -> None:
    """As after a day: what the routes have kept of their answers is gone."""
    database = services_of(door).idempotency.database
    async with database.transaction() as session:
        await session.exec(delete(IdempotencyRow))


SOON = timedelta(milliseconds=500)
NEVER = timedelta(hours=1)  # longer than any test lasts


async def until_asked(account: HarbourAccount) -> None:
    async with asyncio.timeout(15):
        await account.asked_at_all.wait()
