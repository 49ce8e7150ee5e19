"""Runs of the workflows about payouts: each account's watch, its balance, and the daily round."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from domain.payout_reconciliation import PayoutReconciliation
from domain.payouts import Payout, PayoutAccount, PayoutReported, workflow_id_of
from services.runs import HAND_OVER_WITHIN
from services.workflows import ANSWER_WITHIN
from workflows import attributes, options
from workflows.payout_reconciliation import PayoutReconciliationWorkflow
from workflows.payout_round import PayoutRoundWorkflow
from workflows.payout_watch import PayoutWatch, PayoutWatchWorkflow

ROUND = "payout-round"
# After midnight of UTC, which ends the day of a balance; a little late, for what is booked late.
ROUND_AT = ScheduleCalendarSpec(
    hour=(ScheduleRange(1),), minute=(ScheduleRange(5),), comment="every day at 01:05 UTC"
)


@dataclass(frozen=True)
class PayoutRuns:
    client: Client
    answer_within: timedelta = ANSWER_WITHIN

    async def watch(self, account: PayoutAccount) -> str:
        """Look at it now, and from now on; the workflow's id. One that is watched looks now."""
        return await self._tell(account, PayoutWatchWorkflow.look_requested.__name__, [])

    async def tell(self, account: PayoutAccount, fact: PayoutReported) -> str:
        """Hand over what an event tells; the workflow's id."""
        return await self._tell(account, PayoutWatchWorkflow.payout_reported.__name__, [fact])

    async def tell_resolved(self, account: PayoutAccount) -> None:
        """One that is not watched any more has nothing to show."""
        run = self.client.get_workflow_handle(workflow_id_of(account))
        with _faults_translated():
            try:
                await run.signal(PayoutWatchWorkflow.review_resolved, rpc_timeout=HAND_OVER_WITHIN)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

    async def reconcile(self, payout: Payout) -> PayoutReconciliation:
        """Who asks meanwhile gets the same answer."""
        with _faults_translated():
            run = await self.client.start_workflow(
                PayoutReconciliationWorkflow.run,
                payout.payout_id,
                id=f"reconcile-{payout.payout_id}",
                task_queue=options.PURCHASES,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Reconciliation of {payout.provider_payout_id}",
                search_attributes=attributes.of_integration(
                    payout.tenant_id, payout.provider, payout.livemode
                ),
                rpc_timeout=HAND_OVER_WITHIN,
            )
            async with asyncio.timeout(self.answer_within.total_seconds()):
                return await run.result()

    async def schedule_round(self) -> None:
        """The round of every day, begun now, too. One that is scheduled is set as it should be."""
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                PayoutRoundWorkflow.run, id=ROUND, task_queue=options.PURCHASES
            ),
            spec=ScheduleSpec(calendars=[ROUND_AT]),
            policy=SchedulePolicy(
                overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)
            ),
        )

        def as_it_should_be(known: ScheduleUpdateInput) -> ScheduleUpdate:
            schedule.state = known.description.schedule.state  # paused by hand, it stays so
            return ScheduleUpdate(schedule=schedule)

        with _faults_translated():
            try:
                await self.client.create_schedule(ROUND, schedule, trigger_immediately=True)
            except ScheduleAlreadyRunningError:
                await self.client.get_schedule_handle(ROUND).update(as_it_should_be)

    async def _tell(self, account: PayoutAccount, signal: str, told: list[PayoutReported]) -> str:
        """Signal-with-start."""
        workflow_id = workflow_id_of(account)
        with _faults_translated():
            await self.client.start_workflow(
                PayoutWatchWorkflow.run,
                PayoutWatch(account=account),
                id=workflow_id,
                task_queue=options.PURCHASES,
                static_summary=f"Payouts of {account.name}",
                search_attributes=attributes.of_payouts(account),
                start_signal=signal,
                start_signal_args=told,
                rpc_timeout=HAND_OVER_WITHIN,
            )
        return workflow_id


@contextmanager
def _faults_translated() -> Iterator[None]:
    try:
        yield
    except WorkflowFailureError as ended:
        raise Unavailable("the provider gave no answer; repeat the request") from ended
    except TimeoutError as slow:
        raise Unavailable("it is being worked on; repeat the request for its answer") from slow
    except RPCError as error:
        raise Unavailable("Temporal cannot be reached") from error
