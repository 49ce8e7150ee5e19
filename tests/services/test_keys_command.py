"""`paybind keys rotate` at a running installation: what it says, and its exit status."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from connections import keyring
from domain.integrations import IntegrationStatus
from gateways.keyring_vault import KeyringVault
from persistence.integrations import IntegrationRecords
from tests.fake_sealed_rows import LOST, vault
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, TENANT
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[2]


async def rotate(premises: Premises) -> tuple[int, str, str]:
    settings = premises.shop.settings
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "PAYBIND_HOME": str(settings.paybind_home),
        "TEMPORAL_ADDRESS": settings.temporal,
    }
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "keys", "rotate"),
        cwd=settings.paybind_home,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await command.communicate()
    return command.returncode or 0, out.decode(), err.decode()


async def test_it_names_what_cannot_be_opened_and_says_when_all_is_well(
    premises: Premises,
) -> None:
    own = KeyringVault(keyring(premises.shop.settings))
    await stored(premises.database, integration("int-fresh"), own)
    await stored(premises.database, integration("int-lost"), vault(LOST))

    failed, out, err = await rotate(premises)

    assert (failed, out) == (
        1,
        "0 integrations sealed anew under the key dev, 1 were under it, 1 cannot be opened\n",
    )
    assert err == (
        f"int-lost ({TENANT}): its credentials cannot be opened: "
        "the encryption key 2024 is not in PAYBIND_ENCRYPTION_KEYS\n"
    )
    rows = IntegrationRecords(premises.database)
    standing = await rows.get(TENANT, "int-lost")
    assert standing is not None
    assert standing.status is IntegrationStatus.ERROR

    await rows.delete(TENANT, "int-lost", event("integration.deleted"), LATER)
    assert await rotate(premises) == (
        0,
        "0 integrations sealed anew under the key dev, 1 were under it, 0 cannot be opened\n",
        "",
    )
