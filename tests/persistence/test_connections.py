"""The catalogue in the rows: what comes with the migrations, and what is added to it."""

import pytest

from domain.connections import Capability, Connection, ConnectionStatus
from domain.errors import Code, Conflict
from persistence.connections import CapabilityRecords, ConnectionRecords
from persistence.database import Database
from persistence.integrations import IntegrationRecords
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, NOON, TENANT

SALESFORCE = Connection(
    connection_code="salesforce", display_name="Salesforce", created_at=NOON, updated_at=NOON
)
SYNC = Capability(
    connection_code="salesforce",
    capability_code="SYNC_CONTACTS",
    description="Copies contacts.",
    parameters_schema={"type": "object"},
    created_at=NOON,
    updated_at=NOON,
)


async def test_the_catalogue_begins_with_four_providers_and_what_they_can_do(
    database: Database,
) -> None:
    codes = [each.connection_code for each in await ConnectionRecords(database).all()]
    stripes = await CapabilityRecords(database).all_of("stripe")

    assert codes == ["internal", "justifi", "sendgrid", "stripe"]
    assert {"PROCESS_PAYMENT", "REFUND_PAYMENT"} <= {each.capability_code for each in stripes}
    assert all(each.parameters_schema and each.result_schema for each in stripes)


async def test_a_provider_is_added_changed_and_taken_out(database: Database) -> None:
    records = ConnectionRecords(database)
    await records.create(SALESFORCE, event())
    deprecated = SALESFORCE.model_copy(
        update={"status": ConnectionStatus.DEPRECATED, "updated_at": LATER}
    )

    assert await records.update(deprecated, event()) == deprecated
    assert await records.get("salesforce") == deprecated
    assert await records.delete("salesforce", event(), LATER)

    assert await records.get("salesforce") is None
    assert "salesforce" not in {each.connection_code for each in await records.all()}
    assert await records.update(deprecated, event()) is None
    assert not await records.delete("salesforce", event(), LATER)


async def test_a_code_that_is_taken_is_refused(database: Database) -> None:
    stripe = SALESFORCE.model_copy(update={"connection_code": "stripe"})
    with pytest.raises(Conflict) as refused:
        await ConnectionRecords(database).create(stripe, event())
    assert refused.value.code is Code.CONNECTION_EXISTS


async def test_a_provider_that_was_taken_out_begins_anew_without_its_capabilities(
    database: Database,
) -> None:
    connections, capabilities = ConnectionRecords(database), CapabilityRecords(database)
    await connections.create(SALESFORCE, event())
    await capabilities.create(SYNC, event())
    await connections.delete("salesforce", event(), LATER)

    again = await connections.create(
        SALESFORCE.model_copy(update={"created_at": LATER, "updated_at": LATER}), event()
    )

    assert await connections.get("salesforce") == again
    assert await capabilities.all_of("salesforce") == ()


async def test_a_provider_with_integrations_stays(database: Database) -> None:
    await stored(database, integration(), None)
    records = ConnectionRecords(database)

    with pytest.raises(Conflict, match="1 integrations use stripe") as refused:
        await records.delete("stripe", event(), LATER)
    assert refused.value.code is Code.CONNECTION_IN_USE
    assert await records.get("stripe") is not None

    await IntegrationRecords(database).delete(TENANT, "int-1", event(), LATER)
    assert await records.delete("stripe", event(), LATER)


async def test_a_capability_is_added_changed_taken_out_and_added_again(database: Database) -> None:
    await ConnectionRecords(database).create(SALESFORCE, event())
    records = CapabilityRecords(database)
    await records.create(SYNC, event())
    with pytest.raises(Conflict) as refused:
        await records.create(SYNC, event())
    assert refused.value.code is Code.CAPABILITY_EXISTS

    changed = SYNC.model_copy(
        update={"parameters_schema": None, "moves_money": True, "updated_at": LATER}
    )
    assert await records.update(changed, event()) == changed
    assert await records.get("salesforce", "SYNC_CONTACTS") == changed

    assert await records.delete("salesforce", "SYNC_CONTACTS", event(), LATER)
    assert not await records.delete("salesforce", "SYNC_CONTACTS", event(), LATER)
    assert await records.get("salesforce", "SYNC_CONTACTS") is None
    assert await records.update(changed, event()) is None

    assert await records.create(SYNC, event()) == SYNC
    assert await records.all_of("salesforce") == (SYNC,)
