"""One `paybind up` per home, proved by a lock that the system opens when its process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from processes import NotStarted


@contextmanager
def occupied(home: Path) -> Iterator[None]:
    """While inside, this process is the one that runs here. Raises ``NotStarted`` beside another.

    The file stays: whoever removed it could remove the one that the next process has locked.
    """
    with (home / "up.pid").open("a+", encoding="utf-8") as file:
        if not _locked(file):
            raise NotStarted(_already(home, _pid_in(file)))
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def occupant(home: Path) -> int | None:
    """The process that runs here now; never one that got the number of another that has ended."""
    try:
        with (home / "up.pid").open(encoding="utf-8") as file:
            return None if _locked(file) else _pid_in(file)
    except FileNotFoundError:
        return None


def require_unoccupied(home: Path) -> None:
    pid = occupant(home)
    if pid is not None:
        raise NotStarted(_already(home, pid))


def _locked(file: TextIO) -> bool:
    """It is ours as long as the file is open."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(file: TextIO) -> int | None:
    """None in the moment between locking and writing."""
    file.seek(0)
    return int(file.read() or 0) or None


def _already(home: Path, pid: int | None) -> str:
    return f"already running in {home} (process {pid}); stop it by `paybind down`"
