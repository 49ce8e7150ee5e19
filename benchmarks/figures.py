"""The figures that a measurement ends in, and the goals they are held against."""

import os
import platform
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Literal

from domain.model import Model


class Sizes(Model):
    """How much is measured. Every figure is the median of ``runs`` runs, three at least."""

    runs: int = 3
    concurrency: int = 50
    skeletons: int = 300
    purchases: int = 150
    alone: int = 20
    open_purchases: int = 100
    webhooks: int = 1000
    webhook_concurrency: int = 32
    tool_calls: int = 100
    tool_concurrency: int = 10
    payouts: int = 1000
    cold_starts: int = 3


QUICK = Sizes(
    concurrency=10,
    skeletons=30,
    purchases=20,
    alone=4,
    open_purchases=20,
    webhooks=100,
    tool_calls=20,
    cold_starts=1,
)


class Cost(Model):
    """CPU milliseconds of one completed workflow, by process. The load generator is left out."""

    temporal: float
    worker: float
    api: float = 0
    pdf: float = 0
    per_second: float

    @property
    def orchestration(self) -> float:
        return self.temporal + self.worker + self.api


class Latency(Model):
    """Milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        twentieths = quantiles(seconds, n=20, method="inclusive")
        return cls(p50=1000 * median(seconds), p95=1000 * twentieths[18])


class Memory(Model):
    """Resident megabytes at rest."""

    api: float
    worker: float
    renderer: float


class Goal(Model):
    figure: str
    relation: Literal["<=", ">="]
    bound: float
    value: float
    met: bool


class Machine(Model):
    cores: int
    python: str
    load_before: float  # runnable processes, the mean of the minute before
    load_after: float


class Report(Model):
    """``costs`` are the runs behind ``cost_vs_skeleton``, in their order."""

    cost_vs_skeleton: float
    throughput_vs_skeleton: float
    purchase_cpu_ms: float
    skeleton_cpu_ms: float
    pdf_cpu_ms: float
    history_events: int
    webhook_to_mail_ms: Latency
    webhook_vs_bare: float
    resolution_overhead: float
    webhooks_per_second: float
    tool_p95_ms: dict[str, float]
    justifi_tool_p95_ms: float
    payout_polls_per_payout: float
    cold_start_s: float
    memory_mb: Memory
    goals: tuple[Goal, ...]
    runs: int
    costs: tuple[tuple[Cost, Cost], ...]
    machine: Machine


def goals_of(
    cost: float,
    events: int,
    to_mail: float,
    webhooks: float,
    resolution: float,
    justifi: float,
    polls: float,
) -> tuple[Goal, ...]:
    return (
        _goal("cost_vs_skeleton", cost, "<=", 1.25),
        _goal("history_events", events, "<=", 30),
        _goal("webhook_to_mail_ms.p50", to_mail, "<=", 200),
        _goal("webhook_vs_bare", webhooks, ">=", 0.6),
        _goal("resolution_overhead", resolution, ">=", 0.95),
        _goal("justifi_tool_p95_ms", justifi, "<=", 2000),
        _goal("payout_polls_per_payout", polls, "<=", 0.01),
    )


def _goal(figure: str, value: float, relation: Literal["<=", ">="], bound: float) -> Goal:
    met = value <= bound if relation == "<=" else value >= bound
    return Goal(figure=figure, relation=relation, bound=bound, value=value, met=met)


def load() -> float:
    return os.getloadavg()[0]


def machine(load_before: float) -> Machine:
    return Machine(
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        load_before=load_before,
        load_after=load(),
    )
