"""What processes have used: user and system time, and resident memory, by psutil."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from processes import Child

SETTLED_WITHIN = 0.5  # seconds that the server's queues still work after the last answer
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Meter:
    """Named processes; ``pdf`` is what the worker's children, its renderers, have used."""

    temporal: psutil.Process
    api: psutil.Process
    worker: psutil.Process
    skeleton: psutil.Process

    async def read(self) -> Mapping[str, float]:
        """CPU milliseconds since each process started, once what was begun has settled."""
        await asyncio.sleep(SETTLED_WITHIN)
        return {
            "temporal": _milliseconds(self.temporal),
            "api": _milliseconds(self.api),
            "worker": _milliseconds(self.worker),
            "skeleton": _milliseconds(self.skeleton),
            "pdf": sum(map(_milliseconds, self.worker.children(recursive=True))),
        }

    @contextmanager
    def worker_halted(self) -> Iterator[None]:
        """What signals lead to then waits; Temporal and the API stay as they are."""
        self.worker.suspend()
        try:
            yield
        finally:
            self.worker.resume()

    def resident(self) -> Mapping[str, float]:
        """Megabytes; ``renderer`` is the largest of the worker's children."""
        children = self.worker.children(recursive=True)
        return {
            "api": _megabytes(self.api),
            "worker": _megabytes(self.worker),
            "renderer": max(map(_megabytes, children), default=0.0),
        }


def _milliseconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000 * float(times.user + times.system)


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / MEGABYTE)


def process_of(child: Child) -> psutil.Process:
    assert child.process is not None
    return psutil.Process(child.process.pid)
