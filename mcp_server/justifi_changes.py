"""The tools that change something at JustiFi: a person agrees wherever money moves.

The key that makes a repeated call the same change is drawn when the person is asked, and travels in
the sealed state of the rounds: a repeated round is the same payment, a new call asks anew.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from mcp.server.mcpserver import Context
from mcp.types import InputRequiredResult
from pydantic import JsonValue

from domain.connections import JsonObject
from domain.errors import Code, Conflict, ProviderRefusal
from domain.money import Money
from domain.tenants import Caller, Scope
from mcp_server import arguments as args
from mcp_server import justifi_arguments as given
from mcp_server.asking import Reply, agreement
from mcp_server.justifi_answers import Decline, Payment, PaymentChange
from mcp_server.justifi_desk import Account, JustifiDesk
from mcp_server.plain_text import plain

LONGEST_QUESTION = 1000
DECLINED = (
    "JustiFi declined it: nothing was charged. Another payment method may work; say so to the "
    "customer, and do not repeat this one unasked."
)
NOT_AGREED = "The person who was asked did not agree. Nothing was done."


@dataclass(frozen=True)
class JustifiChanges:
    desk: JustifiDesk

    async def create_payment(
        self,
        context: Context,
        *,
        amount_cents: given.Cents,
        currency: given.UsdOrCad,
        payment_method_id: given.MethodId,
        capture_strategy: given.Strategy = "automatic",
        description: given.Description | None = None,
        metadata: given.Metadata | None = None,
        idempotency_key: given.IdempotencyKey | None = None,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> PaymentChange | InputRequiredResult:
        """Charge a stored payment method. For what insures nothing: policies are sold by purchases.

        A person must agree, your client asks its user; told approval_required, leave it to a
        person. A decline is an answer (status declined). After a time-out look at list_payments
        before calling again: a second call may be a second payment.
        """
        caller = await self.desk.callers.current()
        caller.require(Scope.WRITE)
        account = Account(integration_id, sub_account_id)
        wish: dict[str, JsonValue] = {
            "amount": amount_cents,
            "currency": currency.lower(),
            "payment_method_id": payment_method_id,
            "capture_strategy": capture_strategy,
            "description": description,
            "metadata": metadata,
        }
        amount = Money(minor=amount_cents, currency=currency)
        asked = await self.agreed(context, caller, account, amount, "Take {} at JustiFi", wish)
        if asked is None or isinstance(asked, InputRequiredResult):
            return asked or self._not_agreed()
        key = asked if idempotency_key is None else f"given:{caller.key_id}:{idempotency_key}"
        told = await self.desk.change(
            caller, "create_payment", account, wish, key, can_join=idempotency_key is not None
        )
        return self._payment_change(told, "The payment is made: it is {}.")

    async def capture_payment(
        self,
        context: Context,
        *,
        payment_id: given.PaymentId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> PaymentChange | InputRequiredResult:
        """Take the money of an authorised payment, all of it. A person must agree. Do it within
        seven days: then JustiFi lets the authorisation go.
        """
        account = Account(integration_id, sub_account_id)
        return await self._settled(context, Scope.WRITE, "capture_payment", account, payment_id)

    async def void_payment(
        self,
        context: Context,
        *,
        payment_id: given.PaymentId,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> PaymentChange | InputRequiredResult:
        """Undo a payment within 25 minutes of its making, captured or only authorised. A person
        must agree. Later than that: refund_payment.
        """
        account = Account(integration_id, sub_account_id)
        return await self._settled(context, Scope.REFUND, "void_payment", account, payment_id)

    async def payment(self, account: Account, payment_id: str) -> Payment:
        """Raises ProviderRefusal for one of a purchase, before anybody is asked about it."""
        told = await self.desk.read("retrieve_payment", account, {"id": payment_id})
        payment = told.get("object")
        metadata = payment.get("metadata") if isinstance(payment, dict) else None
        purchase_id = metadata.get("purchase_id") if isinstance(metadata, dict) else None
        if isinstance(purchase_id, str):
            message = f"this payment is of {purchase_id}: refund or cancel the purchase"
            raise ProviderRefusal(message, "payment_of_a_purchase")
        return Payment.of(payment)

    async def agreed(
        self,
        context: Context,
        caller: Caller,
        account: Account,
        amount: Money,
        deed: str,
        wish: Mapping[str, JsonValue],
    ) -> str | InputRequiredResult | None:
        """The key of what a person agreed to; None where they said no.

        Who is asked sees everything that will be sent: nobody agrees to what they have not seen.
        """
        services = self.desk.services
        await services.operations.require_account(caller, "justifi", account.integration_id)
        limit = services.refunds.approval_above.of(amount.currency)
        if amount.minor > limit.minor:
            raise _left_to_a_person(f"{amount} is more than a user may agree to alone ({limit})")
        sent = {name: value for name, value in wish.items() if value is not None}
        shown = json.dumps(sent, ensure_ascii=False)
        if len(shown) > LONGEST_QUESTION:
            raise _left_to_a_person("what is sent is too long to be shown to anybody")
        whose = account.integration_id or account.sub_account_id or "the configured account"
        question = f"{deed.format(amount)} ({whose})? What is sent: {plain(shown, 2000)}"
        asked = await agreement(context, question, secrets.token_urlsafe(16))
        if isinstance(asked, InputRequiredResult):
            return asked
        reply, key = asked
        if reply is Reply.NOBODY_ASKED:
            raise _left_to_a_person("this client cannot ask its user")
        return key if reply is Reply.YES else None

    async def _settled(
        self, context: Context, scope: Scope, operation: str, account: Account, payment_id: str
    ) -> PaymentChange | InputRequiredResult:
        caller = await self.desk.callers.current()
        caller.require(Scope.WRITE)
        caller.require(scope)
        payment = await self.payment(account, payment_id)
        amount = Money(minor=payment.amount, currency=payment.currency)
        verb = "Capture" if operation == "capture_payment" else "Void"
        wish: dict[str, JsonValue] = {"id": payment_id}
        deed = f"{verb} the payment of {{}} at JustiFi"
        asked = await self.agreed(context, caller, account, amount, deed, wish)
        if asked is None or isinstance(asked, InputRequiredResult):
            return asked or self._not_agreed()
        told = await self.desk.change(caller, operation, account, wish, asked)
        return self._payment_change(told, "Done: the payment is {}.")

    def _payment_change(self, told: JsonObject, done: str) -> PaymentChange:
        livemode = self.desk.livemode
        if "declined" in told:
            decline = Decline.of(told["declined"])
            return PaymentChange(
                message=DECLINED, livemode=livemode, status="declined", decline=decline
            )
        payment = Payment.of(told.get("object"))
        message = done.format(payment.status)
        return PaymentChange(message=message, livemode=livemode, status="done", payment=payment)

    def _not_agreed(self) -> PaymentChange:
        return PaymentChange(message=NOT_AGREED, livemode=self.desk.livemode, status="not_agreed")


def _left_to_a_person(why: str) -> Conflict:
    return Conflict(Code.APPROVAL_REQUIRED, f"a person has to do this: {why}")
