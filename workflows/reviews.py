"""What a person must decide about a purchase, kept in rows and shown in the Temporal UI."""

from collections.abc import Callable, Iterable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.purchases import PurchaseActivities, ReviewFlag
    from domain.purchases import ReviewReason
    from workflows.trying import promptly

DETAIL_LENGTH = 500


class Reviews:
    """``shown`` runs after each change, to publish it."""

    def __init__(self, purchase_id: str, shown: Callable[[], None]) -> None:
        self.purchase_id = purchase_id
        self.shown = shown
        self.open: set[ReviewReason] = set()
        self.decided = False  # by a person, since the run looked last

    async def ask(self, reason: ReviewReason, detail: str, event_id: str | None = None) -> None:
        self.open.add(reason)
        await flag_review(self.purchase_id, reason, detail, event_id)
        self.shown()

    def take_up(self, reasons: Iterable[ReviewReason]) -> None:
        """A person has decided about one: these are left."""
        self.open, self.decided = set(reasons), True

    async def resolve(self, reason: ReviewReason) -> None:
        if reason not in self.open:
            return
        flag = ReviewFlag(purchase_id=self.purchase_id, reason=reason)
        await promptly(PurchaseActivities.resolve_review, flag)
        self.open.discard(reason)
        self.shown()


async def flag_review(
    purchase_id: str, reason: ReviewReason, detail: str, event_id: str | None = None
) -> None:
    flag = ReviewFlag(
        purchase_id=purchase_id,
        reason=reason,
        detail=detail[:DETAIL_LENGTH],
        event_ids=(event_id,) if event_id else (),
    )
    await promptly(PurchaseActivities.flag_review, flag)
