"""`paybind keys rotate` at a running installation: what it says, and its exit status.

So too what other commands say in a shell that has not the keys of the workers.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from connections import connect_temporal, keyring
from domain.errors import Code, Unavailable
from domain.integrations import IntegrationStatus
from domain.purchases import workflow_id_of
from gateways.keyring import Keyring
from gateways.keyring_vault import KeyringVault
from persistence.integrations import IntegrationRecords
from settings import Settings
from tests.fake_sealed_rows import LOST, vault
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, TENANT
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[2]


async def run(premises: Premises, *words: str, **shell: str) -> tuple[int, str, str]:
    settings = premises.shop.settings
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "PAYBIND_HOME": str(settings.paybind_home),
        "TEMPORAL_ADDRESS": settings.temporal,
        **shell,
    }
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *words),
        cwd=settings.paybind_home,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await command.communicate()
    return command.returncode or 0, out.decode(), err.decode()


async def rotate(premises: Premises) -> tuple[int, str, str]:
    return await run(premises, "keys", "rotate")


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


@pytest.mark.parametrize("words", [("keys", "rotate"), ("events", "replay", "evt_1")], ids=" ".join)
@pytest.mark.parametrize("key_id", ["k9", "dev"])
async def test_in_a_shell_without_the_workers_keys_nothing_is_begun_and_one_line_says_why(
    premises: Premises, words: tuple[str, ...], key_id: str
) -> None:
    refused, out, err = await run(
        premises, *words, PAYBIND_ENCRYPTION_KEYS=Keyring.generate(key_id)
    )

    assert (refused, out) == (2, "")
    [line] = err.splitlines()
    assert f"no worker has the key {key_id} that this process seals under" in line
    assert "Give this process and every worker the same PAYBIND_ENCRYPTION_KEYS" in line
    assert (await rotate(premises))[0] == 0  # no run was left that no worker can open


async def test_a_shell_without_the_key_of_a_history_says_so(premises: Premises) -> None:
    """It seals under a key that the workers have, and lacks the one they answer under."""
    client = premises.client
    other = Settings(
        paybind_home=premises.shop.settings.paybind_home,
        temporal_address=client.service_client.config.target_host,
        paybind_encryption_keys=SecretStr(Keyring.generate("k9")),
    )
    purchase_id = await premises.shop.paid_purchase()
    run_of = (await connect_temporal(other)).get_workflow_handle(workflow_id_of(purchase_id))

    with pytest.raises(Unavailable, match="under a key dev that this process does not") as refused:
        await run_of.result()

    assert refused.value.code is Code.ENCRYPTION_KEYS_DIFFER
