"""The connections and capabilities tables: the catalogue, the same for every tenant."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from domain.connections import Capability, Connection, ConnectionStatus
from persistence.columns import UtcDateTime


class ConnectionRow(SQLModel, table=True):
    __tablename__ = "connections"

    connection_code: str = Field(primary_key=True)
    display_name: str
    description: str | None = None
    logo_url: str | None = None
    status: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CapabilityRow(SQLModel, table=True):
    __tablename__ = "capabilities"

    connection_code: str = Field(primary_key=True, foreign_key="connections.connection_code")
    capability_code: str = Field(primary_key=True)
    description: str
    parameters_schema: dict[str, JsonValue] | None = Field(
        default=None, sa_type=JSON(none_as_null=True)
    )
    result_schema: dict[str, JsonValue] | None = Field(
        default=None, sa_type=JSON(none_as_null=True)
    )
    moves_money: bool = False
    only_reads: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def connection_of(row: ConnectionRow) -> Connection:
    return Connection(
        connection_code=row.connection_code,
        display_name=row.display_name,
        description=row.description,
        logo_url=row.logo_url,
        status=ConnectionStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def capability_of(row: CapabilityRow) -> Capability:
    return Capability(
        connection_code=row.connection_code,
        capability_code=row.capability_code,
        description=row.description,
        parameters_schema=row.parameters_schema,
        result_schema=row.result_schema,
        moves_money=row.moves_money,
        only_reads=row.only_reads,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
