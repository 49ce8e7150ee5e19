"""Asking a provider for a capability, and seeing whether its integration works."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from activities.waiting import waiting_after
from domain.connections import Capability, JsonObject
from domain.errors import Code, Conflict, Invalid, NotFound, Refused
from domain.executions import (
    Begun,
    Execution,
    ExecutionOrder,
    Outcome,
    ProviderCustomer,
    Waiting,
    WaitingFor,
)
from domain.model import Model
from domain.schemas import require_match
from gateways.faults import GatewayFault, RefusedByProvider
from gateways.integrations import Ask, Done, IntegrationGateway


class ExecutionAttempt(Model):
    """``group`` counts idempotency keys; a group after the first looks before it acts."""

    order: ExecutionOrder
    group: int = 1


class ExecutionFailure(Model):
    order: ExecutionOrder
    code: Code
    message: str


class ExecutionRows(Protocol):
    async def begin(self, order: ExecutionOrder, at: datetime) -> Begun: ...
    async def wait(self, execution_id: str, waiting: Waiting, outcome_unknown: bool) -> None: ...
    async def keep(
        self, order: ExecutionOrder, customer: ProviderCustomer, at: datetime
    ) -> None: ...
    async def finish(self, order: ExecutionOrder, outcome: Outcome, at: datetime) -> Execution: ...
    async def customer(self, integration_id: str, customer_id: str) -> ProviderCustomer | None: ...


class CapabilityRows(Protocol):
    async def get(self, connection_code: str, capability_code: str) -> Capability | None: ...


class Opened(Protocol):
    def using(self, integration_id: str) -> AbstractAsyncContextManager[IntegrationGateway]: ...


@dataclass(frozen=True)
class ExecutionActivities:
    rows: ExecutionRows
    capabilities: CapabilityRows
    opened: Opened

    @activity.defn
    async def execute_capability(self, attempt: ExecutionAttempt) -> Execution:
        """One that has ended is answered as it ended: nobody is asked again."""
        order = attempt.order
        with told_to_temporal():
            begun = await self.rows.begin(order, now())
            standing = begun.execution
            if standing.is_final:
                return standing
            repeated = attempt.group > 1 or standing.is_out_of_keys_memory(now())
            try:
                outcome = await self._outcome(order, order.key(attempt.group), repeated)
            except GatewayFault as fault:
                await self._wait(order, begun, fault)
                raise
            return await self.rows.finish(order, outcome, now())

    @activity.defn
    async def fail_execution(self, failure: ExecutionFailure) -> Execution:
        """End one whose outcome nobody could learn."""
        with told_to_temporal():
            await self.rows.begin(failure.order, now())
            outcome = Outcome(error_code=failure.code, error_message=failure.message)
            return await self.rows.finish(failure.order, outcome, now())

    async def _wait(self, order: ExecutionOrder, begun: Begun, fault: GatewayFault) -> None:
        """A fault that says that nothing was done says so of its own call alone."""
        if fault.made is not None:
            await self.rows.keep(order, fault.made, now())
        waiting = waiting_after(fault, now())
        is_unknown = waiting.reason is WaitingFor.OUTCOME or fault.made is not None
        await self.rows.wait(order.execution_id, waiting, begun.may_have_acted or is_unknown)

    async def _outcome(self, order: ExecutionOrder, key: str, repeated: bool) -> Outcome:
        try:
            capability = await self._capability(order)
            done = await self._done(order, key, repeated)
        except RefusedByProvider as refused:
            return Outcome(
                error_code=Code.PROVIDER_REFUSED,
                error_message=str(refused),
                provider_code=refused.code,
                customer=refused.made,
            )
        except Refused as refused:
            return Outcome(error_code=refused.code, error_message=refused.message)
        return _sensible(done, capability.result_schema)

    async def _capability(self, order: ExecutionOrder) -> Capability:
        """As it stands now: the catalogue may have changed while this waited."""
        capability = await self.capabilities.get(order.connection_code, order.capability_code)
        if capability is None:
            raise NotFound(
                Code.CAPABILITY_NOT_FOUND,
                f"{order.connection_code} has no {order.capability_code} any more",
            )
        require_match(order.parameters, capability.parameters_schema, "parameters")
        return capability

    async def _done(self, order: ExecutionOrder, key: str, repeated: bool) -> Done:
        ask = Ask(
            execution_id=order.execution_id,
            parameters=order.parameters,
            idempotency_key=key,
            customer=await self._customer(order),
            repeated=repeated,
        )
        async with self.opened.using(order.integration_id) as gateway:
            ability = gateway.abilities.get(order.capability_code)
            if ability is None:
                raise Conflict(
                    Code.GATEWAY_NOT_INSTALLED,
                    f"the gateway of {order.connection_code} that is installed here "
                    f"cannot {order.capability_code}",
                )
            return await ability(ask)

    async def _customer(self, order: ExecutionOrder) -> ProviderCustomer | None:
        if order.customer_id is None:
            return None
        return await self.rows.customer(order.integration_id, order.customer_id)


def _sensible(done: Done, schema: JsonObject | None) -> Outcome:
    """What does not follow the schema is not handed on: whoever reads it relies on the schema."""
    try:
        require_match(done.result, schema, "result")
    except Invalid as departs:
        return Outcome(
            error_code=Code.PROVIDER_ANSWERED_NONSENSE,
            error_message=departs.message,
            customer=done.customer,
        )
    return Outcome(result=done.result, customer=done.customer)
