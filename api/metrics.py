"""One exposition of all figures: ours, and those of the processes beside us, told apart."""

import asyncio
import http.client
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from domain.errors import Unavailable
from services.health import HealthService

ANSWER_WITHIN = 1.0  # seconds


async def exposition(
    health: HealthService, registry: CollectorRegistry, peers: Mapping[str, str]
) -> bytes:
    """``peers``: the name of each process and the host:port of its own exposition."""
    own = generate_latest(registry)
    scraped = await asyncio.gather(
        *(asyncio.to_thread(_scrape, name, address) for name, address in peers.items())
    )
    families = _merged(family for found in scraped for family in found)
    up = GaugeMetricFamily(
        "paybind_process_up", "Whether a process tells its own figures.", labels=["process"]
    )
    for name, found in zip(peers, scraped, strict=True):
        up.add_metric([name], bool(found))
    together = CollectorRegistry(auto_describe=False)
    together.register(_Gathered([up, *await _counts(health), *families]))
    return own + generate_latest(together)


async def _counts(health: HealthService) -> list[Metric]:
    purchases = GaugeMetricFamily("paybind_purchases", "Purchases by status.", labels=["status"])
    events = GaugeMetricFamily(
        "paybind_webhook_events", "Webhook events by outcome.", labels=["outcome"]
    )
    reviews = GaugeMetricFamily(
        "paybind_open_reviews",
        "What a person must decide about a purchase, by reason.",
        labels=["reason"],
    )
    circuits = GaugeMetricFamily(
        "paybind_integration_circuit_open",
        "Whether an integration failed too often in a row; for those that are paused, too.",
        labels=["integration_id"],
    )
    pauses = GaugeMetricFamily(
        "paybind_integration_paused",
        "Whether an integration is paused; for those that failed too often, too.",
        labels=["integration_id"],
    )
    up = GaugeMetricFamily("paybind_part_up", "Whether a part answers.", labels=["part"])
    for part, answers in (await health.readiness()).items():
        up.add_metric([part], answers)
    try:
        for status, number in (await health.purchases_by_status()).items():
            purchases.add_metric([status], number)
        for outcome, number in (await health.events_by_outcome()).items():
            events.add_metric([outcome], number)
        for reason, number in (await health.open_reviews_by_reason()).items():
            reviews.add_metric([reason], number)
        for each in await health.troubled_integrations():
            circuits.add_metric([each.integration_id], each.probe_at is not None)
            pauses.add_metric([each.integration_id], each.is_paused)
    except Unavailable:  # then paybind_part_up says so
        return [up]
    return [up, purchases, events, reviews, circuits, pauses]


class _Gathered(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _scrape(name: str, address: str) -> list[Metric]:
    """Every family with the process as a label; nothing where nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode("utf-8", "replace")
        return [_labelled(family, name) for family in text_string_to_metric_families(text)]
    except (OSError, http.client.HTTPException, ValueError):
        return []
    finally:
        connection.close()


def _labelled(family: Metric, process: str) -> Metric:
    labelled = Metric(family.name, family.documentation, family.type)
    for sample in family.samples:
        labelled.add_sample(sample.name, {**sample.labels, "process": process}, sample.value)
    return labelled


def _merged(families: Iterable[Metric]) -> list[Metric]:
    """A family may be named once in an exposition, whoever has samples of it."""
    by_name: dict[str, Metric] = {}
    for family in families:
        known = by_name.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        known.samples.extend(family.samples)
    return list(by_name.values())
