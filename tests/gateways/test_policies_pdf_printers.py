"""The processes that print: the same bytes from each, and none is missed or left behind."""

import hashlib
import os
import signal
import subprocess
import sys
from multiprocessing import active_children
from pathlib import Path

import pytest

from gateways.brand import Brand
from gateways.faults import Busy
from gateways.weasyprint_policies import WeasyPrintPolicies
from tests.gateways.policy_samples import sheet

pytestmark = pytest.mark.slow

HOUSE = Path(__file__).parents[2]

PRINT_ALONE = """
import asyncio, sys
from gateways.brand import Brand
from gateways.weasyprint_policies import WeasyPrintPolicies
from tests.gateways.policy_samples import sheet, person

async def main():
    printer = WeasyPrintPolicies(1, Brand())
    names = ("Tan Wei Ling", "陈伟强", "محمد", "Щербаков")
    pdf = await printer.print_policy(sheet(insured_persons=tuple(map(person, names))))
    sys.stdout.buffer.write(pdf)
    await printer.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.slow
def test_equal_sheets_give_equal_bytes_in_any_process_place_and_year(tmp_path: Path) -> None:
    script = tmp_path / "print_alone.py"
    script.write_text(PRINT_ALONE)
    digests = set()
    for seed, zone, folder in (("1", "UTC", HOUSE), ("2", "Asia/Tokyo", tmp_path)):
        surroundings = {
            "PYTHONPATH": str(HOUSE),
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LANG": "de_DE.UTF-8" if seed == "2" else "C",
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
        }
        told = subprocess.run(
            [sys.executable, str(script)],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            check=True,
            timeout=90,
        )
        assert told.stdout.startswith(b"%PDF-1.7")
        digests.add(hashlib.sha256(told.stdout).hexdigest())
    assert len(digests) == 1


async def test_a_printer_that_dies_is_replaced_and_the_call_may_be_repeated() -> None:
    others = set(active_children())
    policies = WeasyPrintPolicies(1, Brand())
    await policies.warm_up()
    (child,) = set(active_children()) - others
    child.kill()
    child.join(10)

    with pytest.raises(Busy):
        await policies.print_policy(sheet())
    assert (await policies.print_policy(sheet())).startswith(b"%PDF")

    await policies.close()
    assert set(active_children()) <= others


DIES = """
import asyncio, os, signal
from multiprocessing import active_children
from gateways.brand import Brand
from gateways.weasyprint_policies import WeasyPrintPolicies

async def main():
    await WeasyPrintPolicies(1, Brand()).warm_up()
    print("printing" if active_children() else "no printer", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.slow
def test_no_printer_outlives_a_worker_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "dies.py"
    script.write_text(DIES)
    surroundings = {**os.environ, "PYTHONPATH": str(HOUSE)}
    # The output inherited from the worker stays open, and this waits, as long as a printer lives.
    told = subprocess.run(
        [sys.executable, str(script)], env=surroundings, stdout=subprocess.PIPE, timeout=60
    )
    assert told.returncode == -signal.SIGKILL
    assert told.stdout == b"printing\n"
