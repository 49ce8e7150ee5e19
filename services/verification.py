"""The proof that each paid purchase has one charge, one policy and one delivered message.

Rows say what was recorded, histories say what was done, the document store says what is kept,
the provider says what was charged: they must agree. A purchase that a person is asked to review
is counted, not accused.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.executions import workflow_id_of as execution_run_id_of
from domain.policies import PolicyDocument
from domain.purchases import workflow_id_of
from domain.refunds import MOVES_MONEY
from domain.refunds import workflow_id_of as refund_run_id_of
from domain.verification import Finding, Irregularity, PaidPurchase, Verdict
from gateways.documents import DocumentStore
from persistence.policies import PolicyRecords
from persistence.verification import VerificationRecords
from services.integration_runs import ENDED_BY_FORCE
from services.reconciliation import Reconciliation, Statement
from workflows.link import PaymentLinkWorkflow
from workflows.refund import RefundWorkflow

_BROKEN = {
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT,
}
# Runs that no paid purchase leads to: a refund may be broken whose purchase is sound.
_BROKEN_BESIDE = (
    f"WorkflowType IN ('{RefundWorkflow.__name__}', '{PaymentLinkWorkflow.__name__}') "
    "AND ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')"
)
# By then the provider has repeated a webhook that could not be handed over at first.
HANDED_OVER_WITHIN = timedelta(minutes=5)
# What runs and moved this short a time ago is under way; it is judged when it rests.
UNDER_WAY = timedelta(minutes=2)
# How far back the providers are asked what they received.
COMPARED = timedelta(hours=24)


@dataclass(frozen=True)
class VerificationService:
    records: VerificationRecords
    policies: PolicyRecords
    store: DocumentStore
    client: Client
    providers: Reconciliation

    async def verify(
        self, since: datetime | None = None, under_way: timedelta = UNDER_WAY
    ) -> Verdict:
        """Look at everything. It changes nothing, and says what does not hold.

        Rows, documents and histories are looked at as a whole; payments are compared with the
        provider's that were begun ``since`` then, by default within the last day.
        """
        now = datetime.now(UTC)
        due = now - under_way
        statement = await self.providers.statement(since or now - COMPARED)
        ended = await self._ended_since(due)  # before the rows are read: they are final then
        purchases = await self.records.paid_purchases()
        findings = [
            *await self.records.findings(),
            *await self.records.events_not_handed_over(now - HANDED_OVER_WITHIN),
            *[each async for each in self._broken_beside()],
            *[each async for each in self._terminated_executions()],
            *[each async for each in self._refunds_left_open(due)],
            *[
                each
                async for each in self.providers.differences(
                    statement, purchases, due, await self.records.returned()
                )
            ],
        ]
        for purchase in purchases:
            findings += _of_rows(purchase)
            if purchase.moved_at <= due or purchase.purchase_id in ended:
                findings += _lacks(purchase)
            findings += [each async for each in self._of_document(purchase)]
            findings += [each async for each in self._of_histories(purchase)]
        return _verdict(purchases, statement, findings)

    async def _broken_beside(self) -> AsyncIterator[Finding]:
        listed = {run.id async for run in self.client.list_workflows(_BROKEN_BESIDE)}
        for workflow_id in sorted(listed):
            async for finding in self._still_broken(workflow_id):
                yield finding

    async def _terminated_executions(self) -> AsyncIterator[Finding]:
        """Those that nobody works on, though they have not come to an end."""
        for execution in await self.records.unfinished_executions():
            latest = await self._latest_run(execution_run_id_of(execution.execution_id))
            if latest is None or latest.status in ENDED_BY_FORCE:
                unknown = "nobody knows whether it was done"
                yield Finding(
                    irregularity=Irregularity.EXECUTION_TERMINATED,
                    subject=execution.execution_id,
                    purchase_ids=(),
                    detail=unknown if execution.outcome_unknown else "nothing was done",
                )

    async def _refunds_left_open(self, due: datetime) -> AsyncIterator[Finding]:
        """Those that nobody works on, though nobody knows whether the money went back."""
        seen = [refund.refund_id for refund in await self.records.open_refunds(due)]
        idle = {each for each in seen if not await self._is_running(refund_run_id_of(each))}
        for refund in await self.records.open_refunds(due):  # once more: one may just have ended
            if refund.refund_id in idle:
                yield Finding(
                    irregularity=Irregularity.REFUND_LEFT_OPEN,
                    subject=refund.refund_id,
                    purchase_ids=(refund.purchase_id,),
                    detail=f"it is {refund.status}, and nothing looks at it any more",
                )

    async def _still_broken(self, workflow_id: str, *purchase_ids: str) -> AsyncIterator[Finding]:
        """The latest run alone is asked: it takes up what an earlier one left."""
        latest = await self._latest_run(workflow_id)
        if latest is not None and latest.status in _BROKEN:
            yield Finding(
                irregularity=Irregularity.WORKFLOW_FAILED,
                subject=f"{workflow_id}/{latest.run_id}",
                purchase_ids=purchase_ids,
            )

    async def _ended_since(self, due: datetime) -> set[str]:
        """Purchases that moved after ``due``, and of which nothing is under way any more."""
        moved = [each for each in await self.records.paid_purchases() if each.moved_at > due]
        return {
            each.purchase_id
            for each in moved
            if not await self._is_running(workflow_id_of(each.purchase_id))
        }

    async def _is_running(self, workflow_id: str) -> bool:
        latest = await self._latest_run(workflow_id)
        return latest is not None and latest.status is WorkflowExecutionStatus.RUNNING

    async def _latest_run(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        """None where Temporal keeps none any more, which its lists may learn later."""
        try:
            return await self.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def _of_document(self, purchase: PaidPurchase) -> AsyncIterator[Finding]:
        policy = await self.policies.of_purchase(purchase.purchase_id)
        if policy is None or policy.document is None:
            return
        try:
            intact = await self._is_intact(policy.document)
        except FileNotFoundError:
            yield _finding(Irregularity.DOCUMENT_MISSING, policy.number, purchase)
            return
        if not intact:
            yield _finding(Irregularity.DOCUMENT_ALTERED, policy.number, purchase)

    async def _is_intact(self, document: PolicyDocument) -> bool:
        content = await self.store.get(document.location)
        return hashlib.sha256(content).hexdigest() == document.sha256

    async def _of_histories(self, purchase: PaidPurchase) -> AsyncIterator[Finding]:
        """Every run that Temporal still keeps; older ones are past their retention."""
        workflow_id = workflow_id_of(purchase.purchase_id)
        listed = self.client.list_workflows(f"WorkflowId = '{workflow_id}'")
        runs = [run async for run in listed]
        if any(run.status in _BROKEN for run in runs):
            async for finding in self._still_broken(workflow_id, purchase.purchase_id):
                yield finding
        for run in runs:
            handle = self.client.get_workflow_handle(workflow_id, run_id=run.run_id)
            history = await handle.fetch_history()
            if _repeated_openings(history.events) > purchase.failovers:
                yield _finding(Irregularity.CHECKOUT_OPENED_TWICE, workflow_id, purchase)


def _verdict(
    purchases: Sequence[PaidPurchase], statement: Statement, findings: Iterable[Finding]
) -> Verdict:
    on_time = [purchase for purchase in purchases if not purchase.is_late]
    return Verdict(
        paid_purchases=len(purchases),
        charges=len({purchase.payment_id for purchase in purchases} - {None}),
        policies=sum(purchase.policies for purchase in on_time),
        delivered_messages=sum(purchase.confirmations for purchase in on_time),
        refunds=sum(tally.count for purchase in purchases for tally in purchase.refunds),
        in_review=sum(purchase.needs_review for purchase in purchases),
        provider_payments=len(statement.payments),
        compared_since=statement.since,
        findings=tuple(findings),
    )


def _repeated_openings(events: Iterable[HistoryEvent]) -> int:
    """How often one run opened a checkout again after it had one."""
    openings: set[int] = set()
    completed = 0
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == "open_purchase":
                openings.add(event.event_id)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            completed += done.scheduled_event_id in openings
    return max(0, completed - 1)


def _of_rows(purchase: PaidPurchase) -> Iterator[Finding]:
    """What must never be."""
    if purchase.payment_id is None:
        yield _finding(Irregularity.NO_CHARGE, purchase.purchase_id, purchase)
    if purchase.policies > 1:
        yield _finding(Irregularity.SEVERAL_POLICIES, purchase.purchase_id, purchase)
    if purchase.confirmations > 1:
        yield _finding(Irregularity.DELIVERED_TWICE, purchase.purchase_id, purchase)


def _lacks(purchase: PaidPurchase) -> Iterator[Finding]:
    """What is lacking once nothing is under way any more, or not enough moves."""
    if purchase.needs_review or _is_going_back(purchase):
        return
    if purchase.is_late:
        yield _finding(Irregularity.LATE_MONEY_KEPT, purchase.purchase_id, purchase)
        return
    if purchase.policies == 0:
        yield _finding(Irregularity.NO_POLICY, purchase.purchase_id, purchase)
    if not (purchase.confirmations or purchase.confirmations_failed):
        yield _finding(Irregularity.NOT_DELIVERED, purchase.purchase_id, purchase)


def _is_going_back(purchase: PaidPurchase) -> bool:
    """Whether all that was paid is refunded, or claimed by refunds under way."""
    claimed = sum(tally.minor for tally in purchase.refunds if tally.status in MOVES_MONEY)
    return purchase.paid is not None and claimed >= purchase.paid.minor


def _finding(irregularity: Irregularity, subject: str, purchase: PaidPurchase) -> Finding:
    return Finding(irregularity=irregularity, subject=subject, purchase_ids=(purchase.purchase_id,))
