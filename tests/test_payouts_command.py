"""`paybind payouts` and `paybind balances`: what they start, schedule and print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.payouts import PayoutAccount, workflow_id_of
from domain.tenants import PLATFORM_TENANT
from persistence.balances import BalanceRecords
from persistence.database import Database
from persistence.migrate import migrate
from services.payout_runs import ROUND, PayoutRuns
from tests.domain.test_balances import noon, taken
from tests.fake_payouts import transaction
from tests.workflows.servers import start_dev_server

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]
OWN = PayoutAccount(tenant_id=PLATFORM_TENANT, provider="justifi", livemode=False)


def paybind(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "cli", *words),
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PAYBIND_HOME": str(home), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_daily_round_is_scheduled_once_and_an_account_is_watched(tmp_path: Path) -> None:
    await migrate(f"sqlite:///{tmp_path}/paybind.db")
    async with await start_dev_server() as env:
        where = {"TEMPORAL_ADDRESS": env.client.service_client.config.target_host}
        keys = {"JUSTIFI_CLIENT_ID": "test_x", "JUSTIFI_CLIENT_SECRET": "test_y"}
        watched = paybind(tmp_path, "payouts", "watch", **where, **keys)
        assert watched.stdout == "justifi (default) is watched\n", watched.stderr
        described = await env.client.get_workflow_handle(workflow_id_of(OWN)).describe()
        assert described.typed_search_attributes is not None

        none = paybind(tmp_path, "payouts", "watch", **where)
        assert "no account that tells of payouts" in none.stderr
        unknown = paybind(tmp_path, "payouts", "watch", "--integration", "int-x", **where)
        assert unknown.returncode != 0
        assert "int-x" in unknown.stderr

        assert paybind(tmp_path, "payouts", "schedule", **where).returncode == 0
        await assert_scheduled_once(env)


async def assert_scheduled_once(env: WorkflowEnvironment) -> None:
    """Set anew it is the same one; paused by hand it stays so."""
    schedule = env.client.get_schedule_handle(ROUND)
    await schedule.pause(note="quiet please")
    await PayoutRuns(env.client).schedule_round()
    described = await schedule.describe()
    assert described.schedule.state.paused
    [calendar] = described.schedule.spec.calendars
    assert (calendar.hour[0].start, calendar.minute[0].start) == (1, 5)
    assert described.info.num_actions == 1


async def test_balances_are_printed_as_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/paybind.db"
    await migrate(url)
    database = Database(url)
    snapshots = taken([transaction("a", 500, noon(0))], [], 2)
    await BalanceRecords(database).store(snapshots)
    await database.close()
    words = ("balances", "export", "--from", "2026-01-01", "--to", "2026-01-31")
    printed = paybind(tmp_path, *words, "--tenant", "ten_harbour")
    assert printed.returncode == 0, printed.stderr
    head, *lines = printed.stdout.splitlines()
    assert head.startswith("day,provider,integration_id,livemode,currency,opening")
    assert [line.split(",")[0] for line in lines] == ["2026-01-01", "2026-01-02"]
    assert paybind(tmp_path, *words).stdout.splitlines() == [head]
