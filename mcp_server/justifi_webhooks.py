"""The tool that lists webhook endpoints: JustiFi's API cannot, so it tells what is served here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from domain.integrations import Integration, IntegrationFilter
from domain.tenants import PLATFORM_TENANT, Caller
from mcp_server.justifi_answers import WebhookEndpoint, WebhookEndpoints
from mcp_server.justifi_desk import JUSTIFI, JustifiDesk

AT_ONCE = 100
_VERIFY = (
    "Take the raw bytes of the body. HMAC-SHA256 with the endpoint's secret over the value of the "
    "header JUSTIFI-TIMESTAMP, a full stop, and those bytes, in lower-case hexadecimal, must equal "
    "the header JUSTIFI-SIGNATURE; compare in constant time. Answer 200 within five seconds."
)
_REGISTER = (
    "JustiFi's dashboard, Developers, Event Publishers: enter url there, and set the secret that "
    "it shows (JUSTIFI_WEBHOOK_SECRET, or webhook_secret of the integration's credentials)."
)


@dataclass(frozen=True)
class JustifiWebhookTools:
    """``api_base``: where events reach us."""

    desk: JustifiDesk
    api_base: str

    async def list_webhook_endpoints(self) -> WebhookEndpoints:
        """The addresses here that JustiFi can send events to, and how to verify their signature.
        JustiFi's API has no list of webhook endpoints; what its dashboard has is not seen here.
        """
        caller = await self.desk.callers.current()
        endpoints = [self._of_the_environment()] if caller.tenant_id == PLATFORM_TENANT else []
        async for integration in self._integrations(caller):
            endpoints.append(await self._of(integration))
        return WebhookEndpoints(
            message="As configured here: JustiFi's API tells none of its own.",
            livemode=self.desk.livemode,
            endpoints=tuple(endpoints),
            verify_signature=_VERIFY,
            where_to_register=_REGISTER,
        )

    def _of_the_environment(self) -> WebhookEndpoint:
        return WebhookEndpoint(
            url=f"{self.api_base}/webhooks/{JUSTIFI}",
            listening=JUSTIFI in self.desk.services.webhooks.gateways,
        )

    async def _integrations(self, caller: Caller) -> AsyncIterator[Integration]:
        cursor: str | None = None
        while True:
            wanted = IntegrationFilter(connection_code=JUSTIFI)
            page = await self.desk.services.integrations.page(caller, wanted, cursor, AT_ONCE)
            for integration in page.items:
                yield integration
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _of(self, integration: Integration) -> WebhookEndpoint:
        listening = self.desk.services.webhooks.listening
        found = await listening.to(JUSTIFI, integration.integration_id)
        return WebhookEndpoint(
            url=f"{self.api_base}/webhooks/{JUSTIFI}/{integration.integration_id}",
            integration_id=integration.integration_id,
            listening=found is not None,
        )
