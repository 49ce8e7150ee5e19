"""For those who run it: alive, ready, and the figures."""

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.deps import KEY_REQUIRED, ServicesDep, caller_of
from api.metrics import exposition
from domain.model import Model

router = APIRouter(tags=["operations"])


class Alive(Model):
    status: str = "ok"


class Readiness(Model):
    status: str
    parts: dict[str, bool]


@router.get("/healthz", operation_id="isAlive")
async def is_alive() -> Alive:
    """This process answers."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="isReady",
    responses={503: {"model": Readiness, "description": "A part is down."}},
)
async def is_ready(services: ServicesDep, response: Response) -> Readiness:
    """Whether Temporal and the database answer now."""
    parts = dict(await services.health.readiness())
    if all(parts.values()):
        return Readiness(status="ready", parts=parts)
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return Readiness(status="not ready", parts=parts)


@router.get(
    "/metrics", operation_id="getMetrics", response_class=Response, dependencies=KEY_REQUIRED
)
async def get_metrics(request: Request, services: ServicesDep) -> Response:
    """Prometheus: purchases, webhook events, latencies, and the Temporal SDK's own figures.

    They are of all tenants: in production they need an admin key of those who run the installation.
    """
    state = request.app.state
    if not state.metrics_are_public:
        (await caller_of(request)).require_platform()
    text = await exposition(services.health, state.registry, state.metrics_peers)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
