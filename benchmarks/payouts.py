"""What it costs to watch many payouts in one account: calls to the provider by one look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.opened_payouts import OpenedPayouts
from activities.payouts import PayoutActivities
from domain.balances import BalanceTransaction
from domain.money import Money
from domain.payouts import PayoutAccount, PayoutSnapshot, PayoutTotals, workflow_id_of
from gateways.integrations import IntegrationGateway
from gateways.payouts import PayoutPage
from persistence.database import Database
from persistence.events import EventRecords
from persistence.migrate import migrate
from persistence.payout_accounts import PayoutAccountRecords
from persistence.payouts import PayoutRecords
from workflows.payout_watch import PayoutWatch, PayoutWatchWorkflow

PAYOUTS, ON_A_PAGE = 1_000, 100
QUEUE = "bench-payouts"
ACCOUNT = PayoutAccount(tenant_id="bench", provider="bench", livemode=True)
NO_TRANSACTIONS: tuple[BalanceTransaction, ...] = ()


class _NoIntegrations:
    @asynccontextmanager
    async def using(self, integration_id: str) -> AsyncIterator[IntegrationGateway]:
        raise LookupError(integration_id)
        yield


class ManyPayouts:
    """All of them under way; ``calls`` counts what was asked."""

    def __init__(self, number: int) -> None:
        made = datetime.now(UTC) - timedelta(hours=1)
        self.payouts = [_payout(each, made - timedelta(seconds=each)) for each in range(number)]
        self.calls = 0

    async def list_payouts(self, since: datetime | None, cursor: str | None) -> PayoutPage:
        self.calls += 1
        listed = [each for each in self.payouts if since is None or each.created_at >= since]
        first = int(cursor or 0)
        end = first + ON_A_PAGE
        following = str(end) if end < len(listed) else None
        return PayoutPage(payouts=tuple(listed[first:end]), next_cursor=following)

    async def fetch_payout(self, provider_payout_id: str) -> PayoutSnapshot:
        self.calls += 1
        return next(p for p in self.payouts if p.provider_payout_id == provider_payout_id)

    async def transactions_of_payout(self, _: str) -> AsyncIterator[BalanceTransaction]:
        for each in NO_TRANSACTIONS:
            yield each

    async def transactions_since(self, _: datetime | None) -> AsyncIterator[BalanceTransaction]:
        for each in NO_TRANSACTIONS:
            yield each


async def payout_polls_per_payout(client: Client, home: Path, number: int = PAYOUTS) -> float:
    """Calls of one look by the payouts that it follows: one in a hundred, whatever the number."""
    provider = ManyPayouts(number)
    async with _watching(client, home, provider):
        watch = await client.start_workflow(
            PayoutWatchWorkflow.run,
            PayoutWatch(account=ACCOUNT),
            id=f"{workflow_id_of(ACCOUNT)}-{number}",
            task_queue=QUEUE,
        )
        while (standing := await watch.query(PayoutWatchWorkflow.current)) is None:
            continue
        assert standing.pending == number
        await watch.terminate("measured")
    return provider.calls / number


@asynccontextmanager
async def _watching(client: Client, home: Path, provider: ManyPayouts) -> AsyncIterator[None]:
    url = f"sqlite:///{home / 'bench-payouts.db'}"
    await migrate(url)
    database = Database(url)
    gateways = OpenedPayouts(_NoIntegrations(), MappingProxyType({ACCOUNT.provider: provider}))
    steps = PayoutActivities(
        PayoutRecords(database),
        PayoutAccountRecords(database, frozenset(), (ACCOUNT,)),
        EventRecords(database),
        gateways,
    )
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[PayoutWatchWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        activities=[
            *(steps.plan_look, steps.look_at_page, steps.look_at_older, steps.judge_payouts),
        ],
    ):
        yield
    await database.close()


def _payout(number: int, made: datetime) -> PayoutSnapshot:
    amount, nothing = Money(minor=100, currency="USD"), Money(minor=0, currency="USD")
    return PayoutSnapshot(
        provider_payout_id=f"po_{number}",
        status="in_transit",
        amount=amount,
        totals=PayoutTotals(payments=amount, refunds=nothing, fees=nothing, other=nothing),
        created_at=made,
        updated_at=made,
    )
