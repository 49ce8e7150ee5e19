"""The catalogue of providers and of what each can do, for those who run the installation."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import AnyHttpUrl, Field

from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.connections import (
    Capability,
    CapabilityCode,
    Connection,
    ConnectionCode,
    ConnectionStatus,
    JsonObject,
)
from domain.free_text import Name, Prose
from domain.model import Model
from domain.views import Page
from services.connections import CapabilityChange, CapabilityWish, ConnectionWish

router = APIRouter(
    prefix="/internal/connections",
    tags=["connections"],
    route_class=IdempotentRoute,
    dependencies=KEY_REQUIRED,
)
SCHEMA = Field(None, description="JSON Schema 2020-12. Without one every object fits.")


class ConnectionChange(Model):
    display_name: Name
    description: Prose | None = Field(None, max_length=2000)
    logo_url: AnyHttpUrl | None = None
    status: ConnectionStatus = ConnectionStatus.ACTIVE

    def wish(self, connection_code: str) -> ConnectionWish:
        return ConnectionWish(
            connection_code=connection_code,
            display_name=self.display_name,
            description=self.description,
            logo_url=str(self.logo_url) if self.logo_url else None,
            status=self.status,
        )


class ConnectionBody(ConnectionChange):
    connection_code: ConnectionCode


class CapabilityUpdate(Model):
    """What is left out stays as it is."""

    description: Prose | None = Field(None, min_length=1, max_length=2000)
    parameters_schema: JsonObject | None = SCHEMA
    result_schema: JsonObject | None = SCHEMA
    moves_money: bool | None = Field(None, description="What moves money stays so.")
    only_reads: bool | None = Field(None, description="It changes nothing at the provider.")


class CapabilityBody(Model):
    capability_code: CapabilityCode
    description: Prose = Field(min_length=1, max_length=2000)
    parameters_schema: JsonObject | None = SCHEMA
    result_schema: JsonObject | None = SCHEMA
    moves_money: bool = Field(False, description="Then an agent needs a human's yes.")
    only_reads: bool = Field(False, description="It changes nothing at the provider.")


CONNECTION = {
    "connection_code": "salesforce",
    "display_name": "Salesforce",
    "description": "Contacts and opportunities.",
}
CAPABILITY = {
    "capability_code": "SYNC_CONTACTS",
    "description": "Copy the contacts that changed since a day.",
    "parameters_schema": {
        "type": "object",
        "properties": {"since": {"type": "string", "format": "date"}},
        "additionalProperties": False,
    },
}


@router.post("", operation_id="createConnection", status_code=201)
async def create_connection(
    body: Annotated[ConnectionBody, Body(openapi_examples={"salesforce": {"value": CONNECTION}})],
    caller: CallerDep,
    services: ServicesDep,
) -> Connection:
    """Add a provider to the catalogue. Its capabilities and its gateway come apart from it."""
    return await services.connections.create(caller, body.wish(body.connection_code))


@router.get("", operation_id="listConnections")
async def list_connections(caller: CallerDep, services: ServicesDep) -> Page[Connection]:
    """Every provider there is, by its code."""
    return Page(items=await services.connections.all(caller), next_cursor=None)


@router.get("/{connection_code}", operation_id="getConnection")
async def get_connection(
    connection_code: str, caller: CallerDep, services: ServicesDep
) -> Connection:
    """One provider."""
    return await services.connections.get(caller, connection_code)


@router.put("/{connection_code}", operation_id="updateConnection")
async def update_connection(
    connection_code: ConnectionCode,
    body: ConnectionChange,
    caller: CallerDep,
    services: ServicesDep,
) -> Connection:
    """Change a provider. With the status `deprecated` no integration of it is begun any more."""
    return await services.connections.update(caller, body.wish(connection_code))


@router.delete("/{connection_code}", operation_id="deleteConnection", status_code=204)
async def delete_connection(connection_code: str, caller: CallerDep, services: ServicesDep) -> None:
    """Take a provider out of the catalogue. Refused while integrations of it exist."""
    await services.connections.delete(caller, connection_code)


@router.post("/{connection_code}/capabilities", operation_id="addCapability", status_code=201)
async def add_capability(
    connection_code: ConnectionCode,
    body: Annotated[CapabilityBody, Body(openapi_examples={"sync": {"value": CAPABILITY}})],
    caller: CallerDep,
    services: ServicesDep,
) -> Capability:
    """Say what a provider can do, and with what parameters."""
    wish = CapabilityWish(**dict(body))
    return await services.connections.add_capability(caller, connection_code, wish)


@router.get("/{connection_code}/capabilities", operation_id="listCapabilities")
async def list_capabilities(
    connection_code: str, caller: CallerDep, services: ServicesDep
) -> Page[Capability]:
    """What a provider can do, by code."""
    found = await services.connections.capabilities_of(caller, connection_code)
    return Page(items=found, next_cursor=None)


@router.get("/{connection_code}/capabilities/{capability_code}", operation_id="getCapability")
async def get_capability(
    connection_code: str, capability_code: str, caller: CallerDep, services: ServicesDep
) -> Capability:
    """One thing that a provider can do."""
    return await services.connections.capability(caller, connection_code, capability_code)


@router.put("/{connection_code}/capabilities/{capability_code}", operation_id="updateCapability")
async def update_capability(
    connection_code: ConnectionCode,
    capability_code: CapabilityCode,
    body: CapabilityUpdate,
    caller: CallerDep,
    services: ServicesDep,
) -> Capability:
    """Change a capability. The next execution is held against the new schemas."""
    change = CapabilityChange(**dict(body))
    return await services.connections.update_capability(
        caller, connection_code, capability_code, change
    )


@router.delete(
    "/{connection_code}/capabilities/{capability_code}",
    operation_id="removeCapability",
    status_code=204,
)
async def remove_capability(
    connection_code: str, capability_code: str, caller: CallerDep, services: ServicesDep
) -> None:
    """From now on it cannot be executed."""
    await services.connections.remove_capability(caller, connection_code, capability_code)
