"""Asking an account at a provider for one operation of the provider's API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.faults import now, told_to_temporal
from domain.audit import AuditEvent
from domain.connections import JsonObject
from domain.errors import Code
from domain.executions import Outcome
from domain.operations import OperationOrder
from gateways.faults import (
    Busy,
    Conflict,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
)
from gateways.integrations import Ask, IntegrationGateway, OperatedIntegration


class OpenedAccounts(Protocol):
    def using(self, integration_id: str) -> AbstractAsyncContextManager[IntegrationGateway]: ...


class UseRecords(Protocol):
    async def write(self, event: AuditEvent, at: datetime) -> object: ...


@dataclass(frozen=True)
class OperationActivities:
    """``environment``: the accounts that have no integration, by their connection_code."""

    opened: OpenedAccounts
    environment: Mapping[str, IntegrationGateway]
    uses: UseRecords

    @activity.defn
    async def ask_provider(self, order: OperationOrder) -> Outcome:
        """What the provider said. A change is repeated only where it may have been made already."""
        with told_to_temporal():
            try:
                outcome = Outcome(result=await self._asked(order))
            except Conflict as conflict:
                code = Code.PROVIDER_REFUSED if _is_first() else Code.OUTCOME_UNKNOWN
                outcome = _refused(code, str(conflict), conflict.code)
            except RefusedByProvider as refused:
                outcome = _refused(_meaning_of_a_no(order), str(refused), refused.code)
            except OutcomeUnknown:
                if _is_first():  # it may have acted; what comes of it is written down once more
                    lost = Code.OUTCOME_UNKNOWN if order.changes else "unanswered"
                    await self._tell_of_use(order, lost)
                raise
            except (Busy, Misconfigured) as fault:
                if _is_first() and (order.changes or isinstance(fault, NotPermitted)):
                    # who asked is told now, and not surprised by what is done hours later
                    raise ApplicationError(
                        str(fault),
                        type=_kind_of(fault),
                        non_retryable=True,
                        next_retry_delay=fault.retry_after if isinstance(fault, Busy) else None,
                    ) from fault
                raise
            await self._tell_of_use(order, outcome.error_code or "succeeded")
            return outcome

    async def _tell_of_use(self, order: OperationOrder, status: str) -> None:
        used = order.used(status)
        if used is not None:
            await self.uses.write(used, now())

    async def _asked(self, order: OperationOrder) -> JsonObject:
        ask = Ask(
            execution_id=order.operation_id,
            parameters=order.parameters,
            idempotency_key=order.operation_id,
            repeated=not _is_first(),
        )
        async with self._account(order) as gateway:
            operations = gateway.operations if isinstance(gateway, OperatedIntegration) else {}
            operation = operations.get(order.operation)
            if operation is None:
                raise RefusedByProvider(
                    f"the gateway of {order.connection_code} cannot {order.operation}",
                    "operation_not_offered",
                )
            return (await operation(ask)).result

    @asynccontextmanager
    async def _account(self, order: OperationOrder) -> AsyncIterator[IntegrationGateway]:
        if order.integration_id is not None:
            async with self.opened.using(order.integration_id) as gateway:
                yield gateway
            return
        environment = self.environment.get(order.connection_code)
        if environment is None:
            raise Misconfigured(
                f"this worker has no account of {order.connection_code}", order.connection_code
            )
        yield environment


def _meaning_of_a_no(order: OperationOrder) -> Code:
    """An earlier try may have acted; this one, by other credentials maybe, tells nothing of it."""
    return Code.OUTCOME_UNKNOWN if order.changes and not _is_first() else Code.PROVIDER_REFUSED


def _is_first() -> bool:
    return activity.info().attempt == 1


def _kind_of(fault: Busy | Misconfigured) -> str:
    """By which the workflow knows that nothing was done."""
    if isinstance(fault, Busy | NotPermitted):
        return type(fault).__name__
    return Misconfigured.__name__


def _refused(code: Code, message: str, provider_code: str | None) -> Outcome:
    return Outcome(error_code=code, error_message=message, provider_code=provider_code)
