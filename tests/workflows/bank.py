"""One account that pays out, watched by the real workflows over real rows in a world of its own."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker, WorkflowRunner

from activities.balances import BalanceActivities
from activities.finance_letters import FinanceLetters
from activities.payouts import PayoutActivities
from domain.payout_times import CENTRAL
from domain.payouts import (
    Payout,
    PayoutReported,
    PayoutSnapshot,
    PayoutStanding,
    payout_id_of,
    workflow_id_of,
)
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.migrate import migrate
from persistence.paid_records import PaidRecords
from persistence.payouts import PayoutRecords
from services.payout_runs import PayoutRuns
from tests.fake_payouts import (
    ACCOUNT,
    FakeAccountRows,
    FakePayoutGateways,
    FakePayouts,
    payout,
    seen_to,
)
from tests.fake_rows import FakeEventRecords
from tests.fake_world import World
from tests.workflows.servers import plain_client_of, start_skipping_server
from tests.workflows.stories import Stories
from worker import STORIES
from workflows import attributes, options
from workflows.payout_watch import PayoutWatchWorkflow

FINANCE = "finance@example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Bank:
    """One account that pays out, its rows, and the test's hold on time."""

    env: WorkflowEnvironment
    client: Client  # whoever waits by it lets no time fly
    database: Database
    world: World = field(default_factory=World)
    gateway: FakePayouts = field(default_factory=FakePayouts)
    accounts: FakeAccountRows = field(default_factory=FakeAccountRows)
    finance: str | None = FINANCE

    @property
    def records(self) -> PayoutRecords:
        return PayoutRecords(self.database)

    @property
    def runs(self) -> PayoutRuns:
        return PayoutRuns(self.client)

    def activities(self) -> Sequence[Callable[..., object]]:
        gateways = FakePayoutGateways(self.gateway)
        events = FakeEventRecords(self.world.rows)
        looks = PayoutActivities(self.records, self.accounts, events, gateways)
        balances = BalanceActivities(
            BalanceRecords(self.database), self.records, PaidRecords(self.database), gateways
        )
        finance = FinanceLetters(self.records, self.finance)
        emails = self.world.emails()
        emails = replace(emails, letters=replace(emails.letters, finance=finance))
        return (
            *(looks.list_payout_accounts, looks.plan_look, looks.look_at_page),
            *(looks.look_at_older, looks.look_at_hinted, looks.judge_payouts, looks.close_alert),
            *(balances.take_snapshots, balances.reconcile_payout, emails.send_email),
        )

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def made(self, name: str = "po_1", status: str = "scheduled") -> PayoutSnapshot:
        """At the provider, just now."""
        made = payout(name, status, await self.now())
        self.gateway.put(made)
        return made

    async def watch(self) -> None:
        await self.runs.watch(ACCOUNT)
        await self.stories.until(lambda: "page" in self.gateway.calls)

    async def tell(self, name: str) -> str:
        event_id = self.world.event()
        await self.runs.tell(ACCOUNT, PayoutReported(event_id=event_id, provider_payout_id=name))
        return event_id

    async def resolve(self, name: str) -> None:
        """As the services do when somebody has seen to it."""
        payout_id, at = payout_id_of(ACCOUNT, name), await self.now()
        await self.records.resolve_review(ACCOUNT.tenant_id, payout_id, seen_to, at)
        await self.runs.tell_resolved(ACCOUNT)

    async def passes(self, time: timedelta) -> None:
        await self.env.sleep(time)

    async def standing(self, name: str = "po_1") -> Payout:
        return await self.records.required(payout_id_of(ACCOUNT, name))

    async def shown(self) -> tuple[str, bool]:
        run = self.env.client.get_workflow_handle(workflow_id_of(ACCOUNT))
        found = (await run.describe()).typed_search_attributes
        return found[attributes.PAYOUT_STATUS], found[attributes.NEEDS_REVIEW]

    async def current(self) -> PayoutStanding:
        run = self.env.client.get_workflow_handle(workflow_id_of(ACCOUNT))
        standing = await run.query(PayoutWatchWorkflow.current)
        assert standing is not None
        return standing

    @property
    def letters(self) -> list[str]:
        assert {message.to for message in self.world.mail.sent} <= {FINANCE}
        return self.world.mail.subjects()

    @property
    def stories(self) -> Stories:
        return Stories(self.env, self.env.client, self.world)


async def empty_rows(folder: Path) -> bytes:
    """A database with all tables and nothing in them, to be copied."""
    await migrate(f"sqlite:///{folder / 'paybind.db'}")
    return (folder / "paybind.db").read_bytes()


@asynccontextmanager
async def opened_bank(
    folder: Path, rows: bytes, runner: WorkflowRunner, finance: str | None = FINANCE
) -> AsyncIterator[Bank]:
    (folder / "paybind.db").write_bytes(rows)
    database = Database(f"sqlite:///{folder / 'paybind.db'}")
    try:
        async with await start_skipping_server() as env:
            await _monday_noon(env)
            bank = Bank(env, await plain_client_of(env), database, finance=finance)
            async with Worker(
                env.client,
                task_queue=options.PURCHASES,
                workflows=STORIES,
                activities=bank.activities(),
                workflow_runner=runner,
            ):
                yield bank
    finally:
        await database.close()


async def _monday_noon(env: WorkflowEnvironment) -> None:
    """Every story begins just after a Monday's batch, whatever the time is outside."""
    at = await env.get_current_time()
    today = at.astimezone(CENTRAL).date()
    monday = today + timedelta(days=7 - today.weekday())
    await env.sleep(datetime.combine(monday, time(12), CENTRAL) - at)
