"""Asking JustiFi for the tools: whose account, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.tenants import Caller
from mcp_server.callers import Callers
from services.catalogue import Services
from services.operations import OperationWish

JUSTIFI = "justifi"


@dataclass(frozen=True)
class Account:
    """``integration_id`` None: the environment's. ``sub_account_id`` None: the configured one."""

    integration_id: str | None
    sub_account_id: str | None


@dataclass(frozen=True)
class JustifiDesk:
    services: Services
    callers: Callers

    @property
    def livemode(self) -> bool:
        return self.services.operations.livemode

    async def read(
        self, operation: str, account: Account, parameters: Mapping[str, JsonValue]
    ) -> JsonObject:
        caller = await self.callers.current()
        return await self.services.operations.read(caller, _wish(operation, account, parameters))

    async def change(
        self,
        caller: Caller,
        operation: str,
        account: Account,
        parameters: Mapping[str, JsonValue],
        key: str,
        *,
        can_join: bool = False,
    ) -> JsonObject:
        """``key`` tells two equal changes apart, and makes a repeated one the same.

        ``can_join``: the same call made again has the same key.
        """
        wish = _wish(operation, account, parameters)
        return await self.services.operations.change(caller, wish, key, can_join=can_join)


def listed(told: JsonObject) -> Sequence[JsonValue]:
    data = told.get("data")
    return data if isinstance(data, list) else ()


def _wish(operation: str, account: Account, parameters: Mapping[str, JsonValue]) -> OperationWish:
    asked = {**parameters, "sub_account_id": account.sub_account_id}
    return OperationWish(
        connection_code=JUSTIFI,
        operation=operation,
        parameters={name: value for name, value in asked.items() if value is not None},
        integration_id=account.integration_id,
    )
