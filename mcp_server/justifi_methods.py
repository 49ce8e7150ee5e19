"""The tool that stores a payment method: with a test key, and nobody's card or account alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.errors import Code, Invalid
from domain.published_numbers import TEST_ACCOUNTS, TEST_CARDS, TEST_ROUTING
from domain.tenants import Caller
from mcp_server import arguments as args
from mcp_server import justifi_arguments as given
from mcp_server.justifi_answers import Decline, MethodChange, PaymentMethod
from mcp_server.justifi_desk import Account, JustifiDesk

REPEATED_WITHIN = timedelta(minutes=10)
_INSTEAD = "JustiFi's own form in the customer's browser takes it, and answers a pm_ id"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class JustifiMethods:
    desk: JustifiDesk
    clock: Callable[[], datetime] = _now

    async def create_payment_method(
        self,
        *,
        customer_id: given.CustomerId | None = None,
        card: given.Card | None = None,
        bank_account: given.BankAccount | None = None,
        email: given.Email | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> MethodChange:
        """Store a test card or a test bank account, for prototypes: give one of the two.

        Real numbers are refused here, whatever the key: a customer's card is entered in JustiFi's
        own form. A decline is an answer (status declined). A call repeated within ten minutes is
        the same one.
        """
        caller = await self.desk.callers.current()
        _require_nobodys(card, bank_account, self.desk.livemode)
        group = customer_id if customer_id and customer_id.startswith("pmg_") else None
        noted = {"customer_id": customer_id} if customer_id and group is None else None
        wish: dict[str, JsonValue] = {
            "card": _fields(card, noted),
            "bank_account": _fields(bank_account, noted),
            "email": email,
            "payment_method_group_id": group,
        }
        account = Account(integration_id, sub_account_id)
        key = self._key(caller, account, wish)
        told = await self.desk.change(
            caller, "create_payment_method", account, wish, key, can_join=True
        )
        return self._answer(told)

    def _key(self, caller: Caller, account: Account, wish: JsonObject) -> str:
        asked = json.dumps([account.sub_account_id, dict(wish)], sort_keys=True)
        window = int(self.clock().timestamp() // REPEATED_WITHIN.total_seconds())
        return f"{caller.key_id}:{window}:{sha256(asked.encode()).hexdigest()}"

    def _answer(self, told: JsonObject) -> MethodChange:
        livemode = self.desk.livemode
        if "declined" in told:
            message = "JustiFi refused this card or account: nothing was kept. Try another one."
            decline = Decline.of(told["declined"])
            return MethodChange(
                message=message, livemode=livemode, status="declined", decline=decline
            )
        method = PaymentMethod.of(told.get("object"))
        return MethodChange(
            message=f"Stored as {method.id}: give it to create_payment.",
            livemode=livemode,
            status="done",
            payment_method=method,
        )


def _require_nobodys(
    card: given.Card | None, bank_account: given.BankAccount | None, livemode: bool
) -> None:
    if (card is None) is (bank_account is None):
        raise Invalid(Code.INVALID_REQUEST, "give either card or bank_account")
    if card is not None and (livemode or card.number not in TEST_CARDS):
        raise Invalid(
            Code.CARD_NUMBER_REFUSED, f"only a published test card, with a test key: {_INSTEAD}"
        )
    if bank_account is not None and (
        livemode
        or bank_account.account_number not in TEST_ACCOUNTS
        or bank_account.routing_number != TEST_ROUTING
    ):
        raise Invalid(
            Code.BANK_ACCOUNT_REFUSED, f"only a published test account, with a test key: {_INSTEAD}"
        )


def _fields(
    method: given.Card | given.BankAccount | None, noted: dict[str, str] | None
) -> dict[str, JsonValue] | None:
    if method is None:
        return None
    fields: dict[str, JsonValue] = method.model_dump(exclude_none=True)
    return {**fields, "metadata": {**noted}} if noted else fields
