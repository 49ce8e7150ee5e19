"""`make bench` prints every figure that the README names."""

import json

import pytest
from pydantic import JsonValue

from benchmarks.figures import Sizes
from benchmarks.main import measure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
# Whether it measures, not how fast: the least from which each figure can be computed.
SMALLEST = Sizes(
    runs=1,
    concurrency=2,
    skeletons=2,
    purchases=2,
    alone=2,
    open_purchases=2,
    webhooks=4,
    webhook_concurrency=2,
    tool_calls=2,
    payouts=300,
    tool_concurrency=1,
    cold_starts=1,
)
FIGURES = (
    "cost_vs_skeleton",
    "throughput_vs_skeleton",
    "purchase_cpu_ms",
    "skeleton_cpu_ms",
    "pdf_cpu_ms",
    "history_events",
    "webhook_to_mail_ms.p50",
    "webhook_to_mail_ms.p95",
    "webhook_vs_bare",
    "webhooks_per_second",
    "resolution_overhead",
    "tool_p95_ms.check_payment_status",
    "tool_p95_ms.initiate_purchase",
    "justifi_tool_p95_ms",
    "payout_polls_per_payout",
    "cold_start_s",
    "memory_mb.api",
    "memory_mb.worker",
    "memory_mb.renderer",
)
WITH_A_GOAL = {
    "cost_vs_skeleton",
    "history_events",
    "webhook_to_mail_ms.p50",
    "webhook_vs_bare",
    "resolution_overhead",
    "justifi_tool_p95_ms",
    "payout_polls_per_payout",
}


async def test_every_figure_is_measured_and_some_are_held_against_a_goal() -> None:
    report = await measure(SMALLEST, lambda _: None)

    printed = json.loads(report.model_dump_json())
    figures = {name: figure_of(printed, *name.split(".")) for name in FIGURES}
    assert [name for name, value in figures.items() if value <= 0] == []
    goals = {goal["figure"]: goal["value"] for goal in printed["goals"]}
    assert goals == {name: figures[name] for name in WITH_A_GOAL}


def figure_of(printed: dict[str, JsonValue], name: str, part: str | None = None) -> float:
    figure = printed[name]
    if isinstance(figure, dict):
        assert part is not None
        figure = figure[part]
    assert isinstance(figure, int | float)
    return figure
