"""A capability is executed once for its key, and every refusal has a word of its own."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient
from temporalio.testing import WorkflowEnvironment

from domain.executions import ExecutionOrder, workflow_id_of
from domain.tenants import PLATFORM_TENANT, Scope
from gateways.faults import Busy, OutcomeUnknown, RefusedByProvider, StoredFault, Unreachable
from gateways.integrations import ProviderCustomer
from tests.api.conftest import client_of, door_over
from tests.api.door import Door, Json, code_of
from tests.api.executing import (
    NEVER,
    SOON,
    TOLL,
    answering_within,
    berth,
    forget_answers,
    services_of,
    until_asked,
)
from tests.api.test_integrations import created, unserved
from tests.harbour import CODE, PAID


async def test_a_capability_is_executed_and_its_result_answered(door: Door) -> None:
    place = await berth(door)

    done = await place.execute("toll-1")

    assert done.status_code == 200, done.text
    body = done.json()
    assert (body["status"], body["result"]) == ("succeeded", PAID)
    assert (body["capability_code"], body["livemode"]) == ("PROCESS_PAYMENT", False)
    ask = place.account.asked[0]
    assert ask.execution_id == body["execution_id"]
    assert (ask.parameters, ask.repeated, ask.customer) == (TOLL, False, None)
    assert "toll-1" not in ask.idempotency_key
    read = await door.http.get(f"/executions/{body['execution_id']}")
    assert read.json() == body


async def test_the_same_key_answers_the_same_result_and_acts_once(door: Door) -> None:
    place = await berth(door)
    first = await place.execute("same")
    place.account.result = {"payment_id": "hp_2", "status": "succeeded"}

    again = await place.execute("same")
    await forget_answers(door)
    a_day_later = await place.execute("same")

    assert first.json() == again.json() == a_day_later.json()
    assert len(place.account.asked) == 1


async def test_a_key_that_asked_for_something_else_is_refused_even_a_day_later(door: Door) -> None:
    place = await berth(door)
    await place.execute("one")
    await forget_answers(door)

    refused = await place.execute("one", parameters={**TOLL, "amount": 2000})

    assert code_of(refused) == (422, "idempotency_key_reused")
    assert len(place.account.asked) == 1


async def test_every_use_is_in_the_audit_log_once(door: Door) -> None:
    place = await berth(door)
    done = await place.execute("audited")
    await forget_answers(door)
    await place.execute("audited")

    [entry] = await place.used()

    assert entry["after"] == {
        "execution_id": done.json()["execution_id"],
        "capability_code": "PROCESS_PAYMENT",
        "status": "succeeded",
    }
    assert str(entry["actor"]).startswith("key_")
    assert entry["address"] == "127.0.0.1"


async def test_without_an_idempotency_key_nothing_is_executed(door: Door) -> None:
    place = await berth(door)

    refused = await place.ask("execute", capability_code="PROCESS_PAYMENT", parameters=TOLL)

    assert code_of(refused) == (422, "idempotency_key_missing")
    assert place.account.asked == []


async def test_an_unknown_capability_is_not_found(door: Door) -> None:
    assert code_of(await (await berth(door)).execute(code="FLY")) == (404, "capability_not_found")


async def test_parameters_that_break_the_schema_are_refused_with_their_pointers(
    door: Door,
) -> None:
    place = await berth(door)

    refused = await place.execute(parameters={"amount": 0, "colour": "blue", "currency": "SGD"})

    assert code_of(refused) == (422, "schema_violation")
    assert {each["pointer"] for each in refused.json()["errors"]} == {"/amount", "/colour"}
    assert place.account.asked == []


async def test_an_inactive_integration_executes_nothing(door: Door) -> None:
    place = await berth(door)
    await door.http.put(f"/integrations/{place.integration_id}", json={"status": "inactive"})

    assert code_of(await place.execute()) == (409, "integration_inactive")


async def test_a_provider_whose_package_is_missing_executes_nothing(door: Door) -> None:
    code = await unserved(door.http)
    capability: Json = {"capability_code": "DREAM", "description": "Dream."}
    await door.http.post(f"/internal/connections/{code}/capabilities", json=capability)
    made = await created(door.http, connection_code=code, credentials={"client_id": "c"})

    refused = await door.http.post(
        f"/integrations/{made['integration_id']}/execute",
        json={"capability_code": "DREAM"},
        headers={"idempotency-key": "balance"},
    )

    assert code_of(refused) == (409, "gateway_not_installed")


async def test_what_the_installed_gateway_cannot_do_is_told(door: Door) -> None:
    refused = await (await berth(door)).execute(code="DREAM")

    assert code_of(refused) == (409, "gateway_not_installed")
    assert "cannot DREAM" in refused.json()["detail"]


async def test_giving_back_needs_the_scope_of_refunds_besides(door: Door) -> None:
    place = await berth(door)
    scopes = frozenset({Scope.READ, Scope.WRITE})
    _, key = await services_of(door).api_keys.issue(PLATFORM_TENANT, "seller", scopes)

    async with client_of(door.app, key) as seller:
        paid = await place.execute(http=seller)
        refused = await place.execute(code="REFUND_PAYMENT", http=seller)

    assert paid.status_code == 200
    assert code_of(refused) == (403, "missing_scope")
    assert (await place.execute(code="REFUND_PAYMENT")).status_code == 200


async def test_a_neighbours_integration_and_execution_are_not_found(
    door: Door, neighbour: AsyncClient
) -> None:
    place = await berth(door)
    done = await place.execute("mine")

    asked = await place.execute("mine", http=neighbour)
    read = await neighbour.get(f"/executions/{done.json()['execution_id']}")

    assert code_of(asked) == (404, "integration_not_found")
    assert code_of(read) == (404, "execution_not_found")


async def test_a_providers_no_is_told_in_its_own_word_and_stays(door: Door) -> None:
    place = await berth(door)
    place.account.faults_before.append(RefusedByProvider("the quay is full", "quay_full"))

    refused = await place.execute("full")
    await forget_answers(door)
    again = await place.execute("full")

    assert code_of(refused) == code_of(again) == (409, "provider_refused")
    assert again.json()["provider_code"] == "quay_full"
    assert "the quay is full" in again.json()["detail"]
    assert len(place.account.asked) == 1
    [entry] = await place.used()
    assert entry["after"]["status"] == "failed"  # type: ignore[index]


async def test_an_answer_that_makes_no_sense_is_not_handed_on(door: Door) -> None:
    place = await berth(door)
    place.account.result = {"payment_id": 7, "status": "succeeded"}

    refused = await place.execute("nonsense")

    assert code_of(refused) == (502, "provider_answered_nonsense")
    assert "result/payment_id" in refused.json()["detail"]
    assert refused.json()["can_retry"] is False
    assert code_of(await place.execute("nonsense")) == (502, "provider_answered_nonsense")
    assert len(place.account.asked) == 1
    execution_id = refused.json()["detail"].partition(":")[0]
    read = (await door.http.get(f"/executions/{execution_id}")).json()
    assert (read["status"], read["outcome_unknown"]) == ("failed", True)  # it may have acted


async def test_a_stored_fault_gets_a_new_key_under_which_it_is_looked_for_first(
    door: Door,
) -> None:
    place = await berth(door)
    place.account.faults_before.append(StoredFault("500"))

    done = await place.execute()

    assert done.status_code == 200, done.text
    first, second = place.account.asked
    assert first.idempotency_key != second.idempotency_key
    assert (first.repeated, second.repeated) == (False, True)
    assert len(place.account.effects) == 1


async def test_an_unknown_outcome_is_repeated_under_the_same_key(door: Door) -> None:
    place = await berth(door)
    place.account.faults_after.append(OutcomeUnknown("no answer"))

    done = await place.execute()

    assert done.status_code == 200, done.text
    first, second = place.account.asked
    assert first.idempotency_key == second.idempotency_key
    assert len(place.account.effects) == 1


async def test_a_provider_that_never_gives_a_clean_answer_leaves_the_outcome_to_a_person(
    door: Door,
) -> None:
    place = await berth(door)
    place.account.faults_before.extend([StoredFault("500")] * 3)

    refused = await place.execute("never")

    assert code_of(refused) == (409, "outcome_unknown")
    assert code_of(await place.execute("never")) == (409, "outcome_unknown")
    assert len(place.account.asked) == 3


async def test_a_returned_customer_is_known_to_the_next_execution(door: Door) -> None:
    place = await berth(door)
    charged = {**TOLL, "customer_id": "cust_abc"}
    for known in (
        ProviderCustomer(provider_customer_id="hc_1"),
        ProviderCustomer(provider_customer_id="hc_1", payment_method_id="hm_1"),
    ):
        place.account.customer = known
        await place.execute(parameters=charged)
    await place.execute(parameters=charged)
    await place.execute(parameters={**TOLL, "customer_id": "cust_other"})

    seen = [ask.customer and ask.customer.payment_method_id for ask in place.account.asked]
    assert [ask.customer is None for ask in place.account.asked] == [True, False, False, True]
    assert seen == [None, None, "hm_1", None]


@pytest.mark.slow
async def test_a_paused_integration_parks_the_execution_until_it_is_resumed(door: Door) -> None:
    place = await berth(door)
    await place.ask("pause", reason="audit")
    async with door_over(door, answering_within(NEVER, door)) as http:
        parked = await place.execute("parked", http=http)
        deleted = await door.http.delete(f"/integrations/{place.integration_id}")

    assert parked.status_code == 202, parked.text
    told = parked.json()
    assert (told["status"], told["outcome_unknown"]) == ("waiting", False)
    assert told["waiting"]["reason"] == "resume"
    assert "is paused (audit)" in told["waiting"]["detail"]
    assert told["waiting"]["since"] < told["waiting"]["next_try_at"]
    looked_up = await door.http.get(parked.headers["Location"])
    assert looked_up.json()["status"] == "waiting"
    assert place.account.asked == []
    assert code_of(deleted) == (409, "integration_in_use")

    await place.ask("resume")
    done = await place.execute("parked")  # it joins, and waits for the next look

    assert done.status_code == 200, done.text
    assert len(place.account.asked) == 1


async def test_whom_the_provider_asks_to_come_back_later_is_told_so_at_once(door: Door) -> None:
    place = await berth(door)
    place.account.is_away = Busy("429", timedelta(hours=2))

    async with door_over(door, answering_within(NEVER, door)) as http:
        waits = await place.execute("later", http=http)

    assert waits.status_code == 202, waits.text
    assert waits.json()["waiting"]["reason"] == "provider"
    assert len(place.account.asked) == 1


async def test_what_takes_longer_than_a_caller_waits_is_answered_as_it_stands(door: Door) -> None:
    place = await berth(door)
    place.account.is_away = OutcomeUnknown("no answer")
    async with door_over(door, answering_within(SOON, door)) as http:
        slow = await place.execute("slow", http=http)
    place.account.is_away = None
    done = await place.execute("slow")

    assert slow.status_code == 202, slow.text
    assert (slow.json()["outcome_unknown"], slow.json()["result"]) == (True, None)
    assert (done.status_code, done.json()["result"]) == (200, PAID)
    assert done.json()["waiting"] is None
    assert len(place.account.effects) == 1


async def test_a_busy_provider_is_asked_again_under_the_same_key(door: Door) -> None:
    place = await berth(door)
    place.account.faults_before.append(Busy("429", timedelta(seconds=1)))

    done = await place.execute()

    assert done.status_code == 200, done.text
    assert len({ask.idempotency_key for ask in place.account.asked}) == 1


async def test_reading_goes_the_same_way_and_any_result_does_without_a_schema(door: Door) -> None:
    place = await berth(door)
    place.account.result = {"box": [1, 2, None]}

    read = await place.execute(code="RETRIEVE_BALANCE", parameters={})

    assert read.json()["result"] == {"box": [1, 2, None]}


async def test_one_that_was_ended_by_force_goes_on_when_it_is_asked_for_again(
    door: Door, temporal: WorkflowEnvironment
) -> None:
    place = await berth(door)
    place.account.is_away = Unreachable("no route")
    asked = asyncio.create_task(place.execute("forced"))
    await until_asked(place.account)
    [ask] = place.account.asked[:1]
    await temporal.client.get_workflow_handle(workflow_id_of(ask.execution_id)).terminate()

    assert code_of(await asked) == (503, "unavailable")
    read = await door.http.get(f"/executions/{ask.execution_id}")
    place.account.is_away = None
    done = await place.execute("forced")

    told = read.json()
    assert (told["status"], told["error_code"]) == ("terminated", "execution_terminated")
    assert told["finished_at"]
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["error_code"]) == ("succeeded", None)
    assert len(place.account.effects) == 1


@pytest.mark.slow
async def test_without_temporal_one_is_told_as_it_was_last_seen(
    door: Door, without_temporal: AsyncClient
) -> None:
    place = await berth(door)
    await place.ask("pause")
    waits = (await place.execute("seen")).json()

    read = await without_temporal.get(f"/executions/{waits['execution_id']}")

    assert read.json()["status"] == "waiting"


@pytest.mark.slow
async def test_without_temporal_nothing_is_executed(
    door: Door, without_temporal: AsyncClient
) -> None:
    place = await berth(door)

    refused = await place.execute("no temporal", http=without_temporal)

    assert code_of(refused) == (503, "unavailable")
    assert place.account.asked == []
    assert (await place.execute("no temporal")).status_code == 200


async def test_who_asks_while_it_ends_gets_its_result(door: Door) -> None:
    place = await berth(door)
    done = (await place.execute("just ended")).json()
    order = ExecutionOrder(
        execution_id=done["execution_id"],
        tenant_id=PLATFORM_TENANT,
        integration_id=place.integration_id,
        connection_code=CODE,
        capability_code="PROCESS_PAYMENT",
        parameters=TOLL,
        requested_by="key_1",
        livemode=False,
    )

    again = await services_of(door).executions.runs.execute(order, _nothing_stops_it)

    assert again is not None
    assert (again.execution_id, again.result) == (done["execution_id"], PAID)
    assert len(place.account.asked) == 1


async def _nothing_stops_it() -> bool:
    return False
