"""`paybind bench`: the figures, medians of several runs, both sides of each ratio in every run."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import uvloop

from benchmarks import measures
from benchmarks.figures import QUICK, Cost, Latency, Report, Sizes, goals_of, load, machine
from benchmarks.measures import alternating
from benchmarks.payouts import payout_polls_per_payout
from benchmarks.shop import at_once
from benchmarks.stage import Stage, stage
from benchmarks.tools import justifi_tool_p95_ms, tool_p95_ms
from connections import connect_temporal

Told = Callable[[str], None]


def run(quick: bool, told: Told) -> Report:
    return uvloop.run(measure(QUICK if quick else Sizes(), told))


async def measure(sizes: Sizes, told: Told) -> Report:
    load_before = load()
    with tempfile.TemporaryDirectory() as home:
        async with stage(Path(home), told) as on:
            memory = await measures.at_rest(on)
            told("warming up")
            await measures.warm_up(on)
            costs = await _costs(on, sizes, told)
            resolved = await _resolved_rates(on, sizes, told)
            told("one purchase at a time")
            events = await measures.history_events(on.shop)
            latencies = [await measures.webhook_to_mail(on.shop, sizes) for _ in range(sizes.runs)]
            told("tools over MCP")
            justifi = [await justifi_tool_p95_ms(on.shop, sizes) for _ in range(sizes.runs)]
            # After it: a minute later these purchases are looked at, found paid, and all printed.
            tools = [await tool_p95_ms(on.shop, sizes) for _ in range(sizes.runs)]
            told("payouts of one account")
            client = await connect_temporal(on.running.settings)
            polls = await payout_polls_per_payout(client, Path(home), sizes.payouts)
            rates = await _webhook_rates(on, sizes, told)
    told("cold starts")
    cold_starts = [await measures.cold_start() for _ in range(sizes.cold_starts)]
    cost = median(purchase.orchestration / bare.orchestration for purchase, bare in costs)
    to_mail = Latency(p50=median(x.p50 for x in latencies), p95=median(x.p95 for x in latencies))
    webhooks = median(real / bare for real, bare in rates)
    resolution = median(by_registry / plain for by_registry, plain in resolved)
    return Report(
        cost_vs_skeleton=cost,
        throughput_vs_skeleton=median(p.per_second / bare.per_second for p, bare in costs),
        purchase_cpu_ms=median(purchase.orchestration for purchase, _ in costs),
        skeleton_cpu_ms=median(bare.orchestration for _, bare in costs),
        pdf_cpu_ms=median(purchase.pdf for purchase, _ in costs),
        history_events=events,
        webhook_to_mail_ms=to_mail,
        webhook_vs_bare=webhooks,
        resolution_overhead=resolution,
        webhooks_per_second=median(real for real, _ in rates),
        tool_p95_ms={tool: median(each[tool] for each in tools) for tool in tools[0]},
        justifi_tool_p95_ms=median(justifi),
        payout_polls_per_payout=polls,
        cold_start_s=median(cold_starts),
        memory_mb=memory,
        goals=goals_of(cost, events, to_mail.p50, webhooks, resolution, median(justifi), polls),
        runs=sizes.runs,
        costs=tuple(costs),
        machine=machine(load_before),
    )


async def _costs(on: Stage, sizes: Sizes, told: Told) -> list[tuple[Cost, Cost]]:
    costs = []
    for number in range(sizes.runs):
        told(f"run {number + 1} of {sizes.runs}: purchases and skeletons")
        costs.append(
            await alternating(
                number,
                lambda: measures.purchase_cost(on, sizes),
                lambda: measures.skeleton_cost(on, sizes),
            )
        )
    return costs


async def _resolved_rates(on: Stage, sizes: Sizes, told: Told) -> list[tuple[float, float]]:
    rates = []
    for number in range(sizes.runs):
        told(f"run {number + 1} of {sizes.runs}: purchases by the registry and without it")
        both = await alternating(
            number,
            lambda: measures.resolved_per_second(on.shop, sizes),
            lambda: measures.purchases_per_second(on.shop, sizes),
        )
        rates.append(both)
    return rates


async def _webhook_rates(on: Stage, sizes: Sizes, told: Told) -> list[tuple[float, float]]:
    """Last, because the worker is halted for it and has no peace afterwards."""
    shop = on.shop
    sales = await shop.register(sizes.open_purchases)
    bought = await at_once(sizes.concurrency, sales, shop.open)
    rate = measures.webhooks_per_second(shop, sizes, bought)
    real = f"{on.running.settings.api_url}/webhooks/stripe"
    rates = []
    with on.meter.worker_halted():
        for number in range(sizes.runs):
            told(f"run {number + 1} of {sizes.runs}: webhooks")
            both = await alternating(number, lambda: rate(real), lambda: rate(on.bare_webhook))
            rates.append(both)
    return rates
