"""An account at a provider whose own API has one operation, ``pay``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from domain.audit import AuditEvent
from domain.connections import JsonObject
from domain.operations import OperationOrder
from gateways.faults import GatewayFault
from gateways.integrations import Ability, Ask, Done, IntegrationGateway

RESULT: JsonObject = {"object": {"id": "py_1"}}


@dataclass
class Account:
    """It fails as told, for as long as ``fault`` is set; ``held`` keeps whoever asks waiting."""

    fault: GatewayFault | None = None
    held: asyncio.Event | None = None
    asked: list[Ask] = field(default_factory=list)
    payments: None = None

    @property
    def abilities(self) -> dict[str, Ability]:
        return {}

    @property
    def operations(self) -> dict[str, Ability]:
        return {"pay": self.pay}

    async def pay(self, ask: Ask, /) -> Done:
        self.asked.append(ask)
        if self.held is not None:
            await self.held.wait()
        if self.fault is not None:
            raise self.fault.with_traceback(None)  # it would grow with every raise
        return Done(result=RESULT)

    async def probe(self) -> None: ...

    async def close(self) -> None: ...

    @asynccontextmanager
    async def using(self, _: str) -> AsyncIterator[IntegrationGateway]:
        yield self


def order(**changes: object) -> OperationOrder:
    wanted: dict[str, object] = {
        "operation_id": "opn_1",
        "tenant_id": "ten_acme",
        "connection_code": "justifi",
        "operation": "pay",
        "parameters": {"amount": 1500},
        "changes": True,
        "livemode": False,
    }
    return OperationOrder.model_validate({**wanted, **changes})


class FakeUses:
    """The audit log, as far as uses are told there."""

    def __init__(self) -> None:
        self.told: list[AuditEvent] = []

    async def write(self, event: AuditEvent, at: datetime) -> None:  # noqa: ARG002
        self.told.append(event)
