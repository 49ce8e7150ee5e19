"""Whole installations, started once for the tests that leave them as they were."""

from collections.abc import AsyncIterator

import pytest

from connections import kept_secret
from tests.fake_sealed_rows import NEW, OLD
from tests.journeys.house import House, house_at, settings_for


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Shared by all whose purchases do not get in each other's way. Nothing is killed here.

    Its keys are about to be rotated: what an older one has sealed can still be opened.
    """
    home = tmp_path_factory.mktemp("house")
    kept_secret(home / "encryption_keys", f"{NEW},{OLD}")
    async with house_at(settings_for(home)) as opened:
        yield opened


@pytest.fixture(scope="session")
async def shaken_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """For tests that kill its processes: what they start afterwards must work again."""
    async with house_at(settings_for(tmp_path_factory.mktemp("shaken"))) as opened:
        yield opened
