"""Each process knows every table: one that is referred to and not known cannot be written to."""

import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
SORTED = "import {root}; from sqlmodel import SQLModel; assert len(SQLModel.metadata.sorted_tables)"


@pytest.mark.slow
@pytest.mark.parametrize("root", ["worker", "composition", "persistence.integrations"])
def test_every_table_that_is_referred_to_is_known(root: str) -> None:
    subprocess.run((sys.executable, "-c", SORTED.format(root=root)), cwd=HOUSE, check=True)
