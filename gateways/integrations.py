"""The port of a provider as an integration. A package adds one by the entry points below.

``[project.entry-points."paybind.gateways"]`` names a class or object by its connection_code; what
it names follows ``GatewayProvider``.
"""

from collections.abc import Mapping
from typing import Protocol

from domain.connections import JsonObject
from domain.integrations import Credentials
from gateways.payments import PaymentGateway

ENTRY_POINTS = "paybind.gateways"


class IntegrationGateway(Protocol):
    """A provider opened with one integration's credentials. Raises only ``gateways/faults.py``."""

    @property
    def payments(self) -> PaymentGateway | None:
        """For purchases and refunds; None for a provider that takes no payments."""
        ...

    async def probe(self) -> None:
        """Call the provider harmlessly: that it answers proves address and credentials."""
        ...

    async def execute(
        self, capability_code: str, parameters: JsonObject, idempotency_key: str
    ) -> JsonObject:
        """Do what the capability says, once for a key, and answer after its result_schema.

        The parameters were held against the parameters_schema before.
        """
        ...

    async def close(self) -> None: ...


class GatewayProvider(Protocol):
    """What is known of a provider before any credentials are."""

    @property
    def credentials_schema(self) -> JsonObject:
        """JSON Schema 2020-12 of an object of strings, without further properties."""
        ...

    @property
    def secret_field(self) -> str | None:
        """The credential whose last four characters may be shown; None where nothing is secret."""
        ...

    def livemode_of(self, credentials: Credentials) -> bool | None:
        """Which mode the credentials are for; None where they do not tell."""
        ...

    def connect(self, credentials: Credentials) -> IntegrationGateway:
        """Build the client. Nothing is sent yet."""
        ...


GatewayProviders = Mapping[str, GatewayProvider]
