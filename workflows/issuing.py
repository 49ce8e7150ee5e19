"""What is owed for exact money: the printed policy, in the customer's hands, or the money back."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.policies import PolicyActivities
    from activities.purchases import PurchaseActivities, Standing
    from domain.emails import CAME_BACK, EmailOrder, EmailTemplate, email_id_of
    from domain.policies import PolicyStatus
    from domain.purchases import Purchase, PurchaseOrder, ReviewReason
    from workflows import options
    from workflows.mailing import NEEDLESS, deliver
    from workflows.reviews import Reviews
    from workflows.trying import FAILED, promptly, words_of
    from workflows.waiting import happens_within, pauses


class IssuingStory:
    """Nobody gets both the policy and all of the money; a person decides where printing fails."""

    def __init__(self, order: PurchaseOrder, reviews: Reviews, shown: Callable[[], None]) -> None:
        self.order = order
        self.reviews = reviews
        self.shown = shown
        self.status = PolicyStatus.NONE
        self.is_owed = False
        self.goes_back = False  # all of the money is claimed by refunds
        self.retry_asked = False
        self.refund_asked = False

    def take_up(self, standing: Standing) -> None:
        self.status = standing.policy_status
        self.is_owed = standing.owes_policy
        self.goes_back = standing.goes_back
        self.shown()

    async def look(self) -> None:
        """Where policy and refunds stand in their rows, which have other writers too."""
        self.take_up(await promptly(PurchaseActivities.read_standing, self.order))

    def may_be_retried(self, purchase: Purchase) -> bool:
        return self.is_owed and self.status is PolicyStatus.NONE and purchase.paid_exactly

    async def issue(self, purchase: Purchase) -> None:
        """Until the policy is with the customer, or the money is back."""
        if self.is_owed and not purchase.paid_exactly:
            await self.reviews.ask(ReviewReason.AMOUNT_DIFFERS, f"paid {purchase.paid}")
            return
        looks = _looks()
        while self.is_owed:
            if not self.goes_back and await self._print() and not self.refund_asked:
                await self._deliver()
                return
            await self._wait_for_a_person(next(looks))
            if self.refund_asked:
                self.refund_asked, looks = False, _looks()
            await self.look()
        await self.reviews.resolve(ReviewReason.POLICY_NOT_ISSUED)

    async def _print(self) -> bool:
        try:
            await workflow.execute_activity_method(
                PolicyActivities.issue_policy, self.order.purchase_id, **options.ISSUE_POLICY
            )
        except FAILED as error:
            await self.reviews.ask(ReviewReason.POLICY_NOT_ISSUED, words_of(error))
            return False
        self.status = PolicyStatus.ISSUED
        await self.reviews.resolve(ReviewReason.POLICY_NOT_ISSUED)
        return True

    async def _deliver(self) -> None:
        """A failing mail service never un-issues a policy: it is shown as issued, not delivered."""
        self.retry_asked = False
        confirmation = EmailOrder(
            email_id=email_id_of(self.order.purchase_id, EmailTemplate.PAYMENT_CONFIRMATION),
            template=EmailTemplate.PAYMENT_CONFIRMATION,
            tenant_id=self.order.tenant_id,
            purchase_id=self.order.purchase_id,
            livemode=self.order.livemode,
        )
        fault = await deliver(confirmation, when_delayed=self.shown)
        self.is_owed = False
        if fault is None:
            self.status = PolicyStatus.DELIVERED
            self.shown()
        elif fault != NEEDLESS and not _has_an_event(fault):
            await self.reviews.ask(ReviewReason.EMAIL_NOT_DELIVERED, fault)

    async def _wait_for_a_person(self, pause: timedelta) -> None:
        """After the pause printing, or the refund under way, is looked at by itself, too."""
        self.retry_asked = False
        await happens_within(pause, lambda: self.retry_asked or self.refund_asked, "a person")


def _has_an_event(fault: str) -> bool:
    """Which asks a person by itself, who may have decided already."""
    return fault in CAME_BACK and workflow.patched("leave-bounces-to-their-events")


def _looks() -> Iterator[timedelta]:
    return pauses(*options.FIRST_LOOKS, then=options.NEXT_ISSUE)
