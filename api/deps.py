"""What routes ask for: the services, and who is calling."""

from typing import Annotated, cast

from fastapi import Depends, Query, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import Field

from domain.errors import Code, Unauthorized
from domain.model import Model
from domain.tenants import Caller
from services.catalogue import Services

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="Bearer", description="An API key: `Bearer pbk_…`."
)
_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="The same API key."
)


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


async def caller_of(request: Request) -> Caller:
    """Who holds the request's key; looked up once for a request."""
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known
    caller = await services_of(request).api_keys.authenticate(_key_of(request))
    if request.client is not None:
        caller = caller.model_copy(update={"address": request.client.host})
    request.state.caller = caller
    return caller


def _key_of(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    given = request.headers.get("x-api-key")
    if not given:
        raise Unauthorized(Code.UNAUTHORIZED, "the API key is missing, wrong or revoked")
    return given


class Listing(Model):
    """One page of a list, newest first."""

    cursor: str | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=100)


AnyListing = Annotated[Listing, Query()]
CallerDep = Annotated[Caller, Depends(caller_of)]
ServicesDep = Annotated[Services, Depends(services_of)]
KEY_REQUIRED = [Security(_BEARER), Security(_HEADER)]
