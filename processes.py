"""The process tree of `paybind up`: started in order, restarted when one dies, stopped together."""

import asyncio
import contextlib
import ctypes
import errno
import gc
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

STOP_WITHIN = timedelta(seconds=25)
READY_WITHIN = timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0  # seconds before a dead child is started again
_PR_SET_PDEATHSIG = 1


class NotStarted(Exception):
    """A part of the tree did not come up; the message says which, and where its log is."""


@dataclass
class Child:
    """One process of the tree.

    It is ready when ``answers`` returns; where there is none, its first line on stdout says so,
    in JSON.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    answers: Callable[[], Coroutine[None, None, None]] | None = None
    announced: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.environment},
                stdout=log if self.answers else asyncio.subprocess.PIPE,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches the tree's root alone, which stops us
                preexec_fn=_die_with_parent,
            )

    async def ready(self) -> None:
        """Raises ``NotStarted``, at once where the process has ended."""
        assert self.process is not None
        word = asyncio.ensure_future(self.answers() if self.answers else self._announcement())
        end = asyncio.ensure_future(self.process.wait())
        try:
            within = READY_WITHIN.total_seconds()
            await asyncio.wait({word, end}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if not word.done():
                raise ValueError("silence")
            word.result()
        except ValueError as silence:
            raise NotStarted(f"{self.name} did not start; its log is {self.log}") from silence
        finally:
            word.cancel()
            end.cancel()

    async def _announcement(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.announced = json.loads(await self.process.stdout.readline())

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WITHIN.total_seconds())
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@dataclass
class Tree:
    """Children in the order of their start. ``told`` hears what happens, a line each."""

    told: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    _watches: list[asyncio.Task[None]] = field(default_factory=list)

    async def add(self, child: Child) -> Child:
        await child.start()
        self.children.append(child)
        await child.ready()
        self._watches.append(asyncio.create_task(self._watch(child)))
        return child

    async def stop(self) -> None:
        """In reverse order, so that nobody loses what it stands on before it has finished."""
        for watch in self._watches:
            watch.cancel()
        for child in reversed(self.children):
            await child.stop()

    async def _watch(self, child: Child) -> None:
        """A child that dies is started again: what it was doing goes on where it stopped."""
        pause = FIRST_PAUSE
        while True:
            assert child.process is not None
            code = await child.process.wait()
            self.told(f"{child.name} ended with {code}; starting it again")
            await asyncio.sleep(pause)
            await child.start()
            try:
                await child.ready()
                pause = FIRST_PAUSE
            except NotStarted:
                pause = min(2 * pause, LONGEST_PAUSE)


@asynccontextmanager
async def tree(told: Callable[[str], None]) -> AsyncIterator[Tree]:
    grown = Tree(told)
    try:
        yield grown
    finally:
        await grown.stop()


def free_port(wanted: int) -> int:
    """``wanted``, or a free one for 0. Raises ``NotStarted`` when the wanted one is taken.

    A free one lies below those that systems give to outgoing connections: nothing takes it before
    the process it is meant for listens, or while that one is started again.
    """
    if wanted == 0:
        wanted = next(port for port in iter(_any_port, None) if _is_free(port))
    elif not _is_free(wanted):
        raise NotStarted(f"port {wanted} is taken; set another, or 0 for any")
    return wanted


def listening(host: str, port: int) -> socket.socket:
    """Raises ``NotStarted`` where that is not possible."""
    try:
        return socket.create_server((host, port))
    except OSError as refusal:
        why = "is taken" if refusal.errno == errno.EADDRINUSE else f"cannot be used on {host}"
        raise NotStarted(f"port {port} {why}; set another, or 0 for any") from refusal


def _any_port() -> int:
    return 20_000 + secrets.randbelow(10_000)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


async def told_to_stop() -> None:
    """Returns at SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)


def _die_with_parent() -> None:
    """On Linux, a tree whose root was killed falls as a whole instead of living on unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with(main: Callable[[], None]) -> None:
    """Run a program and leave with its status, without the interpreter's shutdown.

    Temporal's client may abort in that shutdown, after everything is done and said.
    """
    # What a program loads stays: looked through after every 700 objects, it starts a quarter later.
    gc.set_threshold(50_000, 20, 20)
    status = 0
    try:
        main()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            raise
        status = ended.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
