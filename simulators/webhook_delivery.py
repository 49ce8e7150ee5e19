"""Delivers each webhook at least once: signed anew for every try, again until a 2xx answers."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import aiohttp

from simulators.faults import Fault, Faults
from simulators.identifiers import new_id
from simulators.options import RetrySchedule
from simulators.request_log import DeliveryEntry, RequestLog
from simulators.store import Store

CONCURRENT_TRIES = 64


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A webhook still owed; `target` names an endpoint of its channel, whose URL may change."""

    id: str
    channel: str
    account: str = ""
    target: str
    subject: str
    event_types: list[str]
    body: str
    tries: int = 0
    due: float = 0.0


@dataclass(frozen=True)
class Signed:
    url: str
    headers: dict[str, str]


Signer = Callable[[Delivery], Signed | None]


class WebhookDelivery:
    def __init__(
        self, store: Store, faults: Faults, log: RequestLog, schedule: RetrySchedule
    ) -> None:
        self._store = store
        self._owed = store.table("delivery", Delivery)
        self._faults = faults
        self._log = log
        self._schedule = schedule
        self._signers: dict[str, Signer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(CONCURRENT_TRIES)
        self._next_delivered = asyncio.Event()
        self._client: aiohttp.ClientSession | None = None

    def sign_with(self, channel: str, signer: Signer) -> None:
        self._signers[channel] = signer

    def owe(self, delivery: Delivery) -> None:
        """Recorded with the effect that caused it, in the same transaction."""
        fault = self._faults.take_for_webhook(delivery.event_types, delivery.body, delivery.account)
        if fault and fault.kind == "lose":
            return
        self._owed.put(delivery)
        if fault and fault.kind == "duplicate":
            self._start(self._owed.put(replace(delivery, id=new_id("dlv_"))), None)
        self._start(delivery, fault)

    def owed_for(self, subject: str) -> int:
        return sum(1 for delivery in self._owed if delivery.subject == subject)

    def forget_all(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        self._owed.clear()

    def start(self) -> None:
        """Must run inside the event loop; takes up what an earlier process still owed."""
        timeout = aiohttp.ClientTimeout(total=self._schedule.timeout)
        self._client = aiohttp.ClientSession(timeout=timeout)
        for delivery in self._owed:
            self._start(delivery, None)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def _start(self, delivery: Delivery, fault: Fault | None) -> None:
        if self._client is None:
            return
        task = asyncio.get_running_loop().create_task(self._deliver(delivery, fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery, fault: Fault | None) -> None:
        await self._hold_back(fault)
        while True:
            await asyncio.sleep(max(0.0, delivery.due - time.time()))
            delivered = await self._try(delivery)
            delivery = replace(delivery, tries=delivery.tries + 1)
            if delivered or delivery.tries >= self._schedule.tries:
                break
            wait = self._schedule.wait_after(delivery.tries)
            delivery = self._owed.put(replace(delivery, due=time.time() + wait))
            self._store.flush()
        self._owed.drop(delivery.id)
        self._store.flush()
        self._let_reordered_go()

    async def _hold_back(self, fault: Fault | None) -> None:
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "reorder":
            # When no other webhook follows, `seconds` ends the wait.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._next_delivered.wait(), timeout=fault.seconds)

    def _let_reordered_go(self) -> None:
        self._next_delivered.set()
        self._next_delivered = asyncio.Event()

    async def _try(self, delivery: Delivery) -> bool:
        signed = self._signers[delivery.channel](delivery)
        if signed is None:
            return True
        async with self._places:
            status = await self._post(signed, delivery.body.encode())
        self._log.record_delivery(
            DeliveryEntry(
                at=time.time(),
                channel=delivery.channel,
                account=delivery.account or None,
                url=signed.url,
                event_types=delivery.event_types,
                attempt=delivery.tries + 1,
                status=status,
            )
        )
        return 200 <= status < 300

    async def _post(self, signed: Signed, body: bytes) -> int:
        if self._client is None:
            return 0
        try:
            request = self._client.post(
                signed.url, data=body, headers=signed.headers, allow_redirects=False
            )
            async with request as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0
