"""The time at JustiFi: the machine's, until somebody turns it forward."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simulators.store import Store

KEPT_AS = "justifi"


@dataclass(frozen=True)
class Turned:
    """By how many seconds the clock was turned."""

    id: str
    seconds: float


class Clock:
    def __init__(self, store: Store) -> None:
        self._turned = store.table("justifi_clock", Turned)
        self._held: float | None = None

    def now(self) -> float:
        return time.time() + self._offset if self._held is None else self._held

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """What happens inside happens at that moment, however late anybody looked."""
        self._held = moment
        try:
            yield
        finally:
            self._held = None

    def turn(self, seconds: float) -> None:
        self._turned.put(Turned(KEPT_AS, self._offset + seconds))

    def reset(self) -> None:
        self._turned.clear()

    @property
    def _offset(self) -> float:
        turned = self._turned.get(KEPT_AS)
        return turned.seconds if turned else 0.0
