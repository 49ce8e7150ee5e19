"""Following one checkout at the provider until it has nothing more to say."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.purchases import CheckoutRef, Opening, PurchaseActivities
    from domain.errors import Code
    from domain.payments import CheckoutSnapshot, Failure
    from domain.purchases import (
        Cancellation,
        Purchase,
        PurchaseOrder,
        Refusal,
        Settled,
        Settlement,
    )
    from workflows import options
    from workflows.trying import fault_of, promptly
    from workflows.waiting import happens_within, pauses


class CheckoutStory:
    """Owns the purchase's state. Webhooks leave hints here, polls need none; both end in apply."""

    def __init__(self, order: PurchaseOrder, shown: Callable[[], None]) -> None:
        self.order = order
        self.shown = shown
        self.purchase = Purchase(order=order)
        self.settled = Settled()
        self.owes_policy = False
        self.is_open = False
        self.refusal: Refusal | None = None
        self.hints: list[str] = []  # ids of events that say: go and read
        self.cancellation: Cancellation | None = None
        self.cancel_refusal: Refusal | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is known where the purchase stands, or that it may not be opened."""
        return self.is_open or self.refusal is not None

    async def open(self) -> None:
        """The row, then the checkout. A fault the provider stored needs a new key, after a look."""
        for group in options.ATTEMPT_GROUPS:
            try:
                await self._open_under(group)
                return
            except ActivityError as error:
                if fault_of(error) != "StoredFault" or group == options.ATTEMPT_GROUPS[-1]:
                    await self._refuse(error)
                    return

    async def follow(self, on_silence: Callable[[], Awaitable[None]]) -> None:
        """Read at every hint and at ever longer pauses; ``on_silence`` runs after a silent one."""
        looks = pauses(*options.FIRST_LOOKS, then=options.NEXT_LOOKS)
        while not self.purchase.is_settled or self.hints:
            pause = options.SETTLEMENT_LOOKS if self.purchase.processing else next(looks)
            heard = await self.hears_within(pause, "the next look")
            if self.cancellation is not None:
                await self._cancel(self.cancellation)
            else:
                await self.look()
            if not heard:
                await on_silence()
        self.cancellation = None

    async def hears_within(self, pause: timedelta, summary: str) -> bool:
        return await happens_within(
            pause, lambda: bool(self.hints) or self.cancellation is not None, summary
        )

    async def look(self) -> None:
        await self._apply(await promptly(PurchaseActivities.fetch_checkout, self._ref()))

    async def _open_under(self, group: int) -> None:
        started_at = workflow.info().start_time
        opening = Opening(
            order=self.order,
            expires_at=started_at + options.CHECKOUT_LIFETIME,
            started_at=started_at,
            group=group,
        )
        standing = await workflow.execute_activity_method(
            PurchaseActivities.open_purchase,
            opening,
            **options.moving_money(self.order.key("checkout", group)),
        )
        if isinstance(standing, Refusal):
            self.refusal = standing
            return
        self.purchase, self.owes_policy = standing.purchase, standing.owes_policy
        self.is_open = True
        self.shown()

    async def _refuse(self, error: ActivityError) -> None:
        """The provider will not open this checkout: the quote is free again, nothing was paid."""
        said = str(error.cause or error)
        failure = Failure(code=fault_of(error) or "timeout", reason=said)
        self.purchase = self.purchase.refused(failure)
        await self._record(())
        self.refusal = Refusal(code=Code.PROVIDER_REFUSED, message=said)

    async def _apply(self, seen: CheckoutSnapshot) -> None:
        """The provider's word, from a webhook or a poll alike, into the purchase and its rows."""
        await self._become(self.purchase.applied(seen, workflow.now()))

    async def _cancel(self, cancellation: Cancellation) -> None:
        """Expire the session; a payment that was faster wins, one under way cannot be stopped."""
        seen = await workflow.execute_activity_method(
            PurchaseActivities.expire_checkout,
            self._ref(),
            **options.moving_money(self.order.key("expire")),
        )
        purchase = self.purchase.applied(seen, workflow.now())
        if purchase.processing:
            self.cancel_refusal = Refusal(
                code=Code.PAYMENT_PROCESSING, message="the bank is still deciding on the payment"
            )
        elif not purchase.is_paid:
            purchase = purchase.cancelled(cancellation.reason)
        await self._become(purchase)
        self.cancellation = None

    async def _become(self, purchase: Purchase) -> None:
        heard = tuple(self.hints)
        if purchase != self.purchase or heard:
            self.purchase = purchase
            await self._record(heard)
        self.hints = [event for event in self.hints if event not in heard]

    async def _record(self, event_ids: tuple[str, ...]) -> None:
        settlement = Settlement(purchase=self.purchase, event_ids=event_ids)
        self.settled = await promptly(PurchaseActivities.record_settlement, settlement)
        self.owes_policy = self.owes_policy or self.purchase.paid_exactly
        self.shown()

    def _ref(self) -> CheckoutRef:
        checkout = self.purchase.checkout
        assert checkout is not None
        return CheckoutRef(provider=self.order.provider, session_id=checkout.session_id)
