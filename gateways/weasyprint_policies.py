"""Policies printed by WeasyPrint in processes of their own: in threads it would only get slower.

The same sheet gives the same bytes on every machine: the pages hold no clock, the PDF's
identifier comes from the policy number, and only the fonts shipped with us are seen.
"""

import asyncio
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

from domain.policies import PolicySheet
from gateways.brand import Brand
from gateways.faults import Busy


class WeasyPrintPolicies:
    """A printer that died is replaced, and the call it took along raises ``Busy``: try again."""

    def __init__(self, processes: int, brand: Brand) -> None:
        self._processes = processes
        self._brand = brand
        self._pool = self._new_pool()

    async def print_policy(self, sheet: PolicySheet) -> bytes:
        pool = self._pool
        try:
            return await asyncio.wrap_future(pool.submit(_print, sheet, self._brand))
        except BrokenProcessPool:
            if self._pool is pool:  # several calls fail with one pool; the first one replaces it
                self._pool = self._new_pool()
            raise Busy("a policy printer died; another one takes its place") from None

    async def warm_up(self) -> None:
        """Start every process and let it print once, so that no customer waits for it."""
        started = [self._pool.submit(_warm_up, self._brand) for _ in range(self._processes)]
        await asyncio.gather(*map(asyncio.wrap_future, started))

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._processes, mp_context=get_context("spawn"), initializer=_live_as_a_child
        )


def _live_as_a_child() -> None:
    """Ctrl-C is for the parent, which closes us in order; where it dies, nobody else would."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _print(sheet: PolicySheet, brand: Brand) -> bytes:
    from gateways.policy_press import press

    return press().print(sheet, brand)


def _warm_up(brand: Brand) -> None:
    from gateways.policy_press import press

    press().warm_up(brand)
