"""Asking an account at a provider for operations of the provider's API: what is there, and changes.

The provider is asked in the worker, where credentials are opened. A change runs under an id of its
own: who asks again under it joins what is under way, or gets what came of it.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from domain.connections import JsonObject
from domain.errors import (
    SOON,
    Code,
    Conflict,
    Forbidden,
    Invalid,
    PaybindError,
    ProviderRefusal,
    Unavailable,
)
from domain.executions import Outcome
from domain.model import Model
from domain.operation_advice import (
    FOR_WHO_RUNS_THE_ACCOUNT,
    IN_DOUBT,
    JOINED_BY_ITS_KEY,
    WITHOUT_A_KEY,
    advice_on_refusal,
)
from domain.operations import OperationOrder, operation_id_of
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from services.integrations import IntegrationService
from services.runs import started_once
from services.workflows import ANSWER_WITHIN
from workflows import attributes
from workflows.operation import OperationWorkflow


class OperationWish(Model):
    """``integration_id`` None: the environment's own account at this provider."""

    connection_code: str
    operation: str
    parameters: JsonObject
    integration_id: str | None = None


@dataclass(frozen=True)
class OperationService:
    """``environment``: the providers at which this installation has an account of its own."""

    integrations: IntegrationService
    environment: frozenset[str]
    client: Client
    livemode: bool
    answer_within: timedelta = ANSWER_WITHIN

    async def read(self, caller: Caller, wish: OperationWish) -> JsonObject:
        await self.require_account(caller, wish.connection_code, wish.integration_id)
        order = self._order(caller, wish, secrets.token_urlsafe(16), changes=False)
        return _result(order, await self._outcome(order))

    async def change(
        self, caller: Caller, wish: OperationWish, key: str, *, can_join: bool = False
    ) -> JsonObject:
        """The same ``key`` is the same change, and is answered with what came of it.

        ``can_join``: the asker's next call comes under the same key. Raises ``Conflict`` while the
        outcome is not known: it goes on, and is not done twice.
        """
        caller.require(Scope.WRITE)
        await self.require_account(caller, wish.connection_code, wish.integration_id)
        order = self._order(caller, wish, key, changes=True)
        return _result(order, await self._outcome(order, can_join=can_join))

    async def require_account(
        self, caller: Caller, connection_code: str, integration_id: str | None
    ) -> None:
        """The environment's account is of the tenant that runs the installation."""
        caller.require(Scope.READ)
        if integration_id is not None:
            integration = await self.integrations.get(caller, integration_id)
            if integration.connection_code != connection_code:
                raise Invalid(
                    Code.INVALID_REQUEST,
                    f"{integration_id} is an integration of {integration.connection_code}, "
                    f"not of {connection_code}",
                )
            self.integrations.require_usable(integration)
        elif caller.tenant_id != PLATFORM_TENANT:
            raise Forbidden(
                Code.MISSING_SCOPE,
                f"the environment's account is not this tenant's: name an integration of "
                f"{connection_code} by its integration_id",
            )
        elif connection_code not in self.environment:
            raise Conflict(
                Code.INTEGRATION_INACTIVE,
                f"no account of {connection_code} is set in the environment, and no integration_id "
                "is named",
            )

    def _order(
        self, caller: Caller, wish: OperationWish, key: str, *, changes: bool
    ) -> OperationOrder:
        account = wish.integration_id or wish.connection_code
        return OperationOrder(
            operation_id=operation_id_of(caller.tenant_id, account, wish.operation, key),
            tenant_id=caller.tenant_id,
            connection_code=wish.connection_code,
            integration_id=wish.integration_id,
            operation=wish.operation,
            parameters=wish.parameters,
            changes=changes,
            requested_by=caller.key_id,
            address=caller.address,
            livemode=self.livemode,
        )

    async def _outcome(self, order: OperationOrder, *, can_join: bool = False) -> Outcome:
        try:
            async with asyncio.timeout(self.answer_within.total_seconds()):
                run = await started_once(
                    self.client,
                    OperationWorkflow.run,
                    order,
                    order.workflow_id,
                    f"{order.operation} by {order.connection_code}",
                    attributes.of_integration(
                        order.tenant_id, order.connection_code, order.livemode
                    ),
                )
                operated = await run.result()
        except TimeoutError as slow:
            raise _not_yet(order, can_join=can_join) from slow
        except (WorkflowFailureError, RPCError) as lost:
            is_known = isinstance(lost, WorkflowFailureError) and _has_spoken(lost)
            if order.changes and not can_join and not is_known:  # asked again it would be another
                raise _not_yet(order, can_join=False) from lost
            raise _told(order, lost) from lost
        if operated.request_hash != order.request_hash:
            raise Invalid(
                Code.IDEMPOTENCY_KEY_REUSED, "this key was first sent with another request"
            )
        return operated.outcome


def _result(order: OperationOrder, outcome: Outcome) -> JsonObject:
    if outcome.error_code is None:
        return outcome.result or {}
    message = outcome.error_message or outcome.error_code
    if outcome.error_code is Code.PROVIDER_REFUSED:
        message = f"{message}; asked of {_account_of(order)}"
        advice = advice_on_refusal(outcome.provider_code, order.parameters)
        raise ProviderRefusal(message, outcome.provider_code, advice)
    raise Conflict(outcome.error_code, f"{order.operation_id}: {message}", advice=IN_DOUBT)


def _not_yet(order: OperationOrder, *, can_join: bool) -> PaybindError:
    if not order.changes:
        return Unavailable(f"{order.connection_code} has not answered yet")
    return Conflict(
        Code.OUTCOME_NOT_YET_KNOWN,
        f"{order.connection_code} has not told what came of {order.operation}; it goes on as "
        f"{order.operation_id}",
        advice=JOINED_BY_ITS_KEY if can_join else WITHOUT_A_KEY,
    )


def _has_spoken(failed: WorkflowFailureError) -> bool:
    """Whether it ended by itself, and so says that nothing was done."""
    return isinstance(failed.cause, ApplicationError)


def _told(order: OperationOrder, lost: WorkflowFailureError | RPCError) -> PaybindError:
    if isinstance(lost, RPCError):
        return Unavailable("Temporal gave no answer")
    said = lost.cause
    if not isinstance(said, ApplicationError):
        return Unavailable("the workflow was ended by force; repeat the request")
    if said.type in _FOR_A_PERSON:
        message = f"{said.message}; asked of {_account_of(order)}"
        return Conflict(_FOR_A_PERSON[said.type], message, advice=FOR_WHO_RUNS_THE_ACCOUNT)
    asked = said.next_retry_delay
    return Unavailable(said.message, retry_after=ceil(asked.total_seconds()) if asked else SOON)


def _account_of(order: OperationOrder) -> str:
    return order.integration_id or "the environment's account"


_FOR_A_PERSON = {
    "Misconfigured": Code.INTEGRATION_INACTIVE,
    "NotPermitted": Code.PERMISSION_MISSING,
}
