"""The refund tool: an agent may ask for money to go back, and a human agrees or it stays.

The key that makes a repeated request the same refund is never an argument. It is drawn when the
question is asked and travels in the sealed state of the rounds, so that a repeated round is the
same refund, while a new call, which asks anew, may be a second equal one. Where nobody can be
asked, a wish equal to one that still waits for an operator is that wish.
"""

import secrets
from dataclasses import dataclass

from mcp.server.mcpserver import Context
from mcp.types import InputRequiredResult

from domain.money import Money
from domain.refunds import CLAIMS_MONEY, Asker, Refund, RefundReason, RefundStatus
from domain.views import PurchaseView
from mcp_server import arguments as args
from mcp_server.answers import RefundAnswer
from mcp_server.asking import Reply, agreement
from mcp_server.callers import Callers
from mcp_server.plain_text import plain
from services.catalogue import Services
from services.refunds import RefundWish
from services.refusals import require_paid

_MESSAGES = {
    RefundStatus.PENDING: "The refund is on its way; the customer gets an e-mail when it is made.",
    RefundStatus.SUCCEEDED: "The refund is made.",
    RefundStatus.FAILED: "The refund failed; a person is looking into it.",
    RefundStatus.DECLINED: "The refund was declined. Nothing was refunded.",
    RefundStatus.AWAITING_APPROVAL: "Nothing is refunded yet: an operator must approve it within "
    "72 hours. Do not ask again; check_payment_status shows what becomes of it.",
}


@dataclass(frozen=True)
class RefundTools:
    """``api_base``: where operators approve."""

    services: Services
    callers: Callers
    api_base: str

    async def refund_payment(
        self,
        context: Context,
        *,
        payment_intent_id: args.PaymentId,
        amount: args.RefundAmount | None = None,
        reason: args.Reason = RefundReason.REQUESTED_BY_CUSTOMER,
    ) -> RefundAnswer | InputRequiredResult:
        """Ask for all or part of a paid purchase to be given back. Call it when the customer wants
        their money back; an unpaid purchase is cancelled with cancel_payment instead.

        A human must agree: your client asks its user, or an operator decides within 72 hours
        (status awaiting_approval), always for large amounts. After a time-out look at refunds in
        check_payment_status before calling again: a second call may be a second refund.
        """
        caller = await self.callers.current()
        view = await self.services.purchases.get(caller, payment_intent_id)
        if context.request_state is None:
            require_paid(view)  # before a human is asked in vain
            if waiting := _equal_and_waiting(view, amount, reason):
                return self._answer(waiting)
        asked = await agreement(context, _question(view, amount), secrets.token_urlsafe(16))
        if isinstance(asked, InputRequiredResult):
            return asked
        reply, key = asked
        if reply is Reply.NO:
            return _declined(view, amount, reason)
        agreed = reply is Reply.YES
        wish = RefundWish(
            purchase=view.purchase_id,
            amount_minor=amount,
            reason=reason,
            key=key if agreed else _unattended_key(view, amount, reason),
        )
        refund = await self.services.refunds.request(caller, wish, Asker.AGENT, agreed)
        return self._answer(refund)

    def _answer(self, refund: Refund) -> RefundAnswer:
        is_waiting = refund.status is RefundStatus.AWAITING_APPROVAL
        address = f"POST {self.api_base}/refunds/{refund.refund_id}/approve"
        return RefundAnswer(
            message=_MESSAGES[refund.status],
            payment_intent_id=refund.purchase_id,
            refund_id=refund.refund_id,
            status=refund.status,
            amount=refund.amount.minor,
            currency=refund.amount.currency,
            livemode=refund.livemode,
            reason=refund.reason,
            approve_at=address if is_waiting else None,
        )


def _question(view: PurchaseView, amount: int | None) -> str:
    """Told to the human with what went back before, so that a second refund is seen as one."""
    wanted = (
        str(Money(minor=amount, currency=view.price.currency)) if amount else "all that is left"
    )
    claimed = view.price.minor - _left(view)
    before = Money(minor=claimed, currency=view.price.currency)
    return (
        f"Refund {wanted} of the {view.price} paid for {plain(view.product_name, 120)} "
        f"({view.purchase_id})? Refunded or being refunded so far: {before}."
    )


def _left(view: PurchaseView) -> int:
    claimed = [each.amount.minor for each in view.refunds if each.status in CLAIMS_MONEY]
    return view.price.minor - sum(claimed)


def _equal_and_waiting(
    view: PurchaseView, amount: int | None, reason: RefundReason
) -> Refund | None:
    """What an agent asked for before and no operator has decided yet."""
    return next(
        (
            each
            for each in view.refunds
            if each.status is RefundStatus.AWAITING_APPROVAL
            and each.asker is Asker.AGENT
            and each.reason is reason
            and (each.amount.minor == amount or (amount is None and _left(view) == 0))
        ),
        None,
    )


def _unattended_key(view: PurchaseView, amount: int | None, reason: RefundReason) -> str:
    """The same for calls that overlap; later equal ones find the first one waiting."""
    return f"unattended:{amount or 'all'}:{reason}:{len(view.refunds)}"


def _declined(view: PurchaseView, amount: int | None, reason: RefundReason) -> RefundAnswer:
    return RefundAnswer(
        message="The person who was asked did not agree. Nothing was refunded.",
        payment_intent_id=view.purchase_id,
        refund_id=None,
        status=RefundStatus.DECLINED,
        amount=amount,
        currency=view.price.currency,
        livemode=view.livemode,
        reason=reason,
    )
