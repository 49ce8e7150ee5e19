"""The round of every day: each account that pays out is watched, and its balance is taken."""

from collections.abc import Sequence
from contextlib import suppress

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.payouts import PayoutActivities
    from domain.payouts import PayoutAccount, balance_id_of, workflow_id_of
    from workflows import attributes, options
    from workflows.balance import BalanceWorkflow
    from workflows.payout_watch import PayoutWatch, PayoutWatchWorkflow
    from workflows.unknown import count_unknown


@workflow.defn
class PayoutRoundWorkflow:
    """Those that run already are left alone; what it starts outlives it."""

    @workflow.run
    async def run(self) -> int:
        """How many accounts there are."""
        accounts = await workflow.execute_activity_method(
            PayoutActivities.list_payout_accounts, **options.PATIENTLY
        )
        for account in accounts:
            with suppress(WorkflowAlreadyStartedError):
                await self._watch(account)
            with suppress(WorkflowAlreadyStartedError):
                await self._take_balance(account)
        return len(accounts)

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    async def _watch(self, account: PayoutAccount) -> None:
        await workflow.start_child_workflow(
            PayoutWatchWorkflow.run,
            PayoutWatch(account=account),
            id=workflow_id_of(account),
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"Payouts of {account.name}",
            search_attributes=attributes.of_payouts(account),
        )

    async def _take_balance(self, account: PayoutAccount) -> None:
        await workflow.start_child_workflow(
            BalanceWorkflow.run,
            account,
            id=balance_id_of(account),
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"Balance of {account.name}",
            search_attributes=attributes.of_integration(
                account.tenant_id, account.provider, account.livemode
            ),
        )
