"""One look at whether an integration works, which writes its status."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.probes import ProbeActivities
    from workflows import options
    from workflows.trying import FAILED, words_of
    from workflows.unknown import count_unknown


@workflow.defn
class ProbeWorkflow:
    """Somebody waits for it: it gives up within seconds."""

    @workflow.run
    async def run(self, integration_id: str) -> str | None:
        """Why the provider gave no answer, or None where it did."""
        try:
            await workflow.execute_activity_method(
                ProbeActivities.probe_integration, integration_id, **options.PROBE
            )
        except FAILED as error:
            return words_of(error)
        return None

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)
