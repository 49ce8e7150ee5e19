"""An account's balance, taken for every day that is over and has no snapshot yet."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.balances import BalanceActivities, SnapshotOrder
    from domain.payouts import PayoutAccount
    from workflows import options
    from workflows.trying import FAILED
    from workflows.unknown import count_unknown


@workflow.defn
class BalanceWorkflow:
    @workflow.run
    async def run(self, account: PayoutAccount) -> int:
        """How many snapshots were taken. What is missed is taken with the next day's."""
        order = SnapshotOrder(account=account, at=workflow.now())
        try:
            return await workflow.execute_activity_method(
                BalanceActivities.take_snapshots, order, **options.TAKE_SNAPSHOTS
            )
        except FAILED:
            meter = workflow.metric_meter()
            meter.create_counter("paybind_balances_missed", "Days without their balance").add(1)
            raise

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)
