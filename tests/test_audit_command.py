"""`paybind audit verify`: what it prints, and its exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.audit import AuditEvent
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.migrate import migrate
from tests.persistence.samples import NOON
from tests.persistence.test_audit import tamper

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]


def verify(home: Path, *words: str) -> tuple[int, list[str], str]:
    said = subprocess.run(
        (sys.executable, "-m", "cli", "audit", "verify", *words),
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PAYBIND_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return said.returncode, said.stdout.splitlines(), said.stderr


async def test_it_prints_the_heads_and_names_what_is_not_as_it_was_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/paybind.db"
    await migrate(url)
    database = Database(url)
    event = AuditEvent(tenant_id="ten_acme", actor="key_1", action="a.done", subject="int-1")
    rows = [await AuditRecords(database).write(event, NOON) for _ in range(3)]

    head = f"ten_acme=3:{rows[2].hash}"
    assert verify(tmp_path) == (0, ["3 entries of 1 tenants", head], "")
    assert verify(tmp_path, "--expect", head)[0] == 0

    await tamper(
        database,
        "UPDATE audit_log SET actor = 'nobody' WHERE number = 1",
        "DELETE FROM audit_log WHERE number = 3",
    )
    await database.close()
    status, printed, told = verify(tmp_path, "--expect", head)
    assert (status, printed[0]) == (1, "2 entries of 1 tenants")
    assert told.splitlines() == [
        "altered: ten_acme 1",
        "missing: ten_acme 3 (it was noted as the newest)",
    ]


def test_a_head_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    status, printed, told = verify(tmp_path, "--expect", "nonsense")

    assert (status, printed) == (2, [])
    assert told.startswith("paybind: invalid_request: a noted head is written TENANT=NUMBER:HASH")
