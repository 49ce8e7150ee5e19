"""The executions and provider_customers tables: what was asked of providers by name."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from domain.errors import Code
from domain.executions import Execution, ExecutionStatus, ProviderCustomer, Sending, Waiting
from persistence.columns import UtcDateTime


class ExecutionRow(SQLModel, table=True):
    """Written before the provider is asked; the parameters stay in the encrypted history."""

    __tablename__ = "executions"
    __table_args__ = (Index("ix_executions_newest", "tenant_id", "created_at", "execution_id"),)

    execution_id: str = Field(primary_key=True)
    tenant_id: str
    integration_id: str = Field(foreign_key="integrations.integration_id", index=True)
    capability_code: str
    request_hash: str  # of what was asked: the same key asks for the same
    requested_by: str
    livemode: bool
    status: str
    outcome_unknown: bool = False  # set before the provider is asked
    sending: dict[str, JsonValue] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    waiting: dict[str, JsonValue] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    result: dict[str, JsonValue] | None = Field(
        default=None, sa_type=JSON(none_as_null=True), repr=False
    )
    error_code: str | None = None
    error_message: str | None = None
    provider_code: str | None = None
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


def row_of(execution: Execution) -> ExecutionRow:
    waiting = execution.waiting.model_dump(mode="json") if execution.waiting else None
    return ExecutionRow(**execution.model_dump(exclude={"waiting"}), waiting=waiting)


def execution_of(row: ExecutionRow) -> Execution:
    return Execution(
        execution_id=row.execution_id,
        tenant_id=row.tenant_id,
        integration_id=row.integration_id,
        capability_code=row.capability_code,
        request_hash=row.request_hash,
        requested_by=row.requested_by,
        livemode=row.livemode,
        status=ExecutionStatus(row.status),
        outcome_unknown=row.outcome_unknown,
        waiting=waiting_of(row) if row.status == ExecutionStatus.WAITING else None,
        result=row.result,
        error_code=Code(row.error_code) if row.error_code else None,
        error_message=row.error_message,
        provider_code=row.provider_code,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def waiting_of(row: ExecutionRow) -> Waiting | None:
    """What it waits for, or waited for before its present attempt."""
    return Waiting.model_validate(row.waiting) if row.waiting else None


def sending_of(row: ExecutionRow) -> Sending:
    return Sending.model_validate(row.sending or {})


def provider_customer_of(row: ProviderCustomerRow) -> ProviderCustomer:
    return ProviderCustomer(
        provider_customer_id=row.provider_customer_id, payment_method_id=row.payment_method_id
    )
