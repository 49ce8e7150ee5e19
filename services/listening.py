"""The accounts of integrations whose events come in: their signing secret, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import Unavailable
from gateways.credentials import CredentialVault, UnreadableCredentials
from gateways.integrations import GatewayProvider, ListeningProvider
from gateways.webhooks import WebhookGateway
from persistence.integrations import IntegrationRecords

LOOK_AGAIN = 600  # seconds: an operator has to put a key back


@dataclass(frozen=True)
class Listener:
    """``tenant_id`` is whose account it is; None where it is the environment's."""

    gateway: WebhookGateway
    tenant_id: str | None = None


@dataclass(frozen=True)
class Listening:
    """Opened for each event anew: it takes microseconds, and no secret stays in memory for it."""

    integrations: IntegrationRecords
    vault: CredentialVault
    providers: Mapping[str, GatewayProvider]

    async def to(self, connection_code: str, integration_id: str) -> Listener | None:
        """None where there is no such integration, or nothing to prove its events by.

        An inactive one is still listened to: purchases on it may be under way.
        """
        provider = self.providers.get(connection_code)
        found = await self.integrations.with_secret(integration_id)
        if found is None or not isinstance(provider, ListeningProvider):
            return None
        integration, sealed, _ = found
        if sealed is None or integration.connection_code != connection_code:
            return None
        try:
            credentials = self.vault.open(sealed, integration.secret_place)
        except UnreadableCredentials:
            raise Unavailable(
                "this integration's credentials cannot be opened at present",
                retry_after=LOOK_AGAIN,
            ) from None
        gateway = provider.listen(credentials)
        return Listener(gateway, integration.tenant_id) if gateway else None
