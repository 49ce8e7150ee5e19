"""One operation of a provider's API: asked for a caller who waits, and never done twice."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, RetryState

with workflow.unsafe.imports_passed_through():
    from activities.operations import OperationActivities
    from domain.errors import Code
    from domain.executions import Outcome
    from domain.operations import Operated, OperationOrder
    from workflows import options
    from workflows.trying import FAILED, fault_of, pause_asked_by, words_of
    from workflows.unknown import count_unknown


@workflow.defn
class OperationWorkflow:
    """A change whose outcome is unknown goes on under its key, whether or not anybody waits."""

    @workflow.run
    async def run(self, order: OperationOrder) -> Operated:
        """Fails where nothing was done, so that it may be asked for again."""
        return Operated(outcome=await self._outcome(order), request_hash=order.request_hash)

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    async def _outcome(self, order: OperationOrder) -> Outcome:
        patience = options.moving_money(order.operation_id) if order.changes else options.READING
        try:
            return await workflow.execute_activity_method(
                OperationActivities.ask_provider, order, **patience
            )
        except FAILED as error:
            if order.changes and not _did_nothing(error):
                return Outcome(error_code=Code.OUTCOME_UNKNOWN, error_message=words_of(error))
            raise ApplicationError(
                words_of(error),
                type=fault_of(error),
                non_retryable=True,
                next_retry_delay=pause_asked_by(error),  # for who asked, who may ask again then
            ) from error


def _did_nothing(error: FailureError) -> bool:
    """Only the first try says so, by ending it all: what was tried again may have acted before."""
    is_first = (
        isinstance(error, ActivityError) and error.retry_state is RetryState.NON_RETRYABLE_FAILURE
    )
    return is_first and fault_of(error) in _DID_NOT_ACT


_DID_NOT_ACT = {
    *("Busy", "Unreachable", "Parked", "CircuitOpen", "Throttled"),
    *("Misconfigured", "NotPermitted"),
}
