"""The measurements. Where two sides are compared, they alternate within one run."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from benchmarks.figures import Cost, Latency, Memory, Sizes
from benchmarks.shop import Bought, Shop, at_once
from benchmarks.skeleton import live
from benchmarks.stage import Stage
from processes import python

Figure = TypeVar("Figure")
WARM_UP = 10
STARTED_WITHIN = 120


async def alternating(
    run: int, first: Callable[[], Awaitable[Figure]], second: Callable[[], Awaitable[Figure]]
) -> tuple[Figure, Figure]:
    """Both, the one that begins changing from run to run; always in the order of the arguments."""
    if run % 2 == 0:
        one = await first()
        return one, await second()
    other = await second()
    return await first(), other


async def warm_up(stage: Stage) -> None:
    await at_once(WARM_UP, await stage.shop.register(2 * WARM_UP), stage.shop.buy)
    await at_once(WARM_UP, [f"warm-{n}" for n in range(2 * WARM_UP)], _skeletons(stage))


async def purchase_cost(stage: Stage, sizes: Sizes) -> Cost:
    sales = await stage.shop.register(sizes.purchases)
    before = await stage.meter.read()
    began = time.monotonic()
    await at_once(sizes.concurrency, sales, stage.shop.buy)
    seconds = time.monotonic() - began
    after = await stage.meter.read()
    used = {name: (after[name] - before[name]) / sizes.purchases for name in after}
    return Cost(
        temporal=used["temporal"],
        worker=used["worker"],
        api=used["api"],
        pdf=used["pdf"],
        per_second=sizes.purchases / seconds,
    )


async def skeleton_cost(stage: Stage, sizes: Sizes) -> Cost:
    names = [f"{time.monotonic_ns()}-{n}" for n in range(sizes.skeletons)]
    before = await stage.meter.read()
    began = time.monotonic()
    await at_once(sizes.concurrency, names, _skeletons(stage))
    seconds = time.monotonic() - began
    after = await stage.meter.read()
    used = {name: (after[name] - before[name]) / sizes.skeletons for name in after}
    return Cost(
        temporal=used["temporal"],
        worker=used["skeleton"],
        per_second=sizes.skeletons / seconds,
    )


async def purchases_per_second(shop: Shop, sizes: Sizes) -> float:
    sales = await shop.register(sizes.purchases)
    began = time.monotonic()
    await at_once(sizes.concurrency, sales, shop.buy)
    return sizes.purchases / (time.monotonic() - began)


async def resolved_per_second(shop: Shop, sizes: Sizes) -> float:
    """By the tenant's default integration: looked up, opened, and told of."""
    async with shop.by_registry() as resolving:
        return await purchases_per_second(resolving, sizes)


async def webhook_to_mail(shop: Shop, sizes: Sizes) -> Latency:
    """One purchase at a time, nothing else under way."""
    seconds = []
    for sale in await shop.register(sizes.alone):
        bought = await shop.open(sale)
        began = await shop.pay(bought)
        seconds.append(await shop.mail_arrived(sale) - began)
        await shop.ended(bought)
    return Latency.of(seconds)


async def history_events(shop: Shop) -> int:
    (sale,) = await shop.register(1)
    return await shop.history_events(await shop.buy(sale))


def webhooks_per_second(
    shop: Shop, sizes: Sizes, to: Sequence[Bought]
) -> Callable[[str], Awaitable[float]]:
    """Of a URL. The worker is halted meanwhile: what a signal leads to is no part of it."""

    async def rate(url: str) -> float:
        spread = [to[n % len(to)] for n in range(sizes.webhooks)]
        began = time.monotonic()
        await at_once(sizes.webhook_concurrency, spread, lambda bought: shop.tell(bought, url))
        return sizes.webhooks / (time.monotonic() - began)

    return rate


async def at_rest(stage: Stage) -> Memory:
    await asyncio.sleep(1)
    return Memory.model_validate(stage.meter.resident())


async def cold_start() -> float:
    """Seconds from calling `paybind up` in an empty home until it says that it is ready."""
    with tempfile.TemporaryDirectory() as home:
        ports = {f"{name}_PORT": "0" for name in ("TEMPORAL", "TEMPORAL_UI", "API", "SIMULATORS")}
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *python("-m", "cli", "up"),
            env={**os.environ, **ports, "PAYBIND_HOME": home},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(STARTED_WITHIN):
                json.loads(await process.stdout.readline())
            return time.monotonic() - began
        finally:
            process.terminate()
            await process.wait()


def _skeletons(stage: Stage) -> Callable[[str], Awaitable[None]]:
    return lambda number: live(stage.skeletons, number)
