"""Leaving a tree running behind a shell, and stopping it later."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from occupancy import occupant, require_unoccupied
from processes import python
from settings import Settings

STOPPED_WITHIN = timedelta(seconds=60)


def start_detached(attached_for: timedelta) -> int:
    """Run `paybind up` in a session of its own; returns its exit status if it did not start."""
    settings = Settings()
    settings.paybind_home.mkdir(parents=True, exist_ok=True)
    require_unoccupied(settings.paybind_home)  # whose log it is
    log = settings.paybind_home / "up.log"
    with log.open("wb") as errors:
        root = subprocess.Popen(
            python("-m", "cli", "up"), stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    with _interrupted_as_one(root):
        announcement = root.stdout.readline() if root.stdout else b""
        if not announcement:
            sys.stderr.write(log.read_text("utf-8"))
            return root.wait()
        sys.stdout.buffer.write(announcement)
        sys.stdout.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return root.wait(attached_for.total_seconds())
    return 0


def stop_detached(settings: Settings) -> bool:
    """Whether something was running, and now is not."""
    pid = occupant(settings.paybind_home)
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):  # it ended in this very moment
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPPED_WITHIN.total_seconds()
    while occupant(settings.paybind_home) == pid and time.monotonic() < deadline:
        time.sleep(0.1)
    return True


@contextlib.contextmanager
def _interrupted_as_one(root: "subprocess.Popen[bytes]") -> Iterator[None]:
    """While attached, Ctrl-C and SIGTERM stop the tree too."""

    def stop(number: int, _frame: object) -> None:
        root.send_signal(signal.SIGTERM)
        root.wait()
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
