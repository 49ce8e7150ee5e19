"""The executions and provider_customers tables: what was asked of providers by name."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from persistence.columns import UtcDateTime


class ExecutionRow(SQLModel, table=True):
    """Written before the provider is asked; the parameters stay in the encrypted history."""

    __tablename__ = "executions"
    __table_args__ = (Index("ix_executions_newest", "tenant_id", "created_at", "execution_id"),)

    execution_id: str = Field(primary_key=True)
    tenant_id: str
    integration_id: str = Field(foreign_key="integrations.integration_id", index=True)
    capability_code: str
    requested_by: str
    livemode: bool
    status: str
    result: dict[str, JsonValue] | None = Field(
        default=None, sa_type=JSON(none_as_null=True), repr=False
    )
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProviderCustomerRow(SQLModel, table=True):
    """Which customer at the provider stands for a customer of the tenant."""

    __tablename__ = "provider_customers"

    integration_id: str = Field(primary_key=True, foreign_key="integrations.integration_id")
    customer_id: str = Field(primary_key=True)
    tenant_id: str
    provider_customer_id: str
    payment_method_id: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
