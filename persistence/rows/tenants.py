"""The tenants and api_keys tables. Of a key only its hash is kept."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from domain.tenants import ApiKey, Scope
from persistence.columns import UtcDateTime


class TenantRow(SQLModel, table=True):
    __tablename__ = "tenants"

    tenant_id: str = Field(primary_key=True)
    name: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class ApiKeyRow(SQLModel, table=True):
    """``scopes`` are words with one space between, in alphabetical order."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_newest", "tenant_id", "created_at", "key_id"),)

    key_id: str = Field(primary_key=True)
    tenant_id: str = Field(foreign_key="tenants.tenant_id")
    livemode: bool
    name: str
    hash: str = Field(unique=True, repr=False)
    last_four: str
    scopes: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def api_key_of(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        tenant_id=row.tenant_id,
        livemode=row.livemode,
        name=row.name,
        last_four=row.last_four,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
