"""One purchase, from quote to delivered policy. Handlers record facts; ``run`` moves the money."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import (
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.purchases import PurchaseActivities
    from activities.refunds import FoundRefund, RefundActivities, RefundedPayment
    from domain.errors import Code
    from domain.links import workflow_id_of as link_workflow_id_of
    from domain.payments import (
        CheckoutChanged,
        DisputeOpened,
        EmailBounced,
        PaymentRefunded,
        RefundFound,
    )
    from domain.policies import PolicyStatus
    from domain.purchases import (
        Cancellation,
        Purchase,
        PurchaseOrder,
        Refusal,
        ReviewReason,
    )
    from domain.refunds import Refund, RefundRequest, RefundStatus
    from domain.refunds import workflow_id_of as refund_workflow_id_of
    from workflows import attributes, options
    from workflows.checkout import CheckoutStory
    from workflows.issuing import IssuingStory
    from workflows.late_money import LateMoney
    from workflows.link import PaymentLinkWorkflow
    from workflows.notices import Notices
    from workflows.refund import RefundStart, RefundWorkflow
    from workflows.reviews import Reviews
    from workflows.stray_money import StrayMoney
    from workflows.trying import FAILED, promptly, words_of
    from workflows.unknown import count_unknown


@workflow.defn
class PurchaseWorkflow:
    """Started by ``open_checkout``; any later message resumes a purchase whose run has ended."""

    @workflow.init
    def __init__(self, order: PurchaseOrder) -> None:
        self.order = order
        self.reviews = Reviews(order.purchase_id, self._publish)
        self.checkout = CheckoutStory(order, self.reviews, self._publish)
        self.policy = IssuingStory(order, self.reviews, self._publish)
        self.refund_lock = asyncio.Lock()
        self.notices = Notices(order)
        self.late_money = LateMoney(order, self.checkout, self._refund)
        self.stray_money = StrayMoney(order, self.reviews, self._refund)

    @workflow.run
    async def run(self, order: PurchaseOrder) -> Purchase:
        standing = await self.checkout.open()
        if standing is not None:
            self.reviews.open |= set(standing.reviews)
            self.policy.take_up(standing)
        while self.checkout.refusal is None:
            if await self.checkout.follow(self._mind_the_silence, self._tell_of_failure):
                self.policy.is_owed = True
            self._tell_of_failure()
            await self._stop_link()
            await self.late_money.give_back()
            await self.policy.issue(self.checkout.purchase)
            await self.late_money.watch()
            if await self._rests():
                break
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.checkout.purchase

    # What may be asked, and what may be told

    @workflow.update
    async def open_checkout(self) -> Purchase | Refusal:
        """The purchase with its checkout URL, as soon as the provider has given it."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        return self.checkout.refusal or self.checkout.purchase

    @workflow.update
    async def cancel(self, cancellation: Cancellation) -> Purchase | Refusal:
        """Close the checkout. Where a payment was faster, the answer is a paid purchase."""
        story = self.checkout
        await workflow.wait_condition(lambda: story.is_known)
        if story.refusal is not None or story.purchase.is_settled:
            return story.refusal or story.purchase
        story.cancellation, story.cancel_refusal = cancellation, None
        await workflow.wait_condition(lambda: story.cancellation is None)
        return story.cancel_refusal or story.purchase

    @workflow.update
    async def refresh(self, insist: bool = False) -> None:
        """Read the provider now: the word that a payment was made can be lost on its way."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        if self.checkout.refusal is None:
            await self.checkout.look_on_request(insist)

    @workflow.update
    async def refund(self, request: RefundRequest) -> Refund | Refusal:
        """Claim the money and start the refund; one at a time, so that the cap holds."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        return self.checkout.refusal or await self._refund(request)

    @workflow.update
    async def retry_issue(self) -> PolicyStatus:
        """Try at once to issue a paid policy that a person has looked at."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        if not self.policy.may_be_retried(self.checkout.purchase):
            raise ApplicationError("no policy waits to be issued", type=Code.NOT_IN_REVIEW)
        self.policy.retry_asked = True
        await workflow.wait_condition(lambda: not self.policy.retry_asked)
        return self.policy.status

    @workflow.signal
    async def checkout_changed(self, fact: CheckoutChanged) -> None:
        if fact.integration_id is not None:
            await workflow.wait_condition(lambda: self.checkout.is_known)
            left = self.checkout.purchase.left_at(fact.integration_id)
            if left is not None:
                await self.stray_money.look(left, fact.event_id)
                return
        if self.checkout.purchase.is_paid:  # what it tells is known
            await promptly(PurchaseActivities.mark_events_handled, (fact.event_id,))
        elif fact.event_id not in self.checkout.hints:
            self.checkout.hints.append(fact.event_id)

    @workflow.signal
    async def refund_found(self, fact: RefundFound) -> None:
        found = FoundRefund(
            purchase_id=self.order.purchase_id,
            provider=self.order.provider,
            provider_refund_id=fact.provider_refund_id,
            event_id=fact.event_id,
            integration_id=fact.integration_id or self.checkout.purchase.integration_id,
        )
        try:
            async with self.refund_lock:
                refund = await promptly(RefundActivities.adopt_refund, found)
            await self._tell_of_found(refund, fact.event_id)
        except FAILED as error:
            detail = f"{fact.provider_refund_id} could not be read: {words_of(error)}"
            await self.reviews.ask(ReviewReason.REFUND_FAILED, detail, fact.event_id)
        self.policy.refund_asked = True

    @workflow.signal
    async def payment_refunded(self, fact: PaymentRefunded) -> None:
        """By which refund is not told: all of the payment's are read."""
        refunded = RefundedPayment(
            purchase_id=self.order.purchase_id,
            payment_id=fact.payment_id,
            integration_id=fact.integration_id or self.checkout.purchase.integration_id,
        )
        try:
            async with self.refund_lock:
                refunds = await promptly(RefundActivities.adopt_refunds, refunded)
            for refund in refunds:
                await self._tell_of_found(refund, fact.event_id)
            await promptly(PurchaseActivities.mark_events_handled, (fact.event_id,))
        except FAILED as error:
            detail = f"refunds of {fact.payment_id} could not be read: {words_of(error)}"
            await self.reviews.ask(ReviewReason.REFUND_FAILED, detail, fact.event_id)
        self.policy.refund_asked = True

    @workflow.signal
    async def dispute_opened(self, fact: DisputeOpened) -> None:
        detail = f"{fact.dispute_id}: {fact.reason}, {fact.amount}"
        await self.reviews.ask(ReviewReason.DISPUTE_OPENED, detail, fact.event_id)

    @workflow.signal
    async def email_bounced(self, fact: EmailBounced) -> None:
        await self.reviews.ask(ReviewReason.EMAIL_NOT_DELIVERED, fact.email_id, fact.event_id)
        await workflow.wait_condition(lambda: self.checkout.is_known)
        await self.policy.look()  # a policy that bounced is not delivered

    @workflow.signal
    async def review_resolved(self) -> None:
        """A person has closed a review in its row: show what is left to decide."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        standing = await promptly(PurchaseActivities.read_standing, self.order)
        self.reviews.take_up(standing.reviews)
        self.policy.take_up(standing)

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    @workflow.query
    def current(self) -> Purchase:
        return self.checkout.purchase

    # The story

    async def _mind_the_silence(self) -> None:
        self._tell_of_failure()
        waited = workflow.now() - workflow.info().start_time
        if waited > options.SETTLEMENT_WINDOW and not self.reviews.open:
            await self.reviews.ask(ReviewReason.PAYMENT_UNSETTLED, "no word from the bank")

    def _tell_of_failure(self) -> None:
        self.notices.tell_of_failure(self.checkout.purchase)

    async def _stop_link(self) -> None:
        """Tell the link that its quote is paid, so that it reminds nobody."""
        link_id = self.checkout.settled.link_id
        if link_id is None or not self.checkout.purchase.is_paid:
            return
        link: workflow.ExternalWorkflowHandle[PaymentLinkWorkflow] = (
            workflow.get_external_workflow_handle_for(
                PaymentLinkWorkflow.run, link_workflow_id_of(link_id)
            )
        )
        try:
            await link.signal(PaymentLinkWorkflow.quote_paid)
        except FailureError:  # it had ended by itself
            workflow.logger.info("link %s is closed", link_id)

    async def _rests(self) -> bool:
        """Whether every letter and answer is out, no person is asked, and nothing was heard.

        Operators list the purchases that wait for them by the search attributes of open runs: such
        a run stays, and once they have decided it looks again at what is left to do.
        """
        self.policy.retry_asked = False
        await workflow.wait_condition(lambda: bool(self.checkout.hints) or self._is_idle())
        if self.reviews.open and workflow.patched("stay-while-in-review"):
            await workflow.wait_condition(lambda: bool(self.checkout.hints) or self.reviews.decided)
            self.reviews.decided = False  # one of several is enough to look again
            return False
        return not self.checkout.hints

    def _is_idle(self) -> bool:
        return self.notices.are_out and workflow.all_handlers_finished()

    # Steps that several parts of the story take

    async def _refund(self, request: RefundRequest) -> Refund | Refusal:
        async with self.refund_lock:
            refund = await promptly(RefundActivities.record_refund, request)
            if isinstance(refund, Refusal):
                return refund
            if refund.status in (RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING):
                await self._start_refund(refund)
        self.policy.refund_asked = True  # it may be all of the money: look before issuing
        return refund

    async def _tell_of_found(self, refund: Refund, event_id: str) -> None:
        self.notices.tell_of_found(refund)
        if refund.status is RefundStatus.FAILED:
            detail = f"{refund.refund_id}: {refund.failure_reason or 'it did not arrive'}"
            await self.reviews.ask(ReviewReason.REFUND_FAILED, detail, event_id)

    async def _start_refund(self, refund: Refund) -> None:
        """By whoever took the money, which may be another than the order expected."""
        provider = attributes.provider_of(self.checkout.purchase)
        order = self.order.model_copy(update={"provider": provider})
        try:
            await workflow.start_child_workflow(
                RefundWorkflow.run,
                RefundStart(refund=refund, provider=order.provider, livemode=order.livemode),
                id=refund_workflow_id_of(refund.refund_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Refund of {refund.amount}",
                search_attributes=attributes.of_refund(order),
            )
        except WorkflowAlreadyStartedError:  # the same request, repeated
            workflow.logger.info("%s is under way", refund.refund_id)

    def _publish(self) -> None:
        """What operators see in the Temporal UI without opening a history."""
        purchase = self.checkout.purchase
        attributes.show(purchase, self.policy.status, bool(self.reviews.open))
        workflow.set_current_details(attributes.details(purchase, self.checkout.settled))
