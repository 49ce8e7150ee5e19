"""JustiFi's API by the names of its operations: changes, and what one object is.

A payment that a purchase was paid by is changed by the purchase alone: its policy hangs on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from domain.connections import JsonObject
from gateways.faults import RefusedByProvider
from gateways.integrations import Ability, Ask, Done
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import Endpoint
from gateways.justifi_lists import JustifiLists
from gateways.justifi_models import Decline, Payment, PaymentMethod, Payout, Refund
from gateways.justifi_object import JustifiObject
from gateways.justifi_wishes import OneWish, PaymentMethodWish, PaymentWish, RefundWish

T = TypeVar("T", bound=JustifiObject)
# Whatever JustiFi writes in words stays there: it may name a person, or a card.
_OF_A_DECLINE = {"code", "decline_code", "network_error_category", "network_error_code"}


class PayoutReport(JustifiObject):
    id: str | None = None
    csv_url: str | None = None


@dataclass(frozen=True)
class JustifiOperations:
    client: JustifiClient

    @property
    def by_name(self) -> Mapping[str, Ability]:
        return {
            "create_payment_method": self.create_payment_method,
            "create_payment": self.create_payment,
            "capture_payment": self.capture_payment,
            "void_payment": self.void_payment,
            "refund_payment": self.refund_payment,
            "retrieve_payment_method": self._retrieving(
                PaymentMethod, self.client.endpoints.retrieve_payment_method
            ),
            "retrieve_payment": self._retrieving(Payment, self.client.endpoints.retrieve_payment),
            "retrieve_payout": self._retrieving(Payout, self.client.endpoints.retrieve_payout),
            "get_payout_report": self._retrieving(
                PayoutReport, self.client.endpoints.retrieve_payout_report
            ),
            **JustifiLists(self.client).by_name,
        }

    async def create_payment_method(self, ask: Ask, /) -> Done:
        wish = PaymentMethodWish.of(ask)
        made = await self.client.write(
            PaymentMethod,
            self.client.endpoints.create_payment_method,
            idempotency_key=ask.idempotency_key,
            body=wish.body,
            sub_account=wish.sub_account_id,
        )
        return _changed(made)

    async def create_payment(self, ask: Ask, /) -> Done:
        wish = PaymentWish.of(ask)
        made = await self.client.write(
            Payment,
            self.client.endpoints.create_payment,
            idempotency_key=ask.idempotency_key,
            body=wish.body(ask.execution_id),
            sub_account=wish.sub_account_id,
        )
        return _changed(made)

    async def capture_payment(self, ask: Ask, /) -> Done:
        return await self._payment_changed(ask, self.client.endpoints.capture_payment)

    async def void_payment(self, ask: Ask, /) -> Done:
        return await self._payment_changed(ask, self.client.endpoints.void_payment)

    async def refund_payment(self, ask: Ask, /) -> Done:
        wish = RefundWish.of(ask)
        await self._require_no_purchase(wish)
        made = await self.client.write(
            Refund,
            self.client.endpoints.refund_payment,
            wish.id,
            idempotency_key=ask.idempotency_key,
            body=wish.body(ask.execution_id),
            sub_account=wish.sub_account_id,
        )
        return _changed(made)

    async def _payment_changed(self, ask: Ask, endpoint: Endpoint) -> Done:
        wish = OneWish.of(ask)
        await self._require_no_purchase(wish)
        made = await self.client.write(
            Payment,
            endpoint,
            wish.id,
            idempotency_key=ask.idempotency_key,
            sub_account=wish.sub_account_id,
        )
        return _changed(made)

    async def _require_no_purchase(self, wish: OneWish) -> None:
        payment = await self.client.retrieve(
            Payment,
            self.client.endpoints.retrieve_payment,
            wish.id,
            sub_account=wish.sub_account_id,
        )
        purchase_id = (payment.metadata or {}).get("purchase_id")
        if isinstance(purchase_id, str):
            message = f"this payment is of {purchase_id}: refund or cancel the purchase"
            raise RefusedByProvider(message, "payment_of_a_purchase")

    def _retrieving(self, kind: type[T], endpoint: Endpoint) -> Ability:
        async def retrieve(ask: Ask, /) -> Done:
            wish = OneWish.of(ask)
            found = await self.client.retrieve(
                kind, endpoint, wish.id, sub_account=wish.sub_account_id
            )
            return Done(result={"object": found.model_dump(mode="json")})

        return retrieve


def _changed(made: JustifiObject) -> Done:
    result: JsonObject = {"object": made.model_dump(mode="json")}
    if isinstance(made, Decline):
        result = {"declined": made.model_dump(mode="json", include=_OF_A_DECLINE)}
    return Done(result=result)
