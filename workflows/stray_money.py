"""Money that came to a checkout which the purchase had left: it goes back, and to nothing else."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.purchases import CheckoutRef, PurchaseActivities
    from domain.purchases import PurchaseOrder, Refusal, ReviewReason
    from domain.refunds import Asker, Payment, Refund, RefundRequest, late_refund_id_of
    from domain.routing import PassedOver
    from workflows.reviews import Reviews
    from workflows.trying import FAILED, promptly, words_of


class StrayMoney:
    """``refund`` claims and starts one; the same request again gives the one that stands."""

    def __init__(
        self,
        order: PurchaseOrder,
        reviews: Reviews,
        refund: Callable[[RefundRequest], Awaitable[Refund | Refusal]],
    ) -> None:
        self.order = order
        self.reviews = reviews
        self.refund = refund

    async def look(self, left: PassedOver, event_id: str) -> None:
        """Its account has told of a checkout that was closed: mostly, that it is closed."""
        assert left.session_id is not None  # it was left with a checkout
        ref = CheckoutRef(
            provider=self.order.provider,
            session_id=left.session_id,
            integration_id=left.integration_id,
        )
        try:
            seen = await promptly(PurchaseActivities.fetch_checkout, ref)
        except FAILED as error:
            detail = f"{left.session_id} at {left.name} could not be read: {words_of(error)}"
            await self.reviews.ask(ReviewReason.REFUND_FAILED, detail, event_id)
            return
        if seen.paid is not None and seen.payment_id is not None:
            came = Payment(
                payment_id=seen.payment_id, amount=seen.paid, integration_id=left.integration_id
            )
            await self.refund(self._return_of(came))
        await promptly(PurchaseActivities.mark_events_handled, (event_id,))

    def _return_of(self, came: Payment) -> RefundRequest:
        return RefundRequest(
            refund_id=late_refund_id_of(self.order.purchase_id, came.payment_id),
            purchase_id=self.order.purchase_id,
            tenant_id=self.order.tenant_id,
            asker=Asker.PAYBIND,
            requested_by="late_money",
            needs_approval_above=0,
            stray=came,
        )
