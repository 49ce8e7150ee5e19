"""The tools of one purchase: start it, follow it, take its policy, cancel it."""

from dataclasses import dataclass

from mcp.server.mcpserver import Context
from mcp.types import InputRequiredResult

from domain.money import Money
from mcp_server import arguments as args
from mcp_server.answering import Answering
from mcp_server.answers import (
    CancelledPayment,
    CompletedPurchase,
    PurchaseState,
    StartedPurchase,
)
from mcp_server.asking import offer_url
from mcp_server.callers import Callers
from mcp_server.progress import progress_told
from services.catalogue import Services
from services.openings import PurchaseRequest


@dataclass(frozen=True)
class PurchaseTools:
    services: Services
    callers: Callers
    answering: Answering

    async def initiate_purchase(
        self,
        context: Context,
        *,
        user_id: args.UserId,
        quote_id: args.QuoteId,
        amount: args.Amount,
        currency: args.Currency = "SGD",
        product_name: args.ProductName,  # noqa: ARG002 - the quote's own name is what is sold
        customer_email: args.Email | None = None,
    ) -> StartedPurchase | InputRequiredResult:
        """Start the payment of a quote: opens a checkout and answers the URL where the customer
        pays. Call it once the customer has said that they want to buy this quote at this price.

        Next: give checkout_url to the customer, then call check_payment_status. Card details are
        entered on that page only; never ask for them here. Calling again with the same ids is
        safe, also after a time-out: the same quote joins the same purchase and is charged once.
        Told other_customer, the quote is being bought with another user_id or e-mail.
        """
        caller = await self.callers.current()
        purchase = await self.services.purchases.start(
            caller,
            PurchaseRequest(
                quote_id=quote_id,
                user_id=user_id,
                price=Money(minor=amount, currency=currency),
                customer_email=customer_email,
            ),
        )
        answer = self.answering.started(purchase)
        return await _checkout_offered(context, answer) or answer

    async def check_payment_status(self, *, payment_intent_id: args.PaymentId) -> PurchaseState:
        """Read where a purchase stands: pending, completed, failed, expired or cancelled, with its
        refunds and its policy. It changes nothing; call it whenever you need to know.

        Next: completed → complete_purchase. pending, or failed with can_retry → the customer pays
        at checkout_url; look again in a few seconds. Still pending though the customer says they
        have paid → complete_purchase asks the payment provider. expired, cancelled or failed for
        good → initiate_purchase opens a new checkout while the quote is valid.
        """
        caller = await self.callers.current()
        return self.answering.state(await self.services.purchases.get(caller, payment_intent_id))

    async def complete_purchase(
        self, context: Context, *, payment_intent_id: args.PaymentId
    ) -> CompletedPurchase:
        """Get the policy of a paid purchase; waits up to 20 seconds while it is being issued. Call
        it once check_payment_status says completed, or when the customer says that they have paid.

        The policy is issued by the payment itself and e-mailed to the customer: this only fetches
        it, and every call answers the same policy. Told policy_pending, call again in a moment.
        Told not_paid, the payment provider knows of no payment: the customer has to pay first. Told
        policy_cancelled, all of the money went back: the customer has no cover. Told
        purchase_closed, initiate_purchase opens a new checkout for the quote.
        """
        caller = await self.callers.current()
        async with progress_told(context, "the policy is being issued"):
            view, policy = await self.services.purchases.complete(caller, payment_intent_id)
        return self.answering.completed(view, policy)

    async def cancel_payment(
        self, *, payment_intent_id: args.PaymentId, reason: args.CancelReason | None = None
    ) -> CancelledPayment:
        """Close the checkout of a purchase that is not paid, so that nobody can pay it any more.
        Call it when the customer no longer wants to buy.

        A paid purchase is not cancelled: the answer is the error already_paid, and refund_payment
        is the next step. Calling again is safe.
        """
        caller = await self.callers.current()
        view = await self.services.purchases.cancel(caller, payment_intent_id, reason)
        return CancelledPayment(
            payment_intent_id=view.purchase_id,
            message="Payment successfully cancelled. The quote may be bought again while valid.",
        )


async def _checkout_offered(
    context: Context, answer: StartedPurchase
) -> InputRequiredResult | None:
    if answer.checkout_url is None:
        return None
    return await offer_url(
        context,
        f"Pay for {answer.product_name}",
        answer.checkout_url,
        answer.payment_intent_id,
    )
