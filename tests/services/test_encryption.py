"""What Temporal keeps of a purchase cannot be read there: encryption is not an option."""

from base64 import b64decode
from collections.abc import Iterator

import pytest
from temporalio.client import WorkflowHistory

from codec import ENCODING
from domain.purchases import workflow_id_of
from gateways.faults import StoredFault
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server

# In clear are what operators search for, and what the SDK notes about local activities of its own.
_IN_CLEAR = {"searchAttributes", "data"}


@pytest.fixture(scope="module")
async def kept(premises: Premises) -> WorkflowHistory:
    """The raw history of a purchase that was bought after a failure."""
    payments = premises.shop.payments
    payments.faults_before["open_checkout"].append(StoredFault("no page for Mei Tan"))
    purchase_id = await premises.shop.paid_purchase()
    run = premises.client.get_workflow_handle(workflow_id_of(purchase_id))
    await run.result()
    return await run.fetch_history()


def encodings(value: object) -> Iterator[bytes]:
    """Of every payload within."""
    if isinstance(value, list):
        for each in value:
            yield from encodings(each)
    if isinstance(value, dict):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and "encoding" in metadata:
            yield b64decode(metadata["encoding"])
        for name, within in value.items():
            if name not in _IN_CLEAR:
                yield from encodings(within)


async def test_every_payload_is_encrypted(kept: WorkflowHistory) -> None:
    found = list(encodings(kept.to_json_dict()))

    assert len(found) > 10
    assert set(found) == {ENCODING}


@pytest.mark.parametrize(
    "private",
    ["alice@example.com", "mei@example.com", "Mei Tan", "Travel Easy", "no page", "pay.example"],
)
async def test_no_customer_and_no_failure_is_told_in_clear(
    kept: WorkflowHistory, private: str
) -> None:
    written = b"".join(event.SerializeToString() for event in kept.events)

    assert b"Encoded failure" in written
    assert b"open_purchase" in written  # what is in clear would be found
    assert private.encode() not in written
