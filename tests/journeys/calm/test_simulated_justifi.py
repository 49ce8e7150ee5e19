"""An installation without keys for JustiFi reaches JustiFi's double."""

import pytest

from gateways.justifi_client import JustifiClient
from tests.journeys.house import House

pytestmark = [pytest.mark.slow]


async def test_the_settings_of_a_running_installation_open_the_double(house: House) -> None:
    settings = house.running.settings
    assert settings.justifi_client_id is not None
    assert settings.justifi_client_secret is not None
    client = JustifiClient(
        settings.justifi_client_id,
        settings.justifi_client_secret.get_secret_value(),
        settings.justifi_base_url,
        settings.justifi_sub_account,
    )

    await client.probe()
    await client.close()
