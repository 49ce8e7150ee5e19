"""Stripe as an integration: what its credentials look like, and a client for them."""

from dataclasses import dataclass

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.integrations import Credentials
from gateways.integrations import Ability, Lookup
from gateways.stripe_books import StripeBooks
from gateways.stripe_charges import StripeCharges
from gateways.stripe_customers import StripeCustomers
from gateways.stripe_payments import StripePayments
from gateways.stripe_webhooks import StripeWebhooks

_SECRET: JsonValue = {
    "type": "string",
    "pattern": "^(sk|rk)_(test|live)_[A-Za-z0-9_]+$",
    "maxLength": 255,
}
_PUBLISHABLE: JsonValue = {
    "type": "string",
    "pattern": "^pk_(test|live)_[A-Za-z0-9_]+$",
    "maxLength": 255,
}
_SIGNING: JsonValue = {"type": "string", "pattern": "^whsec_.+$", "maxLength": 255}


@dataclass(frozen=True)
class StripeProvider:
    """``api_base`` None is Stripe's own."""

    api_base: str | None = None

    @property
    def credentials_schema(self) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "api_key": _SECRET,
                "publishable_key": _PUBLISHABLE,
                "webhook_secret": _SIGNING,
            },
            "required": ["api_key"],
            "additionalProperties": False,
            # both keys are of one mode
            "if": {"properties": {"api_key": {"pattern": "^.._live_"}}},
            "then": {"properties": {"publishable_key": {"pattern": "^pk_live_"}}},
            "else": {"properties": {"publishable_key": {"pattern": "^pk_test_"}}},
        }

    @property
    def secret_field(self) -> str:
        return "api_key"

    @property
    def takes_payments(self) -> bool:
        return True

    def livemode_of(self, credentials: Credentials, /) -> bool:
        return credentials["api_key"].startswith(("sk_live_", "rk_live_"))

    def connect(self, credentials: Credentials, /) -> "StripeIntegration":
        return StripeIntegration(StripePayments(credentials["api_key"], self.api_base))

    def listen(self, credentials: Credentials, /) -> StripeWebhooks | None:
        secret = credentials.get("webhook_secret")
        return StripeWebhooks(secret) if secret else None


@dataclass(frozen=True)
class StripeIntegration:
    payments: StripePayments

    @property
    def abilities(self) -> dict[str, Ability]:
        """Over the connections that its payments keep."""
        charges = StripeCharges(self.payments.api)
        customers = StripeCustomers(self.payments.api)
        books = StripeBooks(self.payments.api)
        return {
            "PROCESS_PAYMENT": charges.charge,
            "REFUND_PAYMENT": charges.refund,
            "CREATE_CUSTOMER_PROFILE": customers.create_customer_profile,
            "CREATE_CHECKOUT": customers.create_checkout,
            "SYNC_TRANSACTIONS": books.sync_transactions,
            "RETRIEVE_BALANCE": books.retrieve_balance,
            "LIST_PAYOUTS": books.list_payouts,
            "RETRIEVE_PAYOUT": books.retrieve_payout,
        }

    @property
    def lookups(self) -> dict[str, Lookup]:
        charges = StripeCharges(self.payments.api)
        return {"PROCESS_PAYMENT": charges.find_charge, "REFUND_PAYMENT": charges.find_refund}

    async def probe(self) -> None:
        await self.payments.probe()

    async def close(self) -> None:
        await self.payments.close()
