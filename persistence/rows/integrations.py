"""The integrations and entity_integrations tables. Credentials are sealed bytes, never text."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from domain.integrations import EntityLink, Integration, IntegrationStatus, Sealed
from persistence.columns import UtcDateTime

_IS_DEFAULT = text("is_default")


class IntegrationRow(SQLModel, table=True):
    __tablename__ = "integrations"
    __table_args__ = (
        Index("ix_integrations_newest", "tenant_id", "created_at", "integration_id"),
        Index("ix_integrations_key_id", "key_id", "integration_id"),
    )

    integration_id: str = Field(primary_key=True)
    tenant_id: str = Field(foreign_key="tenants.tenant_id")
    connection_code: str = Field(foreign_key="connections.connection_code")
    name: str
    status: str
    status_reason: str | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict, sa_type=JSON)  # its "metadata"
    calls_per_second: int | None = None
    livemode: bool
    credentials: bytes | None = Field(default=None, sa_type=LargeBinary, repr=False)
    key_id: str | None = None
    fingerprint: str | None = None
    last_four: str | None = None
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EntityIntegrationRow(SQLModel, table=True):
    __tablename__ = "entity_integrations"
    __table_args__ = (
        Index(
            "uq_entity_integrations_default",
            "tenant_id",
            "entity_type",
            "entity_id",
            "purpose",
            unique=True,
            sqlite_where=_IS_DEFAULT,
            postgresql_where=_IS_DEFAULT,
        ),
    )

    tenant_id: str = Field(primary_key=True)
    entity_type: str = Field(primary_key=True)
    entity_id: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    integration_id: str = Field(
        primary_key=True, foreign_key="integrations.integration_id", index=True
    )
    is_default: bool = False
    priority: int = 100
    failover_decline_codes: list[str] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


def integration_of(row: IntegrationRow) -> Integration:
    return Integration(
        integration_id=row.integration_id,
        tenant_id=row.tenant_id,
        connection_code=row.connection_code,
        name=row.name,
        status=IntegrationStatus(row.status),
        status_reason=row.status_reason,
        metadata=row.details,
        calls_per_second=row.calls_per_second,
        livemode=row.livemode,
        fingerprint=row.fingerprint,
        last_four=row.last_four,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def sealed_of(row: IntegrationRow) -> Sealed | None:
    if row.credentials is None or row.key_id is None:
        return None
    return Sealed(key_id=row.key_id, ciphertext=row.credentials)


def entity_link_of(row: EntityIntegrationRow) -> EntityLink:
    return EntityLink(
        tenant_id=row.tenant_id,
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        integration_id=row.integration_id,
        purpose=row.purpose,
        is_default=row.is_default,
        priority=row.priority,
        failover_decline_codes=tuple(row.failover_decline_codes),
        created_at=row.created_at,
    )
