"""Doing what a provider can, by the capability's name."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Header, Request, Response
from pydantic import Field

from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from api.idempotent_route import HEADER, IdempotentRoute
from domain.connections import CapabilityCode, JsonObject
from domain.errors import Code
from domain.executions import Execution, ExecutionStatus, WaitingFor
from domain.model import Model
from services.executions import ExecutionWish

router = APIRouter(tags=["integrations"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED)
PAYMENT = {
    "capability_code": "PROCESS_PAYMENT",
    "parameters": {"amount": 10000, "currency": "USD", "customer_id": "cust_abc"},
}

STANDING = {
    "execution_id": "exe_h4ws2qkxkm3yq7n5bo2c6d",
    "integration_id": "int_6d2c5bo7n3yqkmkxws2qh4",
    "capability_code": "PROCESS_PAYMENT",
    "outcome_unknown": False,
    "result": None,
    "provider_code": None,
    "livemode": False,
    "created_at": "2026-11-21T09:00:00Z",
}
PAUSED = {
    **STANDING,
    "status": "waiting",
    "waiting": {
        "reason": "resume",
        "detail": "integration int_6d2c5bo7n3yqkmkxws2qh4 (stripe) is paused; nothing was sent",
        "since": "2026-11-21T09:00:01Z",
        "next_try_at": "2026-11-21T09:00:16Z",
    },
    "error_code": None,
    "error_message": None,
    "finished_at": None,
}
CANCELLED = {
    **STANDING,
    "status": "cancelled",
    "waiting": None,
    "error_code": "execution_cancelled",
    "error_message": "it was cancelled before anything was done",
    "finished_at": "2026-11-21T09:05:00Z",
}


class ExecutionBody(Model):
    capability_code: CapabilityCode
    parameters: JsonObject = Field(
        default_factory=dict, description="As the capability's parameters_schema has them."
    )


class WaitingAnswer(Model):
    reason: WaitingFor = Field(
        description="`resume`: an operator has paused the integration. `circuit`: it failed too "
        "often in a row; it is tried again by itself. `rate_limit`: its calls a second are used "
        "up. `provider`: the provider asked to wait. `connection`: it cannot be reached. "
        "`configuration`: an operator must set the integration right. `outcome`: the provider's "
        "answer was lost; asked under the same key it tells, and does nothing twice. `worker`: no "
        "worker is running."
    )
    detail: str = Field(description="For the engineer.")
    since: datetime
    next_try_at: datetime | None


class ExecutionAnswer(Model):
    execution_id: str
    integration_id: str
    capability_code: str
    status: ExecutionStatus = Field(
        description="`succeeded` means that the provider answered: a declined payment is a result. "
        "`running` and `waiting` go on by themselves; `terminated`, which an operator has ended "
        "by force, goes on when its request is repeated under its key."
    )
    waiting: WaitingAnswer | None = Field(description="Why it waits, while its status is that.")
    outcome_unknown: bool = Field(description="Whether the provider may have acted.")
    result: JsonObject | None = Field(description="As the capability's result_schema has it.")
    error_code: Code | None
    error_message: str | None
    provider_code: str | None = Field(description="The provider's own word for its refusal.")
    livemode: bool
    created_at: datetime
    finished_at: datetime | None


Shown = dict[str, object]


def _shown(name: str, example: Shown, description: str = "Successful Response") -> Shown:
    """An answer as the reference shows it."""
    content = {"application/json": {"examples": {name: {"value": example}}}}
    return {"model": ExecutionAnswer, "description": description, "content": content}


@router.post(
    "/integrations/{integration_id}/execute",
    operation_id="executeCapability",
    responses={202: _shown("paused", PAUSED, "It goes on by itself.")},
)
async def execute_capability(
    integration_id: str,
    body: Annotated[ExecutionBody, Body(openapi_examples={"payment": {"value": PAYMENT}})],
    caller: CallerDep,
    services: ServicesDep,
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(alias=HEADER)] = None,
) -> ExecutionAnswer:
    """Have the provider do it, once for the Idempotency-Key, which is required.

    Needs the scope `write`, and `refund` as well where money goes back. What is parked, or takes
    longer than 25 seconds, goes on by itself: 202 tells why it waits. Repeat the request for its
    result, or read the execution at `Location`.
    """
    wish = ExecutionWish(
        integration_id=integration_id,
        capability_code=body.capability_code,
        parameters=body.parameters,
    )
    execution = await services.executions.execute(caller, wish, idempotency_key)
    if not execution.is_final:
        response.status_code = 202
        response.headers["Location"] = f"/executions/{execution.execution_id}"
        request.state.is_provisional = True
    return _answer(execution)


@router.get("/executions/{execution_id}", operation_id="getExecution")
async def get_execution(
    execution_id: str, caller: CallerDep, services: ServicesDep
) -> ExecutionAnswer:
    """An execution as it stands."""
    return _answer(await services.executions.get(caller, execution_id))


@router.post(
    "/executions/{execution_id}/cancel",
    operation_id="cancelExecution",
    responses={200: _shown("cancelled", CANCELLED)},
)
async def cancel_execution(
    execution_id: str, caller: CallerDep, services: ServicesDep
) -> ExecutionAnswer:
    """Call off what certainly was not done: what waits and has `outcome_unknown` false.

    Needs the scopes of its execution. 409 `outcome_not_yet_known` while the provider is being asked
    or may have acted; 409 `execution_ended` once it has ended otherwise. Its key stays used.
    """
    return _answer(await services.executions.cancel(caller, execution_id))


def _answer(execution: Execution) -> ExecutionAnswer:
    return ExecutionAnswer(
        **execution.model_dump(exclude={"tenant_id", "request_hash", "requested_by"})
    )
