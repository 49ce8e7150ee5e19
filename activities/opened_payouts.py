"""Accounts that pay out, opened for a step: an integration's, or the environment's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from activities.opened_integrations import REGISTRY
from domain.payouts import PayoutAccount
from gateways.faults import Misconfigured
from gateways.integrations import IntegrationGateway
from gateways.payouts import PayingOutIntegration, PayoutGateway


class Opened(Protocol):
    def using(self, integration_id: str) -> AbstractAsyncContextManager[IntegrationGateway]: ...


@dataclass(frozen=True)
class OpenedPayouts:
    """``environment`` by provider."""

    opened: Opened
    environment: Mapping[str, PayoutGateway]

    @asynccontextmanager
    async def of(self, account: PayoutAccount) -> AsyncIterator[PayoutGateway]:
        if account.integration_id is None:
            if account.provider not in self.environment:
                raise Misconfigured(f"no keys of {account.provider} are set", REGISTRY)
            yield self.environment[account.provider]
            return
        async with self.opened.using(account.integration_id) as gateway:
            if not isinstance(gateway, PayingOutIntegration):
                raise Misconfigured(f"{account.name} tells of no payouts", REGISTRY)
            yield gateway.payouts
