"""The tenant's API keys: shown once when made, kept as a hash, revoked for good."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from api.deps import KEY_REQUIRED, AnyListing, CallerDep, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.free_text import Name
from domain.model import Model
from domain.tenants import ApiKey, Scope
from domain.views import Page

router = APIRouter(
    prefix="/api-keys", tags=["API keys"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)


class KeyBody(Model):
    name: Annotated[Name, Field(examples=["checkout service"])]
    scopes: frozenset[Scope] = Field(
        description="write and refund want read beside them: what is changed is looked at first.",
        min_length=1,
        examples=[["read", "write"]],
    )


class KeyAnswer(Model):
    key_id: str
    livemode: bool = Field(description="False: it opens installations in test mode alone.")
    name: str
    last_four: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None


class NewKey(KeyAnswer):
    api_key: str | None = Field(
        description="Keep it now: it is not shown again, not even to a repeated Idempotency-Key."
    )


@router.post("", operation_id="createApiKey", status_code=201)
async def create_key(
    request: Request, body: KeyBody, caller: CallerDep, services: ServicesDep
) -> NewKey:
    """A new key of the caller's tenant."""
    key, secret = await services.api_keys.create(caller, body.name, body.scopes)
    shown_once = NewKey(**dict(_answer(key)), api_key=secret)
    request.state.kept_answer = shown_once.model_copy(update={"api_key": None}).model_dump_json()
    return shown_once


@router.get("", operation_id="listApiKeys")
async def list_keys(
    listing: AnyListing, caller: CallerDep, services: ServicesDep
) -> Page[KeyAnswer]:
    """Keys, newest first, revoked ones too."""
    page = await services.api_keys.page(caller, listing.cursor, listing.limit)
    return Page(items=tuple(_answer(key) for key in page.items), next_cursor=page.next_cursor)


@router.post("/{key_id}/revoke", operation_id="revokeApiKey")
async def revoke_key(key_id: str, caller: CallerDep, services: ServicesDep) -> KeyAnswer:
    """From now on it opens nothing."""
    return _answer(await services.api_keys.revoke(caller, key_id))


def _answer(key: ApiKey) -> KeyAnswer:
    return KeyAnswer(
        key_id=key.key_id,
        livemode=key.livemode,
        name=key.name,
        last_four=key.last_four,
        scopes=key.scopes,
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
