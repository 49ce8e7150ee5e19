"""What the tools of integrations answer."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from domain.connections import JsonObject
from domain.executions import WaitingFor
from domain.integrations import IntegrationStatus
from domain.model import Model
from mcp_server.answers import Answer


class IntegrationLine(Model):
    integration_id: str
    connection_code: str = Field(description="The provider, such as stripe.")
    name: str
    status: IntegrationStatus = Field(description="Only an active one can be used.")
    status_reason: str | None
    livemode: bool = Field(description="False means that no real money moves.")


class IntegrationList(Answer):
    integrations: tuple[IntegrationLine, ...]
    next_cursor: str | None = Field(description="Give it as cursor for the next page.")


class CapabilityLine(Model):
    capability_code: str
    description: str
    parameters_schema: JsonObject | None = Field(description="JSON Schema; None: any object.")
    result_schema: JsonObject | None
    moves_money: bool = Field(description="Then a person must agree.")
    only_reads: bool = Field(description="Then nothing changes at the provider.")


class CapabilityList(Answer):
    integration_id: str
    capabilities: tuple[CapabilityLine, ...]


class ExecutionAnswer(Answer):
    execution_id: str | None = Field(description="None when nothing was asked of the provider.")
    integration_id: str
    capability_code: str
    status: Literal["succeeded", "declined", "running", "waiting"] = Field(
        description="succeeded: the provider answered, read result. declined: a person said no. "
        "running, waiting: it goes on by itself; call again with the same arguments for its result."
    )
    waiting_for: WaitingFor | None = Field(description="Why it waits; message says more.")
    next_try_at: datetime | None
    result: JsonValue = Field(description="As the capability's result_schema has it.")
    livemode: bool = Field(description="False means that no real money moves.")
