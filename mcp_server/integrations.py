"""The tools of integrations: what is connected, what each can do, and having it done.

Where money moves a human must agree, in their client's own window: executions have no queue in
which an operator could say yes later, so what nobody can be asked is left to the HTTP API.
The id that makes a repeated call the same execution is never an argument: see ``_execution_id``.
"""

import json
from dataclasses import dataclass

from mcp.server.mcpserver import Context
from mcp.types import InputRequiredResult
from pydantic import TypeAdapter, ValidationError

from domain.connections import Capability
from domain.errors import Code, Conflict, Forbidden
from domain.executions import Execution
from domain.integrations import Integration, IntegrationFilter
from domain.money import CurrencyCode, Money
from domain.tenants import Caller
from mcp_server import arguments as args
from mcp_server.asking import Reply, agreement
from mcp_server.callers import Callers
from mcp_server.integration_answers import (
    CapabilityLine,
    CapabilityList,
    ExecutionAnswer,
    IntegrationLine,
    IntegrationList,
)
from mcp_server.plain_text import plain, plain_json, plain_or_none
from services.catalogue import Services
from services.executions import ExecutionWish, Means

AT_ONCE = 50
LONGEST_QUESTION = 1000  # characters of the parameters, which are shown whole or not at all
_CURRENCY: TypeAdapter[str] = TypeAdapter(CurrencyCode)


@dataclass(frozen=True)
class IntegrationTools:
    services: Services
    callers: Callers
    read_only: bool

    async def list_integrations(self, *, cursor: args.Cursor | None = None) -> IntegrationList:
        """List the accounts at providers that this tenant has connected, newest first, with their
        status. It changes nothing.

        Next: list_capabilities tells what an integration can do. Only one whose status is active
        can be used; a status of error is a matter for an operator.
        """
        caller = await self.callers.current()
        page = await self.services.integrations.page(caller, IntegrationFilter(), cursor, AT_ONCE)
        return IntegrationList(
            message=f"{len(page.items)} integrations. Call list_capabilities for what one can do.",
            integrations=tuple(map(_integration_line, page.items)),
            next_cursor=page.next_cursor,
        )

    async def list_capabilities(self, *, integration_id: args.IntegrationId) -> CapabilityList:
        """List what an integration can do, with the JSON Schemas of the parameters it takes and of
        the result it gives. It changes nothing.

        Next: execute_capability, with parameters that follow parameters_schema.
        """
        caller = await self.callers.current()
        found = await self.services.integrations.capabilities_of(caller, integration_id)
        return CapabilityList(
            message="Call execute_capability with one of these and parameters that follow its "
            "parameters_schema. A person must agree to those whose moves_money is true.",
            integration_id=integration_id,
            capabilities=tuple(map(_capability_line, found)),
        )

    async def execute_capability(
        self,
        context: Context,
        *,
        integration_id: args.IntegrationId,
        capability_code: args.CapabilityCode,
        parameters: args.Parameters,
    ) -> ExecutionAnswer | InputRequiredResult:
        """Have the provider of an integration do one thing that list_capabilities names.

        Where money moves a human must agree: your client asks its user. Told approval_required, a
        person has to run it instead; do not try again. Told running or waiting, or
        after a time-out, call again with the same arguments: it joins what is still being worked
        on, and what was done within ten minutes is not done twice. Only money that a person agreed
        to again moves again. A declined payment is an answer: read result.
        """
        caller = await self.callers.current()
        wish = ExecutionWish(
            integration_id=integration_id, capability_code=capability_code, parameters=parameters
        )
        means = await self.services.executions.prepare(caller, wish)
        if self.read_only and not means.capability.only_reads:
            raise Forbidden(Code.READ_ONLY, f"this server only reads; {capability_code} does more")
        chosen = await self._execution_id(context, caller, wish, means)
        if isinstance(chosen, InputRequiredResult):
            return chosen
        if chosen is None:
            return _declined(wish, means.integration)
        execution = await self.services.executions.execute_as(caller, wish, chosen)
        return _done(execution) if execution.is_final else _under_way(execution)

    async def _execution_id(
        self, context: Context, caller: Caller, wish: ExecutionWish, means: Means
    ) -> str | InputRequiredResult | None:
        """Which execution this call means; None where a person said no to it."""
        executions = self.services.executions
        unfinished = await executions.unfinished(caller, wish)
        if unfinished is not None:
            return unfinished
        if not means.capability.moves_money:
            changes = not means.capability.only_reads
            repeated = await executions.repeated_id(caller, wish) if changes else None
            return repeated or await executions.next_id(caller, wish)
        question = self._question(wish, means.integration)
        asked = await agreement(context, question, await executions.next_id(caller, wish))
        if isinstance(asked, InputRequiredResult):
            return asked
        reply, execution_id = asked
        if reply is Reply.NOBODY_ASKED:
            raise _left_to_a_person("this client cannot ask its user")
        return execution_id if reply is Reply.YES else None

    def _question(self, wish: ExecutionWish, integration: Integration) -> str:
        """With everything that will be sent: nobody agrees to what they have not seen."""
        amount = _amount_of(wish)
        if amount is None:
            raise _left_to_a_person("its parameters name no amount and currency")
        limit = self.services.refunds.approval_above.of(amount.currency)
        if amount.minor > limit.minor:
            raise _left_to_a_person(f"{amount} is more than a user may agree to alone ({limit})")
        sent = json.dumps(dict(wish.parameters), ensure_ascii=False)
        if len(sent) > LONGEST_QUESTION:
            raise _left_to_a_person("its parameters are too long to be shown to anybody")
        return (
            f"Move {amount} by {wish.capability_code} of {plain(integration.name, 120)} "
            f"({integration.connection_code})? What is sent: {plain(sent, LONGEST_QUESTION)}"
        )


