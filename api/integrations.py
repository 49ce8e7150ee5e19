"""A tenant's integrations. Credentials go in and never come out: their fingerprint does."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.connections import Capability, ConnectionCode, JsonObject
from domain.free_text import Metadata, Name
from domain.integrations import Integration, IntegrationFilter, IntegrationStatus
from domain.model import Model
from domain.views import Page
from services.integrations import IntegrationChange, IntegrationWish

router = APIRouter(
    prefix="/integrations",
    tags=["integrations"],
    route_class=IdempotentRoute,
    dependencies=KEY_REQUIRED,
)
Secret = Annotated[str, Field(min_length=1, max_length=4096)]
RATE = "How often a second the provider may be asked; what is more waits. 0 sets no limit."
STRIPE = {
    "connection_code": "stripe",
    "name": "Primary Stripe account",
    "credentials": {"api_key": "sk_test_primary0000000000000000"},
    "metadata": {"region": "SG"},
}


class IntegrationBody(Model):
    connection_code: ConnectionCode
    name: Name
    credentials: dict[str, Secret] | None = Field(
        None, description="As the provider asks for. Without them it waits for them.", repr=False
    )
    metadata: Metadata = Field(default_factory=dict)
    calls_per_second: int = Field(0, ge=0, le=1000, description=RATE)


class IntegrationUpdate(Model):
    """What is left out stays as it is."""

    name: Name | None = None
    credentials: dict[str, Secret | None] | None = Field(
        None,
        description="Merged with those it has: what is left out stays, null removes one.",
        repr=False,
    )
    status: IntegrationStatus | None = Field(None, description="`active` or `inactive`.")
    metadata: Metadata | None = None
    calls_per_second: int | None = Field(None, ge=0, le=1000, description=RATE)


class IntegrationListing(Listing):
    connection_code: str | None = None
    status: IntegrationStatus | None = None


class IntegrationAnswer(Model):
    integration_id: str
    connection_code: str
    name: str
    status: IntegrationStatus
    status_reason: str | None = Field(description="Why it is not active, for an operator.")
    metadata: JsonObject
    calls_per_second: int | None
    livemode: bool
    fingerprint: str | None = Field(description="Of the credentials: two alike are the same.")
    last_four: str | None = Field(description="The end of the secret, to recognise it by.")
    version: int = Field(description="Grows with each change of the credentials.")
    created_at: datetime
    updated_at: datetime


@router.post("", operation_id="createIntegration", status_code=201)
async def create_integration(
    body: Annotated[IntegrationBody, Body(openapi_examples={"stripe": {"value": STRIPE}})],
    caller: CallerDep,
    services: ServicesDep,
) -> IntegrationAnswer:
    """Configure an instance of a provider for this tenant; several of one provider may be."""
    wish = IntegrationWish(**dict(body))
    return integration_answer(await services.integrations.create(caller, wish))


@router.get("", operation_id="listIntegrations")
async def list_integrations(
    wanted: Annotated[IntegrationListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[IntegrationAnswer]:
    """This tenant's integrations, newest first."""
    filter = IntegrationFilter(connection_code=wanted.connection_code, status=wanted.status)
    page = await services.integrations.page(caller, filter, wanted.cursor, wanted.limit)
    return Page(items=tuple(map(integration_answer, page.items)), next_cursor=page.next_cursor)


@router.get("/{integration_id}", operation_id="getIntegration")
async def get_integration(
    integration_id: str, caller: CallerDep, services: ServicesDep
) -> IntegrationAnswer:
    """One integration as it stands."""
    return integration_answer(await services.integrations.get(caller, integration_id))


@router.put("/{integration_id}", operation_id="updateIntegration")
async def update_integration(
    integration_id: str, body: IntegrationUpdate, caller: CallerDep, services: ServicesDep
) -> IntegrationAnswer:
    """Change what is named. New values of the credentials that its provider needs make it active.

    Credentials are merged: `{"credentials": {"webhook_secret": "whsec_…"}}` adds one, null removes
    one; what comes of it is held against what the provider asks for.
    """
    change = IntegrationChange(**dict(body))
    return integration_answer(await services.integrations.update(caller, integration_id, change))


@router.delete("/{integration_id}", operation_id="deleteIntegration", status_code=204)
async def delete_integration(integration_id: str, caller: CallerDep, services: ServicesDep) -> None:
    """Destroy its credentials. Refused, with the list of what uses it, while it is in use."""
    await services.integrations.delete(caller, integration_id)


@router.get("/{integration_id}/capabilities", operation_id="listIntegrationCapabilities")
async def list_integration_capabilities(
    integration_id: str, caller: CallerDep, services: ServicesDep
) -> Page[Capability]:
    """What it can do: what its provider can."""
    found = await services.integrations.capabilities_of(caller, integration_id)
    return Page(items=found, next_cursor=None)


def integration_answer(integration: Integration) -> IntegrationAnswer:
    return IntegrationAnswer(**integration.model_dump(exclude={"tenant_id"}))
