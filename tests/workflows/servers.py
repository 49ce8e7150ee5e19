"""Temporal servers for tests: the small one that skips time, and the real one in a process."""

import shutil
import sys
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workflows import attributes

KEYS: tuple[SearchAttributeKey[str] | SearchAttributeKey[bool], ...] = (
    attributes.PAYMENT_STATUS,
    attributes.POLICY_STATUS,
    attributes.TENANT_ID,
    attributes.PAYOUT_STATUS,
    attributes.QUOTE_ID,
    attributes.PROVIDER,
    attributes.NEEDS_REVIEW,
    attributes.LIVE_MODE,
)
TYPES = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
# The queue of the one history shard is looked at 20 times a second by default: 50 ms per step.
AT_ONCE = [
    "--dynamic-config-value",
    "history.transferProcessorMaxPollRPS=2000",
    "--dynamic-config-value",
    "history.timerProcessorMaxPollRPS=2000",
]


def program(name: str) -> str | None:
    """One that stands beside this Python, or somewhere on PATH."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


async def start_skipping_server() -> WorkflowEnvironment:
    env = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program("temporal-test-server"),
        data_converter=pydantic_data_converter,
    )
    types = {name: TYPES[kind] for name, kind in attributes.ALL.items()}
    await env.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=env.client.namespace, search_attributes=types)
    )
    return env


async def plain_client_of(env: WorkflowEnvironment) -> Client:
    """Of those who wait by it nobody lets time fly."""
    address = env.client.service_client.config.target_host
    return await Client.connect(address, data_converter=pydantic_data_converter)


async def start_dev_server() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=program("temporal"),
        dev_server_extra_args=AT_ONCE,
        data_converter=pydantic_data_converter,
        search_attributes=KEYS,
    )
