"""Executions in the rows: begun once, ended once, told in the audit log."""

from datetime import timedelta
from itertools import count

import pytest

from domain.errors import Code, Conflict, NotFound
from domain.executions import (
    Execution,
    ExecutionStatus,
    Outcome,
    ProviderCustomer,
    Sending,
    Waiting,
    WaitingFor,
)
from gateways.faults import LOOK_AGAIN
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.executions import ExecutionRecords
from persistence.integrations import IntegrationRecords
from persistence.verification import VerificationRecords
from tests.fake_sealed_rows import NEW, vault
from tests.persistence.integration_samples import event, integration, stored
from tests.persistence.integration_samples import execution_order as order
from tests.persistence.samples import LATER, NOON, TENANT

DONE = Outcome(result={"payment_id": "hp_1"})
_numbers = count(1)
KNOWN = ProviderCustomer(provider_customer_id="hc_1")
PAUSED = Waiting(
    reason=WaitingFor.RESUME, detail="it is paused", since=NOON, next_try_at=NOON + LOOK_AGAIN
)


@pytest.fixture
async def records(database: Database) -> ExecutionRecords:
    await stored(database, integration(), vault(NEW))
    return ExecutionRecords(database)


async def test_one_that_stands_is_begun_no_second_time(records: ExecutionRecords) -> None:
    begun = await records.begin(order(), NOON)
    again = await records.begin(order(), LATER)

    first = begun.execution
    assert again.execution == first
    assert (begun.may_have_acted, again.may_have_acted) == (False, True)
    assert (first.status, first.created_at) == (ExecutionStatus.RUNNING, NOON)
    assert first.outcome_unknown
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
    await stored(records.database, integration("int-2"), vault(NEW))
    charged = KNOWN.model_copy(update={"payment_method_id": "hm_1"})
    for key, customer in (("first", KNOWN), ("second", charged)):
        asked = order(key, customer_id="cust_abc")
        await records.begin(asked, NOON)
        await records.finish(asked, Outcome(result={}, customer=customer), LATER)

    assert await customer_of(records, "int-1") == charged
    assert await customer_of(records, "int-2") is None


async def test_a_customer_whom_nobody_named_is_not_kept(records: ExecutionRecords) -> None:
    await records.begin(order(), NOON)
    done = await records.finish(order(), Outcome(result={}, customer=KNOWN), LATER)

    assert done.status is ExecutionStatus.SUCCEEDED


async def test_the_newest_equal_one_of_a_key_is_found(records: ExecutionRecords) -> None:
    await records.begin(order("first"), NOON)
    newest = (await records.begin(order("second"), LATER)).execution
    await records.begin(order("other", note="x"), LATER)

    found = await records.newest_equal("int-1", "key_1", order().request_hash)

    assert found == newest
    assert await records.newest_equal("int-1", "key_2", order().request_hash) is None


async def test_an_integration_is_in_use_until_its_executions_have_ended(
    database: Database, records: ExecutionRecords
) -> None:
    rows = IntegrationRecords(database)
    begun = (await records.begin(order(), NOON)).execution
    await records.wait(begun.execution_id, PAUSED, outcome_unknown=False)
    with pytest.raises(Conflict, match=begun.execution_id):
        await rows.delete(TENANT, "int-1", event("integration.deleted"), LATER)

    await records.finish(order(), DONE, LATER)

    assert await rows.delete(TENANT, "int-1", event("integration.deleted"), LATER)


