"""How an integration does, and an operator's hand on it: test, pause, resume."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import Field

from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from api.idempotent_route import IdempotentRoute
from api.integrations import IntegrationAnswer, integration_answer
from domain.free_text import Reason
from domain.health import Circuit, Health
from domain.model import Model

router = APIRouter(
    prefix="/integrations/{integration_id}",
    tags=["integrations"],
    route_class=IdempotentRoute,
    dependencies=KEY_REQUIRED,
)


class PauseBody(Model):
    reason: Reason | None = None


class HealthAnswer(Model):
    integration_id: str
    circuit: Circuit = Field(
        description="`open`: it failed too often in a row, and nothing is sent for a while; "
        "`half_open`: one call is let through to see."
    )
    failures: int = Field(description="In a row.")
    opened_at: datetime | None
    last_failure: str | None
    last_failure_at: datetime | None
    last_success_at: datetime | None = Field(description="The first one after a failure.")
    is_paused: bool
    paused_at: datetime | None
    paused_by: str | None = Field(description="The API key that paused it.")
    pause_reason: str | None


@router.get("/health", operation_id="getIntegrationHealth")
async def get_integration_health(
    integration_id: str, caller: CallerDep, services: ServicesDep
) -> HealthAnswer:
    """What the last calls of its provider taught, and whether somebody has paused it."""
    return _answer(await services.integration_health.get(caller, integration_id))


@router.post("/test", operation_id="testIntegration")
async def check_integration(
    integration_id: str, caller: CallerDep, services: ServicesDep
) -> IntegrationAnswer:
    """Call the provider harmlessly: the status afterwards says whether its credentials work.

    Tested even while it is paused. Where the provider cannot be reached the status stays.
    """
    return integration_answer(await services.integration_health.test(caller, integration_id))


@router.post("/pause", operation_id="pauseIntegration")
async def pause_integration(
    integration_id: str, caller: CallerDep, services: ServicesDep, body: PauseBody | None = None
) -> HealthAnswer:
    """Send nothing until it is resumed. What is under way waits, and goes to a backup if it can."""
    reason = body.reason if body else None
    return _answer(await services.integration_health.pause(caller, integration_id, reason))


@router.post("/resume", operation_id="resumeIntegration")
async def resume_integration(
    integration_id: str, caller: CallerDep, services: ServicesDep
) -> HealthAnswer:
    """What waited goes on; failures are counted anew."""
    return _answer(await services.integration_health.resume(caller, integration_id))


def _answer(health: Health) -> HealthAnswer:
    return HealthAnswer(
        **health.model_dump(exclude={"probe_at"}),
        circuit=health.circuit(datetime.now(UTC)),
        is_paused=health.is_paused,
    )
