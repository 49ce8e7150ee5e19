"""The audit log: what is written down of a caller's act, and reading it again."""

from dataclasses import dataclass

from domain.audit import AuditEntry, AuditEvent
from domain.model import Model
from domain.tenants import Caller, Scope
from domain.views import Page
from persistence.audit import AuditRecords


@dataclass(frozen=True)
class AuditService:
    records: AuditRecords

    async def page(
        self, caller: Caller, subject: str | None, cursor: str | None, limit: int
    ) -> Page[AuditEntry]:
        """The caller's own tenant's entries, newest first."""
        caller.require(Scope.ADMIN)
        return await self.records.page(caller.tenant_id, subject, cursor, limit)


def told(
    caller: Caller,
    action: str,
    subject: str,
    before: Model | None = None,
    after: Model | None = None,
) -> AuditEvent:
    """``before`` and ``after`` are models without secrets."""
    return AuditEvent(
        tenant_id=caller.tenant_id,
        actor=caller.key_id,
        address=caller.address,
        action=action,
        subject=subject,
        before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json") if after else None,
    )
