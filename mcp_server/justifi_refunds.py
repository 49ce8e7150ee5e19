"""One refund tool for two kinds of payment: whose an id is decides who gives the money back."""

from dataclasses import dataclass

from mcp.server.mcpserver import Context
from mcp.types import InputRequiredResult
from pydantic import JsonValue

from domain.errors import Code, Invalid, NotFound
from domain.money import Money
from domain.refunds import RefundReason, RefundStatus
from domain.tenants import Caller, Scope
from mcp_server import arguments as args
from mcp_server import justifi_arguments as given
from mcp_server.answers import RefundAnswer
from mcp_server.justifi_answers import Payment, Refund
from mcp_server.justifi_changes import NOT_AGREED, JustifiChanges
from mcp_server.justifi_desk import Account
from mcp_server.refunds import RefundTools

_REASONS = {
    RefundReason.REQUESTED_BY_CUSTOMER: "customer_request",
    RefundReason.DUPLICATE: "duplicate",
    RefundReason.FRAUDULENT: "fraudulent",
}
_STATES = {"pending": RefundStatus.PENDING, "succeeded": RefundStatus.SUCCEEDED}


@dataclass(frozen=True)
class RoutedRefunds:
    purchases: RefundTools
    changes: JustifiChanges

    async def refund_payment(
        self,
        context: Context,
        *,
        payment_intent_id: given.AnyPaymentId,
        amount: given.RefundCents | None = None,
        reason: args.Reason = RefundReason.REQUESTED_BY_CUSTOMER,
        integration_id: args.IntegrationId | None = None,
        sub_account_id: given.SubAccountId | None = None,
    ) -> RefundAnswer | InputRequiredResult:
        """Give all or part of a payment back. A purchase's goes by the purchase, whose policy hangs
        on it; a payment that create_payment made goes back at JustiFi.

        A human must agree: your client asks its user. Of a purchase an operator can decide instead
        (status awaiting_approval); at JustiFi large amounts are left to a person
        (approval_required). After a time-out look at list_payment_refunds, or for a purchase at
        check_payment_status, before calling again: a second call may be a second refund.
        """
        caller = await self.purchases.callers.current()
        if not await self._is_of_a_purchase(caller, payment_intent_id):
            account = Account(integration_id, sub_account_id)
            return await self._at_justifi(
                context, caller, account, payment_intent_id, amount, reason
            )
        return await self.purchases.refund_payment(
            context, payment_intent_id=payment_intent_id, amount=amount, reason=reason
        )

    async def _is_of_a_purchase(self, caller: Caller, payment_id: str) -> bool:
        """What is of no purchase of ours may be of JustiFi alone, by its id."""
        try:
            await self.purchases.services.purchases.get(caller, payment_id)
        except NotFound:
            if payment_id.startswith("py_"):
                return False
            raise
        return True

    async def _at_justifi(
        self,
        context: Context,
        caller: Caller,
        account: Account,
        payment_id: str,
        amount: int | None,
        reason: RefundReason,
    ) -> RefundAnswer | InputRequiredResult:
        caller.require(Scope.WRITE)
        caller.require(Scope.REFUND)
        payment = await self.changes.payment(account, payment_id)
        left = payment.amount if payment.amount_refundable is None else payment.amount_refundable
        back = left if amount is None else amount
        if back > left or left == 0:
            shown = Money(minor=left, currency=payment.currency)
            raise Invalid(Code.REFUND_ABOVE_CAP, f"{shown} is left to refund")
        wish: dict[str, JsonValue] = {"id": payment_id, "amount": amount}
        wish["reason"] = _REASONS[reason]
        asked = await self.changes.agreed(
            context,
            caller,
            account,
            Money(minor=back, currency=payment.currency),
            _deed(payment),
            wish,
        )
        if isinstance(asked, InputRequiredResult):
            return asked
        if asked is None:
            return self._answer(payment, reason, RefundStatus.DECLINED, amount, NOT_AGREED)
        told = await self.changes.desk.change(caller, "refund_payment", account, wish, asked)
        if "declined" in told:
            message = "JustiFi refused the refund. Nothing was given back."
            return self._answer(payment, reason, RefundStatus.FAILED, amount, message)
        refund = Refund.of(told.get("object"))
        status = _STATES.get(refund.status, RefundStatus.FAILED)
        message = f"JustiFi says of the refund: {refund.status}."
        return self._answer(payment, reason, status, refund.amount, message, refund.id)

    def _answer(
        self,
        payment: Payment,
        reason: RefundReason,
        status: RefundStatus,
        amount: int | None,
        message: str,
        refund_id: str | None = None,
    ) -> RefundAnswer:
        return RefundAnswer(
            message=message,
            payment_intent_id=payment.id,
            refund_id=refund_id,
            status=status,
            amount=amount,
            currency=payment.currency.upper(),
            livemode=self.changes.desk.livemode,
            reason=reason,
        )


def _deed(payment: Payment) -> str:
    """Told with what went back before, so that a second refund is seen as one."""
    paid = Money(minor=payment.amount, currency=payment.currency)
    before = Money(minor=payment.amount_refunded or 0, currency=payment.currency)
    return f"Refund {{}} of the {paid} paid at JustiFi, of which {before} went back before,"
