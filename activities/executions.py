"""Asking a provider for a capability, and seeing whether its integration works."""

from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from activities.waiting import waiting_after
from domain.connections import Capability, JsonObject
from domain.errors import Code, Invalid, NotFound, Refused, refusal
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
from gateways.faults import (
    Conflict,
    CredentialsChanged,
    GatewayFault,
    KeyUsedOtherwise,
    NotPermitted,
    RefusedByProvider,
)
from gateways.integrations import (
    Ability,
    Ask,
    Done,
    IntegrationGateway,
    Lookup,
    SearchableIntegration,
)


class ExecutionAttempt(Model):
    """``group`` counts idempotency keys; a group after the first looks before it acts."""

    order: ExecutionOrder
    group: int = 1


class ExecutionFailure(Model):
    order: ExecutionOrder
    code: Code
    message: str


class ExecutionRows(Protocol):
    async def begin(self, order: ExecutionOrder, at: datetime) -> Begun:
        """What goes with it to the provider is the same from when that may have acted."""
        ...

    async def wait(self, execution_id: str, waiting: Waiting, outcome_unknown: bool) -> None: ...
    async def keep(
        self, order: ExecutionOrder, customer: ProviderCustomer, at: datetime
    ) -> None: ...
    async def finish(self, order: ExecutionOrder, outcome: Outcome, at: datetime) -> Execution: ...


class CapabilityRows(Protocol):
    async def get(self, connection_code: str, capability_code: str) -> Capability | None: ...


class Opened(Protocol):
    def using(
        self, integration_id: str, *, fingerprint: str | None = None
    ) -> AbstractAsyncContextManager[IntegrationGateway]: ...


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
            try:
                outcome = await self._outcome(attempt, begun)
            except GatewayFault as fault:
                await self._wait(order, begun, fault)
                raise
            return await self.rows.finish(order, outcome, now())

    @activity.defn
    async def fail_execution(self, failure: ExecutionFailure) -> Execution:
        """End one that came to no end: its outcome is unknown only if it may have acted."""
        with told_to_temporal():
            begun = await self.rows.begin(failure.order, now())
            code = failure.code if begun.may_have_acted else Code.EXECUTION_GIVEN_UP
            outcome = Outcome(error_code=code, error_message=failure.message)
            return await self.rows.finish(failure.order, outcome, now())

    async def _wait(self, order: ExecutionOrder, begun: Begun, fault: GatewayFault) -> None:
        """A fault that says that nothing was done says so of its own call alone."""
        if fault.made is not None:
            await self.rows.keep(order, fault.made, now())
        waiting = waiting_after(fault, now())
        is_unknown = waiting.reason is WaitingFor.OUTCOME or fault.made is not None
        await self.rows.wait(order.execution_id, waiting, begun.may_have_acted or is_unknown)

    async def _outcome(self, attempt: ExecutionAttempt, begun: Begun) -> Outcome:
        """Where money may have moved before, a no is believed only after a look."""
        order, ask = attempt.order, _ask(attempt, begun)
        capability = await self.capabilities.get(order.connection_code, order.capability_code)
        moves_money = capability is None or capability.moves_money
        account = begun.sending.fingerprint if moves_money else None
        try:
            schema = _required(capability, order).result_schema
            async with self.opened.using(order.integration_id, fingerprint=account) as gateway:
                return _sensible(await _ability(gateway, order)(ask), schema)
        except (RefusedByProvider, NotPermitted, Refused) as no:
            if not (begun.may_have_acted and moves_money):
                return _refused(no)
            return await self._after_a_look(order, ask, account, no)
        except Conflict:
            with suppress(GatewayFault):  # whatever hinders the look, the 409 is what is told
                if (done := await self._found(order, ask, account)) is not None:
                    return Outcome(result=done.result)
            raise
        except CredentialsChanged as changed:
            if not begun.may_have_acted:
                raise
            return await self._after_a_look(order, ask, None, changed)

    async def _after_a_look(
        self, order: ExecutionOrder, ask: Ask, account: str | None, no: Exception
    ) -> Outcome:
        """What was done before. Nothing found proves a no that is an answer to this request."""
        try:
            done = await self._found(order, ask, account)
        except RefusedByProvider:
            return _unknown(no)
        if done is not None:
            return Outcome(result=done.result)
        if isinstance(no, KeyUsedOtherwise) or not isinstance(no, RefusedByProvider):
            return _unknown(no)
        return _refused(no)

    async def _found(self, order: ExecutionOrder, ask: Ask, account: str | None) -> Done | None:
        """A refusal says that from here it cannot be looked for."""
        async with self.opened.using(order.integration_id, fingerprint=account) as gateway:
            return await _lookup(gateway, order)(ask)


def _ask(attempt: ExecutionAttempt, begun: Begun) -> Ask:
    order = attempt.order
    return Ask(
        execution_id=order.execution_id,
        parameters=order.parameters,
        idempotency_key=order.key(attempt.group),
        customer=begun.sending.customer,
        repeated=attempt.group > 1 or begun.execution.is_out_of_keys_memory(now()),
    )


def _required(capability: Capability | None, order: ExecutionOrder) -> Capability:
    """As it stands now: the catalogue may have changed while this waited."""
    if capability is None:
        raise NotFound(
            Code.CAPABILITY_NOT_FOUND,
            f"{order.connection_code} has no {order.capability_code} any more",
        )
    require_match(order.parameters, capability.parameters_schema, "parameters")
    return capability


def _ability(gateway: IntegrationGateway, order: ExecutionOrder) -> Ability:
    ability = gateway.abilities.get(order.capability_code)
    if ability is None:
        raise refusal(
            Code.GATEWAY_NOT_INSTALLED,
            f"the gateway of {order.connection_code} that is installed here "
            f"cannot {order.capability_code}",
        )
    return ability


def _lookup(gateway: IntegrationGateway, order: ExecutionOrder) -> Lookup:
    lookups = gateway.lookups if isinstance(gateway, SearchableIntegration) else {}
    lookup = lookups.get(order.capability_code)
    if lookup is None:
        raise RefusedByProvider("the gateway cannot find what it did", "no_lookup")
    return lookup


def _refused(no: RefusedByProvider | NotPermitted | Refused) -> Outcome:
    if isinstance(no, Refused):
        return Outcome(error_code=no.code, error_message=no.message)
    lacks_permission = isinstance(no, NotPermitted)
    return Outcome(
        error_code=Code.PERMISSION_MISSING if lacks_permission else Code.PROVIDER_REFUSED,
        error_message=str(no),
        provider_code=no.code,
        customer=no.made,
    )


def _unknown(no: Exception) -> Outcome:
    return Outcome(
        error_code=Code.OUTCOME_UNKNOWN,
        error_message=f"an earlier attempt may have acted, and a look could not tell: {no}",
    )


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
