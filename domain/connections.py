"""The catalogue: which providers there are, and what each of them can do."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from domain.model import Model

ConnectionCode = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64, examples=["stripe"])
]
CapabilityCode = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64, examples=["PROCESS_PAYMENT"])
]
JsonObject = Mapping[str, JsonValue]


class ConnectionStatus(StrEnum):
    ACTIVE = "active"
    BETA = "beta"
    DEPRECATED = "deprecated"


class Connection(Model):
    """A kind of service that can be connected; of a deprecated one no integration is begun."""

    connection_code: ConnectionCode
    display_name: str
    description: str | None = None
    logo_url: str | None = None
    status: ConnectionStatus = ConnectionStatus.ACTIVE
    created_at: datetime
    updated_at: datetime


class Capability(Model):
    """What a connection can do. Its schemas are JSON Schema 2020-12; without one all is allowed.

    One that moves money to the customer asks for the scope of refunds besides the one to write.
    One that only reads changes nothing at the provider, however often it is asked.
    """

    connection_code: ConnectionCode
    capability_code: CapabilityCode
    description: str
    parameters_schema: JsonObject | None = None
    result_schema: JsonObject | None = None
    moves_money: bool = False
    only_reads: bool = False
    created_at: datetime
    updated_at: datetime

    @property
    def gives_back(self) -> bool:
        """Whether the money moves to the customer: that asks for the scope of refunds."""
        return self.capability_code.startswith("REFUND")
