"""JustiFi as an integration: what its credentials look like, and a client for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.integrations import Credentials
from gateways.integrations import Ability, Lookup
from gateways.justifi_books import JustifiBooks
from gateways.justifi_charges import JustifiCharges
from gateways.justifi_client import JustifiClient
from gateways.justifi_operations import JustifiOperations
from gateways.justifi_payments import JustifiPayments
from gateways.justifi_payouts import JustifiPayouts
from gateways.justifi_webhooks import JustifiWebhooks


def _key(prefix: str) -> JsonValue:
    return {"type": "string", "pattern": f"^{prefix}_[!-~]+$", "maxLength": 255}


_OF_EITHER_MODE = _key("(test|live)")
_ACCOUNT: JsonValue = {"type": "string", "pattern": "^acc_[A-Za-z0-9]+$", "maxLength": 128}
_SIGNING: JsonValue = {"type": "string", "pattern": "^[!-~]+$", "maxLength": 255}
_PAGE: JsonValue = {
    "type": "string",
    "pattern": "^https?://[^/?#]+/.*[{]checkout_id[}]",
    "maxLength": 500,
    "description": "Your page with JustiFi's checkout form; {checkout_id} stands in its address.",
}


@dataclass(frozen=True)
class JustifiProvider:
    """``api_base`` None is JustiFi's own; it may end in /v1 or not. Tokens are shared in Redis."""

    api_base: str | None = None
    redis_url: str | None = field(default=None, repr=False)

    def sharing(self, redis_url: str, /) -> "JustifiProvider":
        return replace(self, redis_url=redis_url)

    @property
    def credentials_schema(self) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "client_id": _OF_EITHER_MODE,
                "client_secret": _OF_EITHER_MODE,
                "sub_account_id": _ACCOUNT,
                "webhook_secret": _SIGNING,
                "checkout_page": _PAGE,
            },
            "required": ["client_id", "client_secret"],
            "additionalProperties": False,
            # both halves are of one mode
            "if": {"properties": {"client_id": {"pattern": "^live_"}}},
            "then": {"properties": {"client_secret": {"pattern": "^live_"}}},
            "else": {"properties": {"client_secret": {"pattern": "^test_"}}},
        }

    @property
    def secret_field(self) -> str:
        return "client_secret"

    @property
    def pays_out(self) -> bool:
        return True

    @property
    def takes_payments(self) -> bool:
        return True

    def livemode_of(self, credentials: Credentials, /) -> bool:
        return credentials["client_id"].startswith("live_")

    def connect(self, credentials: Credentials, /) -> "JustifiIntegration":
        client = JustifiClient(
            credentials["client_id"],
            credentials["client_secret"],
            self.api_base,
            credentials.get("sub_account_id"),
            redis_url=self.redis_url,
        )
        return JustifiIntegration(JustifiPayments(client, credentials.get("checkout_page")))

    def listen(self, credentials: Credentials, /) -> JustifiWebhooks | None:
        secret = credentials.get("webhook_secret")
        return JustifiWebhooks(secret) if secret else None


@dataclass(frozen=True)
class JustifiIntegration:
    payments: JustifiPayments

    @property
    def abilities(self) -> dict[str, Ability]:
        """Over the connections that its payments keep."""
        charges, books = JustifiCharges(self.payments), JustifiBooks(self.payments.client)
        return {
            "PROCESS_PAYMENT": charges.charge,
            "REFUND_PAYMENT": charges.refund,
            "CREATE_CHECKOUT": charges.create_checkout,
            "RETRIEVE_BALANCE": books.retrieve_balance,
            "LIST_PAYOUTS": books.list_payouts,
            "RETRIEVE_PAYOUT": books.retrieve_payout,
        }

    @property
    def lookups(self) -> dict[str, Lookup]:
        charges = JustifiCharges(self.payments)
        return {"PROCESS_PAYMENT": charges.find_charge, "REFUND_PAYMENT": charges.find_refund}

    @property
    def payouts(self) -> JustifiPayouts:
        return JustifiPayouts(self.payments.client)

    @property
    def operations(self) -> Mapping[str, Ability]:
        return JustifiOperations(self.payments.client).by_name

    async def probe(self) -> None:
        await self.payments.probe()

    async def close(self) -> None:
        await self.payments.close()
