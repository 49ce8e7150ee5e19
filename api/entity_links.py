"""Which integration serves a quote, a customer, a product, a subscription, the whole tenant…"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.openapi.models import Example
from pydantic import AfterValidator, Field

from api.deps import KEY_REQUIRED, CallerDep, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.integrations import PAYMENT_PROCESSING, EntityLink, EntityLinkChange
from domain.model import Model
from domain.views import Page

router = APIRouter(
    prefix="/entities/{entity_type}/{entity_id}/integrations",
    tags=["entity links"],
    route_class=IdempotentRoute,
    dependencies=KEY_REQUIRED,
)
EntityType = Annotated[
    str,
    Path(
        pattern=r"^[a-z][a-z_]*$",
        max_length=32,
        description="`quote`, `customer`, `product`, `tenant`, `platform`, `subscription`; for "
        "purposes of your own also a word of your own.",
        examples=["customer"],
    ),
]
EntityId = Annotated[str, Path(min_length=1, max_length=128, examples=["cust_abc"])]
LINKED = {
    "integration_id": "0b0f4e6c-3c0e-4d3b-9c1f-5a1d2e8f7a11",
    "purpose": "payment_processing",
    "is_default": True,
}
WITH_RULE = {**LINKED, "failover_decline_codes": ["processing_error", "try_again_later"]}
SWAPPED = {"is_default": True}
RULED = {"failover_decline_codes": ["processing_error", "try_again_later"]}
LINK_EXAMPLES: dict[str, Example] = {
    "default": {"value": LINKED},
    "default whose declines may fail over": {"value": WITH_RULE},
}
CHANGE_EXAMPLES: dict[str, Example] = {"swap": {"value": SWAPPED}, "rule": {"value": RULED}}
FIRST_CHOICE = "The first choice; one for each purpose, whose first link is it by itself."
ORDER = "Backups follow in rising order."
RULE = (
    "On the default for payments: the decline codes, in its provider's words, after which a "
    "purchase moves to a backup. With none it never does. Who takes the default's place takes "
    "this over unless told otherwise."
)
MOST_CODES = 50
DeclineCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


def _each_once(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


DeclineCodes = Annotated[tuple[DeclineCode, ...], AfterValidator(_each_once)]


class EntityLinkBody(Model):
    integration_id: str = Field(min_length=1, max_length=64)
    purpose: str = Field(
        PAYMENT_PROCESSING,
        pattern=r"^[a-z][a-z_]*$",
        max_length=64,
        description="What it is used for there.",
    )
    is_default: bool | None = Field(None, description=FIRST_CHOICE)
    priority: int = Field(100, ge=0, le=1000, description=ORDER)
    failover_decline_codes: DeclineCodes = Field((), max_length=MOST_CODES, description=RULE)


class EntityLinkUpdate(Model):
    """What is left out stays as it is."""

    is_default: bool | None = Field(None, description=FIRST_CHOICE)
    priority: int | None = Field(None, ge=0, le=1000, description=ORDER)
    failover_decline_codes: DeclineCodes | None = Field(
        None, max_length=MOST_CODES, description=RULE
    )


class EntityLinkAnswer(Model):
    entity_type: str
    entity_id: str
    integration_id: str
    purpose: str
    is_default: bool
    priority: int
    failover_decline_codes: tuple[str, ...]
    created_at: datetime


@router.post("", operation_id="linkIntegration", status_code=201)
async def link_integration(
    entity_type: EntityType,
    entity_id: EntityId,
    body: Annotated[EntityLinkBody, Body(openapi_examples=LINK_EXAMPLES)],
    caller: CallerDep,
    services: ServicesDep,
) -> EntityLinkAnswer:
    """Have an integration serve an entity: as its default, or as a backup."""
    return _answer(
        await services.entity_links.link(
            caller,
            (entity_type, entity_id),
            body.integration_id,
            body.purpose,
            body.is_default,
            body.priority,
            body.failover_decline_codes,
        )
    )


@router.get("", operation_id="listEntityIntegrations")
async def list_entity_integrations(
    entity_type: EntityType, entity_id: EntityId, caller: CallerDep, services: ServicesDep
) -> Page[EntityLinkAnswer]:
    """What serves an entity, in the order in which it is tried."""
    links = await services.entity_links.all_of(caller, (entity_type, entity_id))
    return Page(items=tuple(map(_answer, links)), next_cursor=None)


@router.put("/{integration_id}", operation_id="updateEntityIntegration")
async def update_entity_integration(
    entity_type: EntityType,
    entity_id: EntityId,
    integration_id: str,
    body: Annotated[EntityLinkUpdate, Body(openapi_examples=CHANGE_EXAMPLES)],
    caller: CallerDep,
    services: ServicesDep,
    purpose: str = PAYMENT_PROCESSING,
) -> EntityLinkAnswer:
    """Change a link. Made the default, it replaces the default before it in one step."""
    change = EntityLinkChange(**dict(body))
    return _answer(
        await services.entity_links.update(
            caller, (entity_type, entity_id), integration_id, purpose, change
        )
    )


@router.delete("/{integration_id}", operation_id="unlinkIntegration", status_code=204)
async def unlink_integration(
    entity_type: EntityType,
    entity_id: EntityId,
    integration_id: str,
    caller: CallerDep,
    services: ServicesDep,
    purpose: str | None = None,
) -> None:
    """Undo a link: for one purpose, or without it for all. A default goes after its backups."""
    await services.entity_links.unlink(caller, (entity_type, entity_id), integration_id, purpose)


def _answer(link: EntityLink) -> EntityLinkAnswer:
    return EntityLinkAnswer(**link.model_dump(exclude={"tenant_id"}))
