"""Doing what a provider can by the capability's name, once for an idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.audit import AuditEvent
from domain.connections import Capability, JsonObject
from domain.errors import (
    BadAnswer,
    Code,
    Conflict,
    Invalid,
    NotFound,
    PaybindError,
    ProviderRefusal,
    refusal,
)
from domain.executions import (
    Execution,
    ExecutionOrder,
    ExecutionStatus,
    execution_id_of,
    request_hash_of,
)
from domain.integrations import Integration
from domain.model import Model
from domain.schemas import require_match
from domain.tenants import Caller, Scope
from persistence.clock import now
from persistence.connections import CapabilityRecords
from persistence.executions import ExecutionRecords
from persistence.health import HealthRecords
from services.audit import told
from services.integration_runs import IntegrationRuns
from services.integrations import IntegrationService

REPEATED_WITHIN = timedelta(minutes=10)


class ExecutionWish(Model):
    integration_id: str
    capability_code: str
    parameters: JsonObject

    @property
    def request_hash(self) -> str:
        return request_hash_of(self.capability_code, self.parameters)


class Means(Model):
    """By what a wish is granted."""

    integration: Integration
    capability: Capability


@dataclass(frozen=True)
class ExecutionService:
    integrations: IntegrationService
    capabilities: CapabilityRecords
    executions: ExecutionRecords
    health: HealthRecords
    runs: IntegrationRuns
    clock: Callable[[], datetime] = now

    async def execute(self, caller: Caller, wish: ExecutionWish, key: str | None) -> Execution:
        """The same ``key`` answers the same result, however late it is repeated.

        What is parked, or takes longer than a caller waits, is answered as it stands.
        """
        caller.require(Scope.WRITE)
        if key is None:
            raise Invalid(Code.IDEMPOTENCY_KEY_MISSING, "the header Idempotency-Key is missing")
        execution_id = execution_id_of(caller.tenant_id, wish.integration_id, key)
        return await self.execute_as(caller, wish, execution_id)

    async def execute_as(self, caller: Caller, wish: ExecutionWish, execution_id: str) -> Execution:
        means = await self._means(caller, wish)
        standing = await self.executions.get(caller.tenant_id, execution_id)
        if standing is None:
            self._require_possible(means, wish)
        if standing is None or not standing.is_final:
            standing = await self._run(_order(caller, means, wish, execution_id))
        if standing.request_hash != wish.request_hash:
            raise Invalid(
                Code.IDEMPOTENCY_KEY_REUSED, "this key was first sent with another request"
            )
        return _succeeded(standing)

    async def _run(self, order: ExecutionOrder) -> Execution:
        """Its end; or, where that is not to be waited for, how it stands."""
        deadline = self.clock() + self.runs.answer_within
        ended = await self.runs.execute(order, lambda: self._is_parked(order, deadline))
        return ended or await self.executions.await_worker(order, self.clock())

    async def _is_parked(self, order: ExecutionOrder, deadline: datetime) -> bool:
        """Whether nothing will be sent before the caller has waited in vain."""
        standing = await self.executions.get(order.tenant_id, order.execution_id)
        if standing is None or standing.waiting is None:
            return False
        next_try_at = standing.waiting.next_try_at
        if next_try_at is not None and next_try_at > deadline:
            return True
        health = await self.health.get(order.integration_id)
        return health.stops_calls(self.clock())

    async def get(self, caller: Caller, execution_id: str) -> Execution:
        caller.require(Scope.READ)
        execution = await self.executions.get(caller.tenant_id, execution_id)
        if execution is None:
            raise NotFound(Code.EXECUTION_NOT_FOUND, f"no execution {execution_id}")
        if execution.is_under_way and await self.runs.was_ended_by_force(execution_id):
            return await self.executions.terminate(execution_id, self.clock())
        return execution

    async def cancel(self, caller: Caller, execution_id: str) -> Execution:
        """Only while certainly nothing was done. Cancelling twice is fine."""
        caller.require(Scope.WRITE)
        execution = await self.get(caller, execution_id)
        await self._require_scope_of(caller, execution)
        event = _cancelled_by(caller, execution)
        ended = await self.executions.cancel(execution_id, event, self.clock())
        if ended.status is ExecutionStatus.CANCELLED:
            await self.runs.tell_cancelled(ended)
            return ended
        if ended.is_final:
            raise Conflict(Code.EXECUTION_ENDED, f"{execution_id} has {ended.status}")
        raise Conflict(
            Code.OUTCOME_NOT_YET_KNOWN,
            f"{execution_id} is {ended.status}: the provider may have acted",
        )

    async def prepare(self, caller: Caller, wish: ExecutionWish) -> Means:
        """Refuse what would be refused, before a person is asked in vain."""
        means = await self._means(caller, wish)
        self._require_possible(means, wish)
        return means

    async def unfinished(self, caller: Caller, wish: ExecutionWish) -> str | None:
        """The id of an equal wish of this key that is still being worked on."""
        newest = await self._newest_equal(caller, wish)
        return newest.execution_id if newest and not newest.is_final else None

    async def next_id(self, caller: Caller, wish: ExecutionWish) -> str:
        """For callers without keys of their own: calls that overlap mean the same execution."""
        newest = await self._newest_equal(caller, wish)
        follows = newest.execution_id if newest else "none"
        key = f"{caller.key_id}:{wish.request_hash}:{follows}"
        return execution_id_of(caller.tenant_id, wish.integration_id, key)

    async def repeated_id(self, caller: Caller, wish: ExecutionWish) -> str | None:
        """The id of an equal wish granted minutes ago: its answer may have been lost."""
        newest = await self._newest_equal(caller, wish)
        if newest is None or newest.error_code is not None:
            return None
        is_fresh = self.clock() - newest.created_at < REPEATED_WITHIN
        return newest.execution_id if is_fresh else None

    async def _require_scope_of(self, caller: Caller, execution: Execution) -> None:
        """What may not be done may not be called off."""
        integration = await self.integrations.get(caller, execution.integration_id)
        code = execution.capability_code
        capability = await self.capabilities.get(integration.connection_code, code)
        if capability is None or capability.gives_back:
            caller.require(Scope.REFUND)

    async def _newest_equal(self, caller: Caller, wish: ExecutionWish) -> Execution | None:
        return await self.executions.newest_equal(
            wish.integration_id, caller.key_id, wish.request_hash
        )

    async def _means(self, caller: Caller, wish: ExecutionWish) -> Means:
        caller.require(Scope.WRITE)
        integration = await self.integrations.get(caller, wish.integration_id)
        connection_code, code = integration.connection_code, wish.capability_code
        capability = await self.capabilities.get(connection_code, code)
        if capability is None:
            raise NotFound(Code.CAPABILITY_NOT_FOUND, f"{connection_code} has no capability {code}")
        if capability.gives_back:
            caller.require(Scope.REFUND)
        return Means(integration=integration, capability=capability)

    def _require_possible(self, means: Means, wish: ExecutionWish) -> None:
        self.integrations.require_usable(means.integration)
        require_match(wish.parameters, means.capability.parameters_schema, "parameters")


def _order(caller: Caller, means: Means, wish: ExecutionWish, execution_id: str) -> ExecutionOrder:
    return ExecutionOrder(
        execution_id=execution_id,
        tenant_id=caller.tenant_id,
        integration_id=wish.integration_id,
        connection_code=means.integration.connection_code,
        capability_code=wish.capability_code,
        parameters=wish.parameters,
        requested_by=caller.key_id,
        address=caller.address,
        livemode=means.integration.livemode,
    )


def _cancelled_by(caller: Caller, execution: Execution) -> AuditEvent:
    about = {
        "integration_id": execution.integration_id,
        "capability_code": execution.capability_code,
    }
    event = told(caller, "execution.cancelled", execution.execution_id)
    return event.model_copy(update={"after": about})


def _succeeded(execution: Execution) -> Execution:
    if execution.error_code is None:
        return execution
    raise _failure_of(execution.error_code, execution)


def _failure_of(code: Code, execution: Execution) -> PaybindError:
    message = f"{execution.execution_id}: {execution.error_message}"
    if code is Code.PROVIDER_REFUSED:
        return ProviderRefusal(message, execution.provider_code)
    if code is Code.PROVIDER_ANSWERED_NONSENSE:
        return BadAnswer(code, message)
    return refusal(code, message)
