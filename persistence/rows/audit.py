"""The audit_log table: rows are added and never changed; the database itself refuses both."""

from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Field, SQLModel

from domain.audit import AuditEntry
from persistence.found import FoundMoment, FoundObject

_OBJECT = FoundObject(none_as_null=True)


class AuditRow(SQLModel, table=True):
    __tablename__ = "audit_log"

    tenant_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=FoundMoment)
    actor: str
    address: str | None = None
    action: str
    subject: str
    before: dict[str, JsonValue] | None = Field(default=None, sa_type=_OBJECT)
    after: dict[str, JsonValue] | None = Field(default=None, sa_type=_OBJECT)
    previous_hash: str
    hash: str


def entry_of(row: AuditRow) -> AuditEntry:
    """Unchecked: one that was tampered with is to be read, and found out by its hash."""
    return AuditEntry.model_construct(
        tenant_id=row.tenant_id,
        number=row.number,
        at=row.at,
        actor=row.actor,
        address=row.address,
        action=row.action,
        subject=row.subject,
        before=row.before,
        after=row.after,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