def _amount_of(wish: ExecutionWish) -> Money | None:
    amount = wish.parameters.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        return None
    try:
        currency = _CURRENCY.validate_python(wish.parameters.get("currency"))
    except ValidationError:
        return None
    return Money(minor=amount, currency=currency)


def _left_to_a_person(why: str) -> Conflict:
    return Conflict(Code.APPROVAL_REQUIRED, f"a person has to run this: {why}")


def _integration_line(integration: Integration) -> IntegrationLine:
    return IntegrationLine(
        integration_id=integration.integration_id,
        connection_code=integration.connection_code,
        name=plain(integration.name),
        status=integration.status,
        status_reason=plain_or_none(integration.status_reason),
        livemode=integration.livemode,
    )


def _capability_line(capability: Capability) -> CapabilityLine:
    return CapabilityLine(
        capability_code=capability.capability_code,
        description=plain(capability.description),
        parameters_schema=capability.parameters_schema,
        result_schema=capability.result_schema,
        moves_money=capability.moves_money,
        only_reads=capability.only_reads,
    )


def _done(execution: Execution) -> ExecutionAnswer:
    return ExecutionAnswer(
        message="The provider has answered: read result.",
        execution_id=execution.execution_id,
        integration_id=execution.integration_id,
        capability_code=execution.capability_code,
        status="succeeded",
        waiting_for=None,
        next_try_at=None,
        result=plain_json(dict(execution.result or {})),
        livemode=execution.livemode,
    )


def _under_way(execution: Execution) -> ExecutionAnswer:
    waiting = execution.waiting
    why = f"since {waiting.since.isoformat()}: {plain(waiting.detail)}" if waiting else ""
    return ExecutionAnswer(
        message=f"It is {'waiting' if waiting else 'running'} {why}. It goes on by itself; call "
        "again with the same arguments for its result: nothing is done twice.",
        execution_id=execution.execution_id,
        integration_id=execution.integration_id,
        capability_code=execution.capability_code,
        status="waiting" if waiting else "running",
        waiting_for=waiting.reason if waiting else None,
        next_try_at=waiting.next_try_at if waiting else None,
        result=None,
        livemode=execution.livemode,
    )


def _declined(wish: ExecutionWish, integration: Integration) -> ExecutionAnswer:
    return ExecutionAnswer(
        message="The person who was asked did not agree. Nothing was done.",
        execution_id=None,
        integration_id=wish.integration_id,
        capability_code=wish.capability_code,
        status="declined",
        waiting_for=None,
        next_try_at=None,
        result=None,
        livemode=integration.livemode,
    )