async def test_one_that_waits_tells_why_and_since_when(records: ExecutionRecords) -> None:
    waits = (await records.begin(order(), NOON)).execution
    for after in (timedelta(), timedelta(minutes=1)):
        told = PAUSED.model_copy(update={"since": NOON + after, "next_try_at": LATER + after})
        taken = await records.begin(order(), NOON + after)
        assert taken.execution.waiting is None
        await records.wait(waits.execution_id, told, outcome_unknown=False)

    waits = await standing(records)
    assert (waits.status, waits.outcome_unknown) == (ExecutionStatus.WAITING, False)
    assert waits.waiting == PAUSED.model_copy(update={"next_try_at": LATER + timedelta(minutes=1)})

    busy = PAUSED.model_copy(update={"reason": WaitingFor.PROVIDER, "since": LATER})
    await records.begin(order(), LATER)
    await records.wait(waits.execution_id, busy, outcome_unknown=True)

    waits = await standing(records)
    assert (waits.waiting, waits.outcome_unknown) == (busy, True)


async def test_one_that_has_ended_waits_no_more(records: ExecutionRecords) -> None:
    await records.begin(order(), NOON)
    done = await records.finish(order(), DONE, LATER)

    await records.wait(done.execution_id, PAUSED, outcome_unknown=True)

    assert await standing(records) == done
    assert not done.outcome_unknown
    assert (await records.begin(order(), LATER)).execution == done


async def test_one_that_no_worker_has_taken_up_waits_for_one(records: ExecutionRecords) -> None:
    waits = await records.await_worker(order(), NOON)

    assert waits.waiting is not None
    assert (waits.waiting.reason, waits.outcome_unknown) == (WaitingFor.WORKER, False)
    taken = await records.begin(order(), LATER)
    assert (taken.may_have_acted, taken.execution.created_at) == (False, NOON)
    assert await records.await_worker(order(), LATER) == taken.execution


async def standing(records: ExecutionRecords) -> Execution:
    found = await records.get(TENANT, order().execution_id)
    assert found is not None
    return found


async def test_only_what_certainly_was_not_done_is_cancelled(
    database: Database, records: ExecutionRecords
) -> None:
    told = event("execution.cancelled")
    begun = (await records.begin(order(), NOON)).execution
    assert await records.cancel(begun.execution_id, told, LATER) == begun
    await records.wait(begun.execution_id, PAUSED, outcome_unknown=True)
    assert (await records.cancel(begun.execution_id, told, LATER)).waiting == PAUSED

    await records.begin(order(), NOON)
    await records.wait(begun.execution_id, PAUSED, outcome_unknown=False)
    ended = await records.cancel(begun.execution_id, told, LATER)

    assert (ended.status, ended.finished_at) == (ExecutionStatus.CANCELLED, LATER)
    assert ended.error_code is Code.EXECUTION_CANCELLED
    assert (await records.begin(order(), LATER)).execution == ended
    assert await records.finish(order(), DONE, LATER) == ended
    assert await records.cancel(begun.execution_id, told, LATER) == ended
    entries = (await AuditRecords(database).page(TENANT, "int")).items
    assert [each.action for each in entries] == ["execution.cancelled", "integration.created"]


@pytest.mark.parametrize("outcome_unknown", [True, False])
async def test_one_that_lost_its_workflow_tells_whether_it_may_have_been_done(
    records: ExecutionRecords, outcome_unknown: bool
) -> None:
    begun = (await records.begin(order(), NOON)).execution
    await records.wait(begun.execution_id, PAUSED, outcome_unknown)

    ended = await records.terminate(begun.execution_id, LATER)

    assert (ended.status, ended.finished_at) == (ExecutionStatus.TERMINATED, LATER)
    assert (ended.outcome_unknown, ended.waiting) == (outcome_unknown, None)
    assert ("nothing was done" in str(ended.error_message)) is not outcome_unknown
    assert await records.terminate(begun.execution_id, LATER + timedelta(hours=1)) == ended


async def test_one_that_lost_its_workflow_goes_on_when_it_is_asked_for_again(
    records: ExecutionRecords,
) -> None:
    begun = (await records.begin(order(), NOON)).execution
    await records.terminate(begun.execution_id, LATER)

    waits = await records.await_worker(order(), LATER)
    assert (waits.status, waits.error_code, waits.finished_at) == (
        ExecutionStatus.WAITING,
        None,
        None,
    )
    assert waits.waiting is not None
    assert waits.waiting.reason is WaitingFor.WORKER

    await records.terminate(begun.execution_id, LATER)
    again = await records.begin(order(), LATER)

    assert again.may_have_acted
    assert (again.execution.status, again.execution.finished_at) == (ExecutionStatus.RUNNING, None)


