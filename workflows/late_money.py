"""Money that comes for a purchase which has ended unpaid: looked for, and given back."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from domain.purchases import Purchase, PurchaseOrder, Refusal
    from domain.refunds import Asker, Refund, RefundRequest, late_refund_id_of
    from domain.routing import LATE_MONEY_GRACE, LATE_MONEY_WINDOW
    from workflows import options
    from workflows.checkout import CheckoutStory
    from workflows.waiting import pauses


class LateMoney:
    """``refund`` claims and starts one; the same request again gives the one that stands."""

    def __init__(
        self,
        order: PurchaseOrder,
        checkout: CheckoutStory,
        refund: Callable[[RefundRequest], Awaitable[Refund | Refusal]],
    ) -> None:
        self.order = order
        self.checkout = checkout
        self.refund = refund
        self.until: datetime | None = None

    async def give_back(self) -> None:
        """Money that came after cancel or expiry goes back, once: its refund's id is derived.

        It is refused where all of that money is claimed already: somebody returned it by hand.
        """
        payment_id = self.checkout.purchase.late_payment_id
        if payment_id is None:
            return
        await self.refund(
            RefundRequest(
                refund_id=late_refund_id_of(self.order.purchase_id, payment_id),
                purchase_id=self.order.purchase_id,
                tenant_id=self.order.tenant_id,
                asker=Asker.PAYBIND,
                requested_by="late_money",
                needs_approval_above=0,
            )
        )

    async def watch(self) -> None:
        """A checkout that ended unpaid is read once more: its last webhook may have been lost.

        Where its provider could not close it, daily until that has ended it: whoever has the page
        can pay. What is heard meanwhile is for ``follow``, and the watch goes on after it. Where it
        cannot be read for a day, the look has asked a person, and that ends the watch, too.
        """
        looks = pauses(LATE_MONEY_GRACE, then=options.LATE_MONEY_LOOKS)
        while self._may_come():
            if await self.checkout.hears_within(next(looks), "late money"):
                return
            await self.checkout.look(self._patience())
            await self.give_back()
            if not self._is_left_open():
                self.until = workflow.now()
                return

    def _may_come(self) -> bool:
        purchase = self.checkout.purchase
        if purchase.is_paid or purchase.late_payment_id or purchase.checkout is None:
            return False
        if not _cannot_be_closed(purchase):
            return True
        self.until = self.until or workflow.now() + LATE_MONEY_WINDOW
        return workflow.now() < self.until

    def _is_left_open(self) -> bool:
        seen = self.checkout.seen
        return seen is not None and seen.may_bring_money

    def _patience(self) -> ActivityConfig:
        is_left_open = _cannot_be_closed(self.checkout.purchase)
        return options.LATE_LOOK if is_left_open else options.PATIENTLY


def _cannot_be_closed(purchase: Purchase) -> bool:
    return purchase.route is not None and not purchase.route.may_be_left
