"""Having every integration's credentials sealed anew, for those who run the installation."""

from dataclasses import dataclass

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from domain.errors import Unavailable
from domain.key_rotation import ROTATION_ID, Rotation
from workflows import options
from workflows.key_rotation import KeyRotationWorkflow


@dataclass(frozen=True)
class KeyRotationService:
    client: Client

    async def rotate(self, key_id: str) -> Rotation:
        """Begin it, or join the one under way, and wait for its end."""
        ended = await self._run(key_id)
        while ended.key_id != key_id:  # that one was to another key: ours comes after it
            ended = await self._run(key_id)
        return ended

    async def _run(self, key_id: str) -> Rotation:
        try:
            return await self.client.execute_workflow(
                KeyRotationWorkflow.run,
                Rotation(key_id=key_id),
                id=ROTATION_ID,
                task_queue=options.PURCHASES,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
        except WorkflowFailureError as failed:
            raise Unavailable(_words_of(failed)) from failed


def _words_of(failed: WorkflowFailureError) -> str:
    cause = failed.cause.cause if isinstance(failed.cause, ActivityError) else failed.cause
    return cause.message if isinstance(cause, ApplicationError) else "the rotation was ended"
