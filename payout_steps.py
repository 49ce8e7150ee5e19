"""What the worker does about payouts: their steps, over integrations and the environment's own."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from activities.balances import BalanceActivities
from activities.opened_payouts import OpenedPayouts
from activities.payouts import PayoutActivities
from gateways.justifi_client import JustifiClient
from gateways.justifi_payouts import JustifiPayouts
from gateways.payouts import PayoutGateway
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.events import EventRecords
from persistence.paid_records import PaidRecords
from persistence.payout_accounts import PayoutAccountRecords
from persistence.payouts import PayoutRecords
from settings import Settings

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


def own_payouts(settings: Settings, stack: AsyncExitStack) -> dict[str, PayoutGateway]:
    """Of the environment's own accounts, where their keys are set."""
    if settings.justifi_client_id is None or settings.justifi_client_secret is None:
        return {}
    client = JustifiClient(
        settings.justifi_client_id,
        settings.justifi_client_secret.get_secret_value(),
        settings.justifi_base_url,
        settings.justifi_sub_account,
        redis_url=settings.redis_url,
    )
    stack.push_async_callback(client.close)
    return {"justifi": JustifiPayouts(client)}
