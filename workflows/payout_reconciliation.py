"""One payout held against its transactions and our rows, while somebody waits for it."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.balances import BalanceActivities
    from domain.payout_reconciliation import PayoutReconciliation
    from workflows import options
    from workflows.unknown import count_unknown


@workflow.defn
class PayoutReconciliationWorkflow:
    @workflow.run
    async def run(self, payout_id: str) -> PayoutReconciliation:
        return await workflow.execute_activity_method(
            BalanceActivities.reconcile_payout, payout_id, **options.RECONCILE
        )

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)
