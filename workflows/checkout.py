"""Following one checkout at the provider until it has nothing more to say."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from temporalio import workflow
from temporalio.exceptions import FailureError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.checkouts import Opening
    from activities.purchases import (
        CheckoutExpiry,
        CheckoutRef,
        Detour,
        PurchaseActivities,
        Standing,
    )
    from domain.errors import Code
    from domain.payments import CheckoutSnapshot, CheckoutState, Failure
    from domain.purchases import (
        Cancellation,
        Purchase,
        PurchaseOrder,
        Refusal,
        ReviewReason,
        Settled,
        Settlement,
    )
    from workflows import options
    from workflows.reviews import Reviews
    from workflows.trying import (
        FAILED,
        fault_of,
        promptly,
        under_fresh_keys,
        under_key,
        words_of,
    )
    from workflows.waiting import happens_within, pauses

NOT_OPENED = "The payment page could not be opened. Nothing was charged."


class CheckoutStory:
    """Owns the purchase's state. Webhooks leave hints here, polls need none; both end in look."""

    def __init__(self, order: PurchaseOrder, reviews: Reviews, shown: Callable[[], None]) -> None:
        self.order = order
        self.reviews = reviews
        self.shown = shown
        self.purchase = Purchase(order=order)
        self.settled = Settled()
        self.seen: CheckoutSnapshot | None = None  # at the last look, if that was answered
        self.is_open = False
        self.refusal: Refusal | None = None
        self.hints: list[str] = []  # ids of events that say: go and read
        self.look_asked: asyncio.Event | None = None  # set once somebody's look was taken
        self.cancellation: Cancellation | None = None
        self.cancel_refusal: Refusal | None = None
        self.cancellations = 0  # those that the provider was asked about, by this run
        self.departures = 0  # likewise

    @property
    def is_known(self) -> bool:
        """Whether it is known where the purchase stands, or that it may not be opened."""
        return self.is_open or self.refusal is not None

    async def open(self) -> Standing | None:
        """The row, then the checkout. None where it is refused, and ``refusal`` says why."""
        try:
            standing = await under_fresh_keys(self._open_under, may_wait=self._can_be_bought)
        except FAILED as error:
            await self._refuse(error)
            return None
        if isinstance(standing, Refusal):
            self.refusal = standing
            return None
        self.purchase = standing.purchase
        self.is_open = True
        return standing

    async def follow(
        self, on_silence: Callable[[], Awaitable[None]], on_failover: Callable[[], None]
    ) -> bool:
        """Read at every hint and at ever longer pauses; ``on_silence`` runs after a silent one.

        ``on_failover`` runs once there is a new page to pay on. Whether it was paid meanwhile.
        """
        was_paid = self.purchase.is_paid
        looks = pauses(*options.FIRST_LOOKS, then=options.NEXT_LOOKS)
        pause = next(looks)
        while not self.purchase.is_settled or self.hints:
            heard = await self.hears_within(self._until_look(pause), "the next look")
            if self.cancellation is not None:
                await self._cancel(self.cancellation)
            elif await self.look():
                on_failover()
                looks = pauses(*options.FIRST_LOOKS, then=options.NEXT_LOOKS)
                pause = next(looks)
                continue
            if not heard:
                pause = next(looks)
                if not self.purchase.is_settled:
                    await on_silence()
        self.cancellation = None
        self._answer(self.look_asked)
        return self.purchase.is_paid and not was_paid

    def _until_look(self, pause: timedelta) -> timedelta:
        """Never sleep past the checkout's end: its address is dead from then on."""
        if self.purchase.processing:
            return options.SETTLEMENT_LOOKS
        if self.purchase.checkout is None:
            return pause
        left = self.purchase.checkout.expires_at - workflow.now() + options.JUST_AFTER
        return min(pause, left) if left > timedelta(0) else pause

    async def hears_within(self, pause: timedelta, summary: str) -> bool:
        return await happens_within(pause, self._is_called, summary)

    def _is_called(self) -> bool:
        return bool(self.hints) or self.cancellation is not None or self.look_asked is not None

    async def look(self, patience: ActivityConfig = options.PATIENTLY) -> bool:
        """Read where it stands. Only what was heard before is answered by what is read.

        Whether it was declined, and has failed over.
        """
        heard, asked, before = tuple(self.hints), self.look_asked, self.purchase
        await self._become(await self._read(patience), heard)
        is_news = self.purchase != before or bool(heard)
        has_moved = is_news and await self._fail_over()
        self._answer(asked)
        return has_moved

    async def _fail_over(self) -> bool:
        """To the next backup, once nobody can pay here any more. A payment that was faster wins.

        Where there is no backup the customer had better stay, and try again here.
        """
        if not self.purchase.may_fail_over or not self._wants_to_be_bought():
            return False
        assert self.purchase.route is not None  # it has a rule
        asked = Detour(order=self.order, route=self.purchase.route)
        backup = await promptly(PurchaseActivities.find_backup, asked)
        seen = await self._closed() if backup is not None else None
        if backup is None or seen is None or self.cancellation is not None:
            return False
        is_over = seen.state is CheckoutState.EXPIRED and seen.paid is None
        if not is_over or not self._wants_to_be_bought():
            await self._become(self.purchase.applied(seen, workflow.now()), ())
            return False
        await self._reopen(self.purchase.failed_over(backup, workflow.now()))
        return True

    def _wants_to_be_bought(self) -> bool:
        return self.cancellation is None and self._can_be_bought()

    async def _closed(self) -> CheckoutSnapshot | None:
        """How the checkout ended; None where it could not be closed: then it stays in use."""
        self.departures += 1
        occasion = f"leave-{len(self.purchase.left) + 1}-{self.departures}"
        expire = partial(self._expire_as, occasion)
        try:
            return await under_fresh_keys(expire, may_wait=self._can_be_bought)
        except FAILED as error:
            workflow.logger.warning("%s stays: %s", self.order.purchase_id, words_of(error))
            return None

    async def _reopen(self, moved: Purchase) -> None:
        """Whoever asks for the page from here on waits until there is the new one, or none."""
        self.is_open = False
        await promptly(PurchaseActivities.leave_checkout, moved)
        self.purchase = moved
        self.shown()
        try:
            standing = await under_fresh_keys(self._open_under, may_wait=self._can_be_bought)
            assert not isinstance(standing, Refusal)  # it holds its quote
            self.purchase = standing.purchase
        except FAILED as error:
            await self._become(moved.refused(_not_opened(error)), ())
        self.is_open = True
        self.shown()

    async def look_on_request(self, insist: bool) -> None:
        """Have ``follow`` look; where somebody waits for that already, there is nothing to add.

        That look may be older than the payment: who insists waits for it, and for the next one.
        """
        if self.look_asked is not None:
            if not insist:
                return
            await self.look_asked.wait()
        if not self.purchase.is_settled:
            self.look_asked = self.look_asked or asyncio.Event()
            await self.look_asked.wait()

    def _answer(self, asked: asyncio.Event | None) -> None:
        if asked is not None:
            asked.set()
            self.look_asked = None

    async def _open_under(self, group: int) -> Standing | Refusal:
        opening = Opening(
            order=self.order,
            expires_at=workflow.now() + self._lifetime(),
            started_at=workflow.info().start_time,
            group=group,
        )
        key = self.purchase.checkout_key(group)
        return await under_key(key, PurchaseActivities.open_purchase, opening)

    def _can_be_bought(self) -> bool:
        return self.order.payable_until is None or workflow.now() < self.order.payable_until

    def _lifetime(self) -> timedelta:
        """As long as the quote can be bought, within what the provider allows."""
        if self.order.payable_until is None:
            return options.CHECKOUT_LIFETIME
        payable_for = self.order.payable_until - workflow.now()
        return min(options.CHECKOUT_LIFETIME, max(options.SHORTEST_CHECKOUT, payable_for))

    async def _refuse(self, error: FailureError) -> None:
        """The provider will not open this checkout: the quote is free again, nothing was paid."""
        self.purchase = self.purchase.refused(_not_opened(error))
        with suppress(*FAILED):  # without a row there is nothing to free
            await self._record(())
        self.refusal = Refusal(code=Code.PROVIDER_REFUSED, message=words_of(error))

    async def _read(self, patience: ActivityConfig) -> Purchase:
        """The purchase after the provider's present word; where there is none a person is asked."""
        if self.purchase.checkout is None:
            missing = "the provider tells of a checkout that is not on record"
            await self.reviews.ask(ReviewReason.PAYMENT_UNSETTLED, missing)
            return self.purchase
        try:
            seen = await promptly(PurchaseActivities.fetch_checkout, self._ref(), patience)
        except FAILED as error:
            self.seen = None
            await self.reviews.ask(ReviewReason.PAYMENT_UNSETTLED, words_of(error))
            return self.purchase
        self.seen = seen
        return self.purchase.applied(seen, workflow.now())

    async def _cancel(self, cancellation: Cancellation) -> None:
        """Expire the session; a payment that was faster wins, one under way cannot be stopped."""
        heard = tuple(self.hints)
        self.cancellations += 1
        try:
            seen = await under_fresh_keys(partial(self._expire_as, f"expire-{self.cancellations}"))
        except FAILED as error:
            self.cancel_refusal = Refusal(code=Code.PROVIDER_REFUSED, message=words_of(error))
        else:
            purchase = self.purchase.applied(seen, workflow.now())
            if purchase.processing:
                self.cancel_refusal = Refusal(
                    code=Code.PAYMENT_PROCESSING, message="the bank still decides on the payment"
                )
            elif not purchase.is_paid:
                purchase = purchase.cancelled(cancellation.reason)
            await self._become(purchase, heard)
        self.cancellation = None

    async def _expire_as(self, occasion: str, group: int) -> CheckoutSnapshot:
        """Each occasion has keys of its own: under one key a no is repeated for a day."""
        key = self.order.key(occasion, group)
        checkout = self._ref()
        expiry = CheckoutExpiry(**dict(checkout), idempotency_key=key)
        return await under_key(key, PurchaseActivities.expire_checkout, expiry)

    async def _become(self, purchase: Purchase, heard: tuple[str, ...]) -> None:
        was_settled = self.purchase.is_settled
        if purchase != self.purchase or heard:
            self.purchase = purchase
            await self._record(heard)
        self.hints = [event for event in self.hints if event not in heard]
        if purchase.is_settled and not was_settled:
            await self.reviews.resolve(ReviewReason.PAYMENT_UNSETTLED)

    async def _record(self, event_ids: tuple[str, ...]) -> None:
        settlement = Settlement(purchase=self.purchase, event_ids=event_ids)
        self.settled = await promptly(PurchaseActivities.record_settlement, settlement)
        self.shown()

    def _ref(self) -> CheckoutRef:
        checkout = self.purchase.checkout
        assert checkout is not None
        return CheckoutRef(
            provider=self.order.provider,
            session_id=checkout.session_id,
            integration_id=self.purchase.integration_id,
        )


def _not_opened(error: FailureError) -> Failure:
    return Failure(code=fault_of(error) or "timeout", reason=NOT_OPENED)
