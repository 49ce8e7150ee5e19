"""A signal that no story here listens to stays in history; it is counted, so that someone asks."""

from temporalio import workflow


def count_unknown(name: str) -> None:
    workflow.logger.warning("the signal %s means nothing here", name)
    meter = workflow.metric_meter().with_additional_attributes({"signal": name})
    meter.create_counter("paybind_unknown_signals", "Signals that no handler takes").add(1)
