"""The port of a provider as an integration. A package adds one by the entry points below.

``[project.entry-points."paybind.gateways"]`` names a class or object by its connection_code; what
it names follows ``GatewayProvider``.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from domain.connections import JsonObject
from domain.executions import ProviderCustomer as ProviderCustomer
from domain.integrations import Credentials
from domain.model import Model
from gateways.payments import PaymentGateway
from gateways.webhooks import WebhookGateway

ENTRY_POINTS = "paybind.gateways"


class Ask(Model):
    """One execution. ``customer`` is there where the parameters name a customer_id that is known.

    ``execution_id`` rides in the provider's metadata; ``repeated`` says that an earlier attempt may
    have had its effect under another key: look for it before acting.
    """

    execution_id: str
    parameters: JsonObject
    idempotency_key: str
    customer: ProviderCustomer | None = None
    repeated: bool = False


class Done(Model):
    """``result`` follows the result_schema. ``customer`` is to be kept for later executions."""

    result: JsonObject
    customer: ProviderCustomer | None = None


class Ability(Protocol):
    """Does what a capability says, once for a key. What the business expects, such as a decline,
    is a result. The parameters were held against the parameters_schema before.
    """

    async def __call__(self, ask: Ask, /) -> Done: ...


class Lookup(Protocol):
    """Finds what an ability has done for an execution, by its metadata, and does nothing itself.

    None where there is nothing. A refusal: from here it cannot be told.
    """

    async def __call__(self, ask: Ask, /) -> Done | None: ...


class IntegrationGateway(Protocol):
    """A provider opened with one integration's credentials. Raises only ``gateways/faults.py``."""

    @property
    def payments(self) -> PaymentGateway | None:
        """For purchases and refunds; None for a provider that takes no payments."""
        ...

    @property
    def abilities(self) -> Mapping[str, Ability]:
        """How each capability is done, by its code."""
        ...

    async def probe(self) -> None:
        """Call the provider harmlessly: that it answers proves address and credentials."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class OperatedIntegration(Protocol):
    """An ``IntegrationGateway`` whose provider's own API can be asked, operation by operation."""

    @property
    def operations(self) -> Mapping[str, Ability]:
        """By the provider's own names. ``execution_id`` and the key are the operation's id."""
        ...


@runtime_checkable
class SearchableIntegration(Protocol):
    """An ``IntegrationGateway`` that finds again what it did: without that a person must look."""

    @property
    def lookups(self) -> Mapping[str, Lookup]:
        """By the codes of the capabilities that move money."""
        ...


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

    def livemode_of(self, credentials: Credentials, /) -> bool | None:
        """Which mode the credentials are for; None where they do not tell."""
        ...

    def connect(self, credentials: Credentials, /) -> IntegrationGateway:
        """Build the client. Nothing is sent yet."""
        ...


@runtime_checkable
class ListeningProvider(Protocol):
    """One whose events come to ``POST /webhooks/{connection_code}/{integration_id}``."""

    def listen(self, credentials: Credentials, /) -> WebhookGateway | None:
        """None where the credentials hold nothing to prove its events by."""
        ...


@runtime_checkable
class SharingProvider(Protocol):
    """One whose clients share what saves them calls, such as a token, between all replicas."""

    def sharing(self, redis_url: str, /) -> GatewayProvider:
        """The same provider with a Redis; it works as well where that cannot be reached."""
        ...


@runtime_checkable
class PaymentProvider(Protocol):
    """One whose integrations have ``payments``: purchases can be routed to them."""

    @property
    def takes_payments(self) -> bool: ...


GatewayProviders = Mapping[str, GatewayProvider]


def takes_payments(provider: GatewayProvider) -> bool:
    return isinstance(provider, PaymentProvider) and provider.takes_payments
