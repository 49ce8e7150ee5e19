"""One refund: a human's yes where it needs one, the provider's word, and the customer told."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.refunds import (
        RefundActivities,
        RefundAttempt,
        RefundDecision,
        RefundFailure,
        RefundLook,
    )
    from domain.emails import EmailOrder, EmailTemplate, email_id_of
    from domain.errors import Code
    from domain.model import Model
    from domain.payments import RefundChanged
    from domain.purchases import ReviewReason
    from domain.refunds import Decision, Refund, RefundStatus
    from workflows import attributes, options
    from workflows.mailing import Letters
    from workflows.reviews import flag_review
    from workflows.trying import (
        FAILED,
        fault_of,
        promptly,
        under_fresh_keys,
        under_key,
        words_of,
    )
    from workflows.unknown import count_unknown
    from workflows.waiting import happens_within, pauses


class RefundStart(Model):
    refund: Refund
    provider: str
    livemode: bool = False


@workflow.defn
class RefundWorkflow:
    """Started by the purchase that holds the cap; a late word of the provider resumes it."""

    @workflow.init
    def __init__(self, start: RefundStart) -> None:
        self.refund = start.refund
        self.provider = start.provider
        self.livemode = start.livemode
        self.decision: Decision | None = None
        self.facts: list[RefundChanged] = []
        self.letters = Letters()
        self.in_review = False
        self.is_to_be_looked_for = False

    @workflow.run
    async def run(self, start: RefundStart) -> Refund:
        if self.refund.status is RefundStatus.AWAITING_APPROVAL:
            await self._await_approval()
        if self.refund.status is RefundStatus.PENDING and not self.refund.provider_refund_id:
            await self._ask_provider()
        await self._follow()
        if self.refund.status is RefundStatus.SUCCEEDED:
            self._tell(EmailTemplate.REFUND_MADE)
        while self._is_told() or not self._rests():  # a mail outage must not hide what is told
            await workflow.wait_condition(lambda: self._is_told() or self._rests())
            if self.is_to_be_looked_for:
                await self._look_again()
            if self.facts:
                await self._follow()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.refund

    @workflow.update
    async def decide(self, decision: Decision) -> Refund:
        """A human's yes or no; the answer is the refund as it stands after it."""
        self.decision = decision
        await workflow.wait_condition(
            lambda: self.refund.status is not RefundStatus.AWAITING_APPROVAL
        )
        return self.refund

    @decide.validator
    def validate_decide(self, decision: Decision) -> None:
        waiting = self.refund.status is RefundStatus.AWAITING_APPROVAL
        if not waiting or self.decision is not None:
            raise ApplicationError(
                f"{self.refund.refund_id} is decided", type=Code.REFUND_NOT_AWAITING_APPROVAL
            )

    @workflow.signal
    def refund_changed(self, fact: RefundChanged) -> None:
        self.facts.append(fact)

    @workflow.signal
    def review_resolved(self) -> None:
        """A person has closed the review that this refund asked for."""
        if self.in_review and self.refund.status is RefundStatus.PENDING:
            self.is_to_be_looked_for = workflow.patched("look-again-once-resolved")
        self.in_review = False
        attributes.show_review(False)

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    @workflow.query
    def current(self) -> Refund:
        return self.refund

    async def _await_approval(self) -> None:
        """Nobody's answer within the window is a no."""
        await happens_within(
            options.APPROVAL_WINDOW, lambda: self.decision is not None, "approval by a person"
        )
        decision = self.decision or Decision(approved=False, by="timeout", note="nobody answered")
        decided = RefundDecision(refund_id=self.refund.refund_id, decision=decision)
        self.refund = await promptly(RefundActivities.record_decision, decided)

    async def _ask_provider(self) -> None:
        try:
            self.refund = await under_fresh_keys(self._create_under)
        except FAILED as error:
            await self._fail(error)
            return
        if self.refund.status is RefundStatus.FAILED and workflow.patched("ask-of-failed-at-once"):
            await self._ask_person(self.refund.failure_reason or "the provider could not make it")

    async def _create_under(self, group: int) -> Refund:
        attempt = RefundAttempt(refund=self.refund, provider=self.provider, group=group)
        return await under_key(self.refund.key(group), RefundActivities.create_refund, attempt)

    async def _fail(self, error: FailureError) -> None:
        """A definite no ends the refund; an unknown outcome keeps its claim for a person."""
        said = words_of(error)
        if fault_of(error) == "RefusedByProvider":
            failure = RefundFailure(refund_id=self.refund.refund_id, reason=said)
            self.refund = await promptly(RefundActivities.fail_refund, failure)
        await self._ask_person(said)

    async def _look_again(self) -> None:
        """What nobody knew may be known by now. The person may have paid: nothing is asked for."""
        self.is_to_be_looked_for = False
        try:
            await self._look()
        except FAILED as error:
            workflow.logger.warning("looked for in vain: %s", words_of(error))
            return
        if workflow.now() - workflow.info().start_time < options.REFUND_WINDOW:
            await self._follow()
        if self.refund.status is RefundStatus.SUCCEEDED:
            self._tell(EmailTemplate.REFUND_MADE)

    async def _look(self) -> None:
        if self.refund.provider_refund_id is not None:
            await self._read()
            return
        look = RefundActivities.find_refund
        self.refund = await workflow.execute_activity_method(look, self.refund, **options.LATE_LOOK)
        if self.refund.status is RefundStatus.FAILED:
            await self._ask_person(self.refund.failure_reason or "the provider could not make it")

    async def _follow(self) -> None:
        """Until the provider has decided, and for every word that it sends after that."""
        looks = pauses(*options.FIRST_LOOKS, then=options.SETTLEMENT_LOOKS)
        deadline = workflow.now() + options.REFUND_WINDOW
        while self.facts or self._is_underway():
            await happens_within(next(looks), lambda: bool(self.facts), "the next look")
            heard = len(self.facts)
            try:
                await self._read()
            except FAILED as error:  # a definite no to a mere question
                await self._ask_person(words_of(error))
                if self.facts and workflow.patched("keep-the-unread-for-a-person"):
                    await self._await_decision_or_word(heard)
                return
            if workflow.now() > deadline:
                await self._ask_person("the provider has not decided in time")
                return

    async def _await_decision_or_word(self, heard: int) -> None:
        await workflow.wait_condition(lambda: not self.in_review or len(self.facts) > heard)

    def _is_underway(self) -> bool:
        asked = self.refund.provider_refund_id is not None
        return asked and self.refund.status is RefundStatus.PENDING

    async def _read(self) -> None:
        """Read where it stands. Only what was heard before is answered by what is read."""
        heard = tuple(self.facts)
        before = self.refund.status
        known = self.refund.provider_refund_id or heard[-1].provider_refund_id
        look = RefundLook(
            refund_id=self.refund.refund_id,
            provider=self.provider,
            provider_refund_id=known,
            event_ids=tuple(fact.event_id for fact in heard),
            integration_id=self.refund.integration_id,
        )
        self.refund = await promptly(RefundActivities.read_refund, look)
        self.facts = self.facts[len(heard) :]
        if self.refund.status is RefundStatus.FAILED and before is not RefundStatus.FAILED:
            await self._ask_person(self.refund.failure_reason or "the provider reversed the refund")
            if before is RefundStatus.SUCCEEDED and workflow.patched("tell-of-returned-refund"):
                self._tell(EmailTemplate.REFUND_RETURNED)

    async def _ask_person(self, detail: str) -> None:
        self.in_review = workflow.patched("stay-while-in-review")
        attributes.show_review(True)
        await flag_review(
            self.refund.purchase_id,
            ReviewReason.REFUND_FAILED,
            f"{self.refund.refund_id}: {detail}",
        )

    def _tell(self, template: EmailTemplate) -> None:
        self.letters.send(
            EmailOrder(
                email_id=email_id_of(self.refund.refund_id, template),
                template=template,
                tenant_id=self.refund.tenant_id,
                purchase_id=self.refund.purchase_id,
                refund_id=self.refund.refund_id,
                livemode=self.livemode,
            )
        )

    def _is_told(self) -> bool:
        return bool(self.facts) or self.is_to_be_looked_for

    def _rests(self) -> bool:
        """Whether every letter is out, and no person is asked."""
        return not self.in_review and self.letters.are_out
