"""What goes wrong with whole processes: killed, frozen, away, or waiting for a locked database."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

from installation import Installation
from processes import Child
from tests.journeys.waiting import until


async def kill(running: Installation, name: str) -> None:
    """SIGKILL to the process and all it started, and wait until the tree has another one."""
    child = running.child(name)
    killed = _pid(child)
    os.killpg(killed, signal.SIGKILL)
    await until(lambda: _pid_of(child), lambda pid: pid != killed)


async def replace(running: Installation, name: str) -> None:
    """SIGTERM, as a deployment sends it, and wait until the tree has another one."""
    child = running.child(name)
    told = _pid(child)
    os.kill(told, signal.SIGTERM)
    await until(lambda: _pid_of(child), lambda pid: pid != told)


@contextmanager
def frozen(running: Installation, name: str) -> Iterator[None]:
    """Its connections stay open and nothing answers."""
    pid = _pid(running.child(name))
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it was killed meanwhile
            os.killpg(pid, signal.SIGCONT)


@asynccontextmanager
async def temporal_away(running: Installation) -> AsyncIterator[None]:
    """Killed, and unable to come back while another one answers at its port by hanging up."""
    host, _, port = running.settings.temporal.partition(":")
    child = running.child("temporal")
    assert child.process is not None
    os.killpg(child.process.pid, signal.SIGKILL)
    await child.process.wait()
    async with await asyncio.start_server(_hang_up, host, int(port)):
        yield
    assert child.answers is not None
    async with asyncio.timeout(60):
        await child.answers()


def _hang_up(_: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
    caller.close()


@contextmanager
def locked(running: Installation) -> Iterator[None]:
    """Another writer holds the SQLite file: readers go on, writers wait."""
    holder = sqlite3.connect(urlsplit(running.settings.database).path, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
    finally:
        holder.close()


@contextmanager
def printers_stopped(running: Installation) -> Iterator[None]:
    """Every process that prints policies stands still."""
    worker = psutil.Process(_pid(running.child("worker")))
    stopped = [each for each in worker.children(recursive=True) if _prints(each)]
    assert stopped, "no printer was found"
    for each in stopped:
        each.suspend()
    try:
        yield
    finally:
        for each in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.resume()


def _prints(process: psutil.Process) -> bool:
    return any("spawn_main" in word for word in process.cmdline())


def _pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


async def _pid_of(child: Child) -> int:
    return _pid(child)
