"""A Temporal server that answered once, and then went away."""

from temporalio.client import Client
from temporalio.service import RetryConfig
from temporalio.testing import WorkflowEnvironment

from connections import data_converter
from settings import Settings

_GIVES_UP_AFTER = 500  # milliseconds; the SDK's own ten seconds would only be waited for


async def client_of_a_server_gone(server: WorkflowEnvironment, settings: Settings) -> Client:
    """Leaves ``server`` stopped."""
    address = server.client.service_client.config.target_host
    client = await Client.connect(
        address,
        data_converter=data_converter(settings),
        retry_config=RetryConfig(max_elapsed_time_millis=_GIVES_UP_AFTER),
    )
    await server.shutdown()
    return client
