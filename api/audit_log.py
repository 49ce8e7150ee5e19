"""Who changed or used what, when and from where; written once and never changed."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from domain.audit import AuditEntry
from domain.views import Page

router = APIRouter(prefix="/audit-log", tags=["audit log"], dependencies=KEY_REQUIRED)


class AuditListing(Listing):
    subject: str | None = Field(
        None,
        description="The id of an integration, an execution or a payout, or a connection's code.",
    )


@router.get("", operation_id="listAuditLog")
async def list_audit_log(
    wanted: Annotated[AuditListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[AuditEntry]:
    """The tenant's entries, newest first. Each carries the hash of the one before it."""
    return await services.audit.page(caller, wanted.subject, wanted.cursor, wanted.limit)
