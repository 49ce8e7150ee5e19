"""The rotation of the encryption key: every integration sealed anew, batch after batch."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.keys import DueAfter, KeyActivities, ResealOrder
    from domain.key_rotation import Rotation, SealedCount
    from workflows import options
    from workflows.unknown import count_unknown

BATCHES_IN_A_RUN = 200  # about a dozen events each


@workflow.defn
class KeyRotationWorkflow:
    """Credentials pass through its activities alone: what comes here are ids and counts."""

    @workflow.init
    def __init__(self, rotation: Rotation) -> None:
        self.rotation = rotation

    @workflow.run
    async def run(self, rotation: Rotation) -> Rotation:
        if self.rotation.fresh is None:
            counted = await self._counted()
            self.rotation = self.rotation.model_copy(update={"fresh": counted.fresh})
        batches = 0
        while due := await self._due():
            if batches == BATCHES_IN_A_RUN:
                workflow.continue_as_new(self.rotation)
            await self._reseal(due)
            batches += 1
        counted = await self._counted()
        return self.rotation.model_copy(update={"left": counted.due})

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    @workflow.query
    def current(self) -> Rotation:
        return self.rotation

    async def _counted(self) -> SealedCount:
        return await workflow.execute_activity_method(
            KeyActivities.count_sealed, self.rotation.key_id, **options.PATIENTLY
        )

    async def _due(self) -> tuple[str, ...]:
        place = DueAfter(
            key_id=self.rotation.key_id,
            after=self.rotation.after,
            limit=self.rotation.batch_size,
        )
        return await workflow.execute_activity_method(
            KeyActivities.list_due, place, **options.PATIENTLY
        )

    async def _reseal(self, due: tuple[str, ...]) -> None:
        order = ResealOrder(key_id=self.rotation.key_id, integration_ids=due)
        done = await workflow.execute_activity_method(
            KeyActivities.reseal_credentials, order, **options.PATIENTLY
        )
        self.rotation = self.rotation.with_batch(due[-1], done)
