"""Asking a Stripe integration as an execution does: by the catalogue's schemas, there and back."""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.schemas import require_match
from gateways.integrations import (
    Ask,
    Done,
    IntegrationGateway,
    ProviderCustomer,
    SearchableIntegration,
)
from gateways.stripe_integration import StripeProvider

KEY = "sk_test_of_the_tests"
KNOWN = ProviderCustomer(provider_customer_id="cus_1", payment_method_id="pm_1")


def shipped_schemas(connection_code: str) -> Mapping[str, tuple[JsonObject, JsonObject]]:
    """Of the parameters and the result of each capability that the migrations bring."""
    migration = importlib.import_module("persistence.migrations.versions.0003_integrations")
    capabilities = cast(list[dict[str, JsonObject]], migration.CAPABILITIES)
    return {
        str(each["capability_code"]): (each["parameters_schema"], each["result_schema"])
        for each in capabilities
        if str(each["connection_code"]) == connection_code
    }


@dataclass
class Asking:
    """``customer`` is kept between executions, as it is for the parameters' customer_id."""

    gateway: IntegrationGateway
    schemas: Mapping[str, tuple[JsonObject, JsonObject]]
    customer: ProviderCustomer | None = None
    execution_id: str = "exe_1"
    repeated: bool = False

    async def __call__(self, capability: str, **parameters: JsonValue) -> JsonObject:
        done = await self.done(capability, **parameters)
        self.customer = done.customer or self.customer
        return done.result

    async def done(self, capability: str, **parameters: JsonValue) -> Done:
        done = await self.gateway.abilities[capability](self._ask(capability, parameters))
        require_match(done.result, self.schemas[capability][1], "result")
        return done

    async def found(self, capability: str, **parameters: JsonValue) -> JsonObject | None:
        """What a look finds, which does nothing."""
        assert isinstance(self.gateway, SearchableIntegration)
        done = await self.gateway.lookups[capability](self._ask(capability, parameters))
        return done.result if done else None

    def _ask(self, capability: str, parameters: JsonObject) -> Ask:
        require_match(parameters, self.schemas[capability][0], "parameters")
        return Ask(
            execution_id=self.execution_id,
            parameters=parameters,
            idempotency_key=f"{self.execution_id}:1",
            customer=self.customer,
            repeated=self.repeated,
        )


@asynccontextmanager
async def asking_stripe(url: str, key: str = KEY) -> AsyncIterator[Asking]:
    gateway = StripeProvider(url).connect({"api_key": key})
    try:
        yield Asking(gateway, shipped_schemas("stripe"))
    finally:
        await gateway.close()
