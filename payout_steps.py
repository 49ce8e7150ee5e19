"""What the worker does about payouts: their steps, over integrations and the environment's own."""

from collections.abc import Awaitable, Callable, Mapping

from activities.balances import BalanceActivities
from activities.opened_payouts import OpenedPayouts
from activities.payouts import PayoutActivities
from gateways.integrations import IntegrationGateway
from gateways.payouts import PayingOutIntegration, PayoutGateway
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.events import EventRecords
from persistence.paid_records import PaidRecords
from persistence.payout_accounts import PayoutAccountRecords
from persistence.payouts import PayoutRecords

Steps = tuple[Callable[..., Awaitable[object]], ...]


def payout_steps(
    database: Database, opened: OpenedPayouts, accounts: PayoutAccountRecords
) -> Steps:
    looks = PayoutActivities(
        rows=PayoutRecords(database),
        accounts=accounts,
        events=EventRecords(database),
        gateways=opened,
    )
    balances = BalanceActivities(
        balances=BalanceRecords(database),
        payouts=PayoutRecords(database),
        paid=PaidRecords(database),
        gateways=opened,
    )
    return (
        *(looks.list_payout_accounts, looks.plan_look, looks.look_at_page, looks.look_at_older),
        *(looks.look_at_hinted, looks.judge_payouts, looks.close_alert),
        *(balances.take_snapshots, balances.reconcile_payout),
    )


def payouts_of(accounts: Mapping[str, IntegrationGateway]) -> dict[str, PayoutGateway]:
    """Of those accounts that tell of payouts."""
    return {
        code: each.payouts
        for code, each in accounts.items()
        if isinstance(each, PayingOutIntegration)
    }
