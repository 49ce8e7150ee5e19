"""Executions in the rows: begun once, ended once, told in the audit log."""

from datetime import timedelta

import pytest

from domain.errors import Code, Conflict, NotFound
from domain.executions import (
    ExecutionOrder,
    ExecutionStatus,
    Outcome,
    ProviderCustomer,
    execution_id_of,
)
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.executions import ExecutionRecords
from persistence.integrations import IntegrationRecords
from tests.fake_sealed_rows import NEW, vault
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.samples import LATER, NOON, TENANT

DONE = Outcome(result={"payment_id": "hp_1"})
KNOWN = ProviderCustomer(provider_customer_id="hc_1")


def order(key: str = "key", **parameters: str) -> ExecutionOrder:
    return ExecutionOrder(
        execution_id=execution_id_of(TENANT, "int-1", key),
        tenant_id=TENANT,
        integration_id="int-1",
        connection_code="stripe",
        capability_code="PROCESS_PAYMENT",
        parameters=parameters,
        requested_by="key_1",
        address="192.0.2.1",
        livemode=False,
    )


@pytest.fixture
async def records(database: Database) -> ExecutionRecords:
    await stored(database, integration(), vault(NEW))
    return ExecutionRecords(database)


async def test_one_that_stands_is_begun_no_second_time(records: ExecutionRecords) -> None:
    first = await records.begin(order(), NOON)
    again = await records.begin(order(), LATER)

    assert again == first
    assert (first.status, first.created_at) == (ExecutionStatus.RUNNING, NOON)
    assert await records.get(TENANT, first.execution_id) == first
    assert await records.get("ten_other", first.execution_id) is None


async def test_the_first_end_stands_and_is_told_once(
    database: Database, records: ExecutionRecords
) -> None:
    await records.begin(order(), NOON)
    done = await records.finish(order(), DONE, LATER)
    failed = Outcome(error_code=Code.OUTCOME_UNKNOWN, error_message="nobody knows")

    again = await records.finish(order(), failed, LATER + timedelta(hours=1))

    assert again == done
    assert (done.status, done.result, done.finished_at) == (
        ExecutionStatus.SUCCEEDED,
        DONE.result,
        LATER,
    )
    told = (await AuditRecords(database).page(TENANT, "int-1")).items
    assert [(each.action, each.actor, each.address) for each in told] == [
        ("integration.used", "key_1", "192.0.2.1")
    ]


async def test_a_failure_is_kept_with_the_providers_word(records: ExecutionRecords) -> None:
    await records.begin(order(), NOON)
    refused = Outcome(
        error_code=Code.PROVIDER_REFUSED, error_message="no", provider_code="card_gone"
    )

    failed = await records.finish(order(), refused, LATER)

    assert failed.status is ExecutionStatus.FAILED
    assert (failed.error_code, failed.provider_code) == (Code.PROVIDER_REFUSED, "card_gone")


async def test_what_was_never_begun_does_not_end(records: ExecutionRecords) -> None:
    with pytest.raises(NotFound):
        await records.finish(order(), DONE, NOON)


async def test_a_customer_is_kept_for_the_integration_and_replaced_by_what_is_newer(
    records: ExecutionRecords,
) -> None:
    charged = KNOWN.model_copy(update={"payment_method_id": "hm_1"})
    for key, customer in (("first", KNOWN), ("second", charged)):
        asked = order(key, customer_id="cust_abc")
        await records.begin(asked, NOON)
        await records.finish(asked, Outcome(result={}, customer=customer), LATER)

    assert await records.customer("int-1", "cust_abc") == charged
    assert await records.customer("int-2", "cust_abc") is None


async def test_a_customer_whom_nobody_named_is_not_kept(records: ExecutionRecords) -> None:
    await records.begin(order(), NOON)
    done = await records.finish(order(), Outcome(result={}, customer=KNOWN), LATER)

    assert done.status is ExecutionStatus.SUCCEEDED


async def test_the_newest_equal_one_of_a_key_is_found(records: ExecutionRecords) -> None:
    await records.begin(order("first"), NOON)
    newest = await records.begin(order("second"), LATER)
    await records.begin(order("other", note="x"), LATER)

    found = await records.newest_equal("int-1", "key_1", order().request_hash)

    assert found == newest
    assert await records.newest_equal("int-1", "key_2", order().request_hash) is None


async def test_an_integration_is_in_use_until_its_executions_have_ended(
    database: Database, records: ExecutionRecords
) -> None:
    rows = IntegrationRecords(database)
    begun = await records.begin(order(), NOON)
    with pytest.raises(Conflict, match=begun.execution_id):
        await rows.delete(TENANT, "int-1", event("integration.deleted"), LATER)

    await records.finish(order(), DONE, LATER)

    assert await rows.delete(TENANT, "int-1", event("integration.deleted"), LATER)