async def test_the_last_word_of_a_step_that_outlived_its_workflow_counts(
    records: ExecutionRecords,
) -> None:
    begun = (await records.begin(order(), NOON)).execution
    await records.terminate(begun.execution_id, LATER)

    done = await records.finish(order(), DONE, LATER)

    assert (done.status, done.error_code) == (ExecutionStatus.SUCCEEDED, None)
    assert await records.terminate(begun.execution_id, LATER) == done


async def test_those_without_an_end_are_what_is_verified(
    database: Database, records: ExecutionRecords
) -> None:
    begun = [(await records.begin(order(key), NOON)).execution for key in "abc"]
    await records.finish(order("b"), DONE, LATER)
    await records.terminate(begun[2].execution_id, LATER)

    left = await VerificationRecords(database).unfinished_executions()

    assert {each.execution_id for each in left} == {begun[0].execution_id, begun[2].execution_id}


async def test_a_customer_of_a_step_that_went_no_further_is_kept(records: ExecutionRecords) -> None:
    asked = order(customer_id="cust_abc")
    await records.begin(asked, NOON)
    await records.keep(asked, KNOWN, NOON)
    assert await customer_of(records) == KNOWN

    nameless = order("nameless")
    await records.begin(nameless, NOON)
    await records.keep(nameless, KNOWN.model_copy(update={"provider_customer_id": "hc_2"}), NOON)
    assert await customer_of(records) == KNOWN


async def customer_of(
    records: ExecutionRecords, integration_id: str = "int-1"
) -> ProviderCustomer | None:
    """As the next execution knows cust_abc."""
    next_one = order(f"next-{next(_numbers)}", customer_id="cust_abc")
    of_integration = next_one.model_copy(update={"integration_id": integration_id})
    return (await records.begin(of_integration, NOON)).sending.customer


async def keep(records: ExecutionRecords, customer: ProviderCustomer) -> None:
    """By an execution that ended meanwhile."""
    by = order(f"by-{next(_numbers)}", customer_id="cust_abc")
    await records.begin(by, NOON)
    await records.finish(by, Outcome(result={}, customer=customer), NOON)


async def test_what_is_sent_changes_no_more_once_it_may_have_been(
    database: Database, records: ExecutionRecords
) -> None:
    asked, rows = order("first", customer_id="cust_abc"), IntegrationRecords(database)
    first = await records.begin(asked, NOON)
    assert first.sending == Sending(fingerprint=integration().fingerprint)

    await records.wait(asked.execution_id, PAUSED, outcome_unknown=False)
    await keep(records, KNOWN)
    told = await records.begin(asked, NOON)
    await keep(records, KNOWN.model_copy(update={"payment_method_id": "hm_2"}))
    await rows.change(
        TENANT,
        "int-1",
        lambda each: (each.model_copy(update={"fingerprint": "of others"}), event()),
        vault(NEW).seal({"api_key": "other"}, integration().secret_place),
    )
    again = await records.begin(asked, NOON)

    assert told.sending == Sending(customer=KNOWN, fingerprint=integration().fingerprint)
    assert (again.may_have_acted, again.sending) == (True, told.sending)


async def test_a_step_goes_on_with_the_customer_that_the_one_before_it_made(
    records: ExecutionRecords,
) -> None:
    asked = order(customer_id="cust_abc")
    await records.begin(asked, NOON)
    await records.keep(asked, KNOWN, NOON)
    await keep(records, KNOWN.model_copy(update={"provider_customer_id": "hc_2"}))

    assert (await records.begin(asked, NOON)).sending.customer == KNOWN
