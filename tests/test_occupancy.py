"""One `paybind up` per home, and nobody is taken for it who is not."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from detaching import start_detached, stop_detached
from occupancy import occupant, occupied
from processes import NotStarted
from settings import Settings


def test_a_home_is_occupied_by_one_process_at_a_time(tmp_path: Path) -> None:
    assert occupant(tmp_path) is None

    with occupied(tmp_path):
        assert occupant(tmp_path) == os.getpid()
        with pytest.raises(NotStarted, match=f"already running in .* \\(process {os.getpid()}\\)"):
            occupied(tmp_path).__enter__()
        assert occupant(tmp_path) == os.getpid()

    assert occupant(tmp_path) is None
    with occupied(tmp_path):
        assert occupant(tmp_path) == os.getpid()


def test_a_process_that_got_the_number_of_one_long_gone_is_not_stopped(tmp_path: Path) -> None:
    with subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE) as foreign:
        (tmp_path / "up.pid").write_text(str(foreign.pid), "utf-8")

        assert stop_detached(Settings(paybind_home=tmp_path)) is False

        assert foreign.poll() is None
        foreign.communicate(b"\n")
    assert foreign.returncode == 0


def test_a_second_start_leaves_the_log_of_the_first_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYBIND_HOME", str(tmp_path))
    log = tmp_path / "up.log"
    log.write_text("what happened so far\n", "utf-8")

    with occupied(tmp_path), pytest.raises(NotStarted, match="stop it by `paybind down`"):
        start_detached(timedelta(0))

    assert log.read_text("utf-8") == "what happened so far\n"
