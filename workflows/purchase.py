"""One purchase, from quote to delivered policy. Handlers record facts; ``run`` moves the money."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.policies import PolicyActivities
    from activities.purchases import PurchaseActivities
    from activities.refunds import FoundRefund, RefundActivities
    from domain.emails import EmailOrder, EmailTemplate, email_id_of
    from domain.errors import Code
    from domain.links import workflow_id_of as link_workflow_id_of
    from domain.payments import CheckoutChanged, DisputeOpened, EmailBounced, RefundFound
    from domain.policies import PolicyStatus
    from domain.purchases import (
        Cancellation,
        PaymentStatus,
        Purchase,
        PurchaseOrder,
        Refusal,
        ReviewReason,
    )
    from domain.refunds import (
        Asker,
        Refund,
        RefundRequest,
        RefundStatus,
        late_refund_id_of,
    )
    from domain.refunds import workflow_id_of as refund_workflow_id_of
    from workflows import attributes, options
    from workflows.checkout import CheckoutStory
    from workflows.link import PaymentLinkWorkflow
    from workflows.mailing import deliver
    from workflows.refund import RefundStart, RefundWorkflow
    from workflows.reviews import Reviews
    from workflows.trying import promptly
    from workflows.waiting import happens_within


@workflow.defn
class PurchaseWorkflow:
    """Started by ``open_checkout``; any later message resumes a purchase whose run has ended."""

    @workflow.init
    def __init__(self, order: PurchaseOrder) -> None:
        self.order = order
        self.checkout = CheckoutStory(order, self._publish)
        self.reviews = Reviews(order.purchase_id, self._publish)
        self.policy_status = PolicyStatus.NONE
        self.retry_asked = False
        self.refunding_all = False
        self.refund_lock = asyncio.Lock()
        self.decline_told: asyncio.Task[str | None] | None = None

    @workflow.run
    async def run(self, order: PurchaseOrder) -> Purchase:
        await self.checkout.open()
        while self.checkout.refusal is None:
            await self.checkout.follow(on_silence=self._mind_the_silence)
            await self._stop_link()
            await self._return_late_money()
            await self._issue_policy()
            await self._watch_for_late_money()
            if not self.checkout.hints:
                break
        await self._finish()
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
        if story.refusal is None and not story.purchase.is_settled:
            story.cancellation = cancellation
            await workflow.wait_condition(lambda: story.cancellation is None)
        refused, story.cancel_refusal = story.cancel_refusal, None
        return refused or story.refusal or story.purchase

    @workflow.update
    async def refund(self, request: RefundRequest) -> Refund | Refusal:
        """Claim the money and start the refund; one at a time, so that the cap holds."""
        await workflow.wait_condition(lambda: self.checkout.is_known)
        return await self._refund(request)

    @workflow.update
    async def retry_issue(self) -> PolicyStatus:
        """Try at once to issue a paid policy that a person has looked at."""
        self.retry_asked = True
        await workflow.wait_condition(lambda: not self.retry_asked)
        return self.policy_status

    @retry_issue.validator
    def validate_retry_issue(self) -> None:
        if self.policy_status is not PolicyStatus.NONE:
            raise ApplicationError("the policy is issued", type=Code.NOT_IN_REVIEW)

    @workflow.signal
    async def checkout_changed(self, fact: CheckoutChanged) -> None:
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
        )
        async with self.refund_lock:
            await promptly(RefundActivities.adopt_refund, found)

    @workflow.signal
    async def dispute_opened(self, fact: DisputeOpened) -> None:
        detail = f"{fact.dispute_id}: {fact.reason}, {fact.amount}"
        await self.reviews.ask(ReviewReason.DISPUTE_OPENED, detail, fact.event_id)

    @workflow.signal
    async def email_bounced(self, fact: EmailBounced) -> None:
        await self.reviews.ask(ReviewReason.EMAIL_NOT_DELIVERED, fact.email_id, fact.event_id)

    @workflow.query
    def current(self) -> Purchase:
        return self.checkout.purchase

    # The story

    async def _mind_the_silence(self) -> None:
        self._tell_of_decline()
        waited = workflow.now() - workflow.info().start_time
        if waited > options.SETTLEMENT_WINDOW and not self.reviews.open:
            await self.reviews.ask(ReviewReason.PAYMENT_UNSETTLED, "no word from the bank")

    async def _stop_link(self) -> None:
        """Tell the link that its quote is paid, so that it reminds nobody."""
        link_id = self.checkout.settled.link_id
        if link_id is None or not self.checkout.purchase.is_paid:
            return
        link = workflow.get_external_workflow_handle_for(
            PaymentLinkWorkflow.run, link_workflow_id_of(link_id)
        )
        try:
            await link.signal(PaymentLinkWorkflow.quote_paid)
        except FailureError:  # it had ended by itself
            workflow.logger.info("link %s is closed", link_id)

    async def _return_late_money(self) -> None:
        """Money that came after cancel or expiry goes back, once: its refund's id is derived."""
        payment_id = self.checkout.purchase.late_payment_id
        if payment_id is None:
            return
        await self._refund(
            RefundRequest(
                refund_id=late_refund_id_of(self.order.purchase_id, payment_id),
                purchase_id=self.order.purchase_id,
                tenant_id=self.order.tenant_id,
                asker=Asker.PAYBIND,
                requested_by="late_money",
                needs_approval_above=0,
            )
        )

    async def _issue_policy(self) -> None:
        """Print, then deliver. What cannot be printed waits for a person, and is tried again."""
        purchase = self.checkout.purchase
        if purchase.is_paid and not purchase.paid_exactly:
            await self.reviews.ask(ReviewReason.AMOUNT_DIFFERS, f"paid {purchase.paid}")
            return
        while self.checkout.owes_policy and not self.refunding_all:
            if await self._print_policy():
                await self._deliver_policy()
                return
            self.retry_asked = False
            await happens_within(
                options.NEXT_ISSUE, lambda: self.retry_asked or self.refunding_all, "a person"
            )

    async def _print_policy(self) -> bool:
        try:
            await workflow.execute_activity_method(
                PolicyActivities.issue_policy, self.order.purchase_id, **options.ISSUE_POLICY
            )
        except ActivityError as error:
            await self.reviews.ask(ReviewReason.POLICY_NOT_ISSUED, str(error.cause or error))
            return False
        self.policy_status = PolicyStatus.ISSUED
        await self.reviews.resolve(ReviewReason.POLICY_NOT_ISSUED)
        return True

    async def _deliver_policy(self) -> None:
        """A failing mail service never un-issues a policy: it is shown as issued, not delivered."""
        self.retry_asked = False
        fault = await deliver(self._email(EmailTemplate.PAYMENT_CONFIRMATION))
        if fault is not None:
            await self.reviews.ask(ReviewReason.EMAIL_NOT_DELIVERED, fault)
            return
        self.policy_status = PolicyStatus.DELIVERED
        self._publish()

    async def _watch_for_late_money(self) -> None:
        """A checkout that ended unpaid is read once more: its last webhook may have been lost."""
        purchase = self.checkout.purchase
        if purchase.is_paid or purchase.late_payment_id or purchase.checkout is None:
            return
        if not await self.checkout.hears_within(options.LATE_MONEY_GRACE, "late money"):
            await self.checkout.look()
            await self._return_late_money()

    async def _finish(self) -> None:
        self.retry_asked = False
        if self.decline_told is not None:
            await self.decline_told
        await workflow.wait_condition(workflow.all_handlers_finished)

    # Steps that several parts of the story take

    async def _refund(self, request: RefundRequest) -> Refund | Refusal:
        async with self.refund_lock:
            refund = await promptly(RefundActivities.record_refund, request)
            if isinstance(refund, Refusal):
                return refund
            if refund.status in (RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING):
                await self._start_refund(refund)
        if self.policy_status is PolicyStatus.NONE and refund.amount == self.order.price:
            self.refunding_all = True  # nobody gets both the money and the policy
        return refund

    async def _start_refund(self, refund: Refund) -> None:
        try:
            await workflow.start_child_workflow(
                RefundWorkflow.run,
                RefundStart(refund=refund, provider=self.order.provider),
                id=refund_workflow_id_of(refund.refund_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Refund of {refund.amount}",
                search_attributes=attributes.of_refund(self.order),
            )
        except WorkflowAlreadyStartedError:  # the same request, repeated
            workflow.logger.info("%s is under way", refund.refund_id)

    def _tell_of_decline(self) -> None:
        """Once, and never right after it: most customers try another card at once."""
        if self.checkout.purchase.status is PaymentStatus.FAILED and self.decline_told is None:
            self.decline_told = asyncio.create_task(
                deliver(self._email(EmailTemplate.PAYMENT_FAILED))
            )

    def _email(self, template: EmailTemplate) -> EmailOrder:
        return EmailOrder(
            email_id=email_id_of(self.order.purchase_id, template),
            template=template,
            tenant_id=self.order.tenant_id,
            purchase_id=self.order.purchase_id,
        )

    def _publish(self) -> None:
        """What operators see in the Temporal UI without opening a history."""
        purchase = self.checkout.purchase
        attributes.show(purchase.status, self.policy_status, bool(self.reviews.open))
        workflow.set_current_details(attributes.details(purchase, self.checkout.settled))
