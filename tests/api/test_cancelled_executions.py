"""What certainly was not done can be called off; what may have been done cannot."""

import asyncio

import pytest
from httpx import AsyncClient, Response

from domain.executions import workflow_id_of
from domain.tenants import PLATFORM_TENANT, Scope
from gateways.faults import OutcomeUnknown, Unreachable
from tests.api.conftest import client_of, door_over
from tests.api.door import Door, Json, code_of
from tests.api.executing import (
    SOON,
    Berth,
    answering_within,
    berth,
    forget_answers,
    services_of,
    until_asked,
)


async def cancelled(http: AsyncClient, execution: Json) -> Response:
    return await http.post(f"/executions/{execution['execution_id']}/cancel")


async def begun(door: Door, place: Berth, key: str, code: str = "PROCESS_PAYMENT") -> Json:
    """One that its caller does not wait for."""
    async with door_over(door, answering_within(SOON, door)) as http:
        waits = await place.execute(key, code, http=http)
    assert waits.status_code == 202, waits.text
    return dict(waits.json())


async def test_what_waits_for_a_paused_integration_is_cancelled_and_never_done(door: Door) -> None:
    place = await berth(door)
    await place.ask("pause")
    parked = await begun(door, place, "called off")

    ended = await cancelled(door.http, parked)
    again = await cancelled(door.http, parked)
    client = services_of(door).executions.runs.client
    run = client.get_workflow_handle(workflow_id_of(str(parked["execution_id"])))
    await asyncio.wait_for(run.result(), 5)  # before the next look at what is paused
    await place.ask("resume")
    await forget_answers(door)

    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    assert again.json() == ended.json()
    assert code_of(await place.execute("called off")) == (409, "execution_cancelled")
    assert place.account.asked == []
    assert (await place.execute("called off another")).status_code == 200


async def test_who_cancelled_what_is_in_the_audit_log_once(door: Door) -> None:
    place = await berth(door)
    await place.ask("pause")
    parked = await begun(door, place, "called off by whom")
    for _ in range(2):
        await cancelled(door.http, parked)

    log = await door.http.get("/audit-log", params={"subject": str(parked["execution_id"])})
    [entry] = log.json()["items"]

    assert entry["action"] == "execution.cancelled"
    assert entry["actor"].startswith("key_")
    assert entry["after"] == {
        "integration_id": place.integration_id,
        "capability_code": "PROCESS_PAYMENT",
    }


async def test_what_no_attempt_has_reached_the_provider_with_is_cancelled(door: Door) -> None:
    place = await berth(door)
    place.account.is_away = Unreachable("no route")
    unsent = await begun(door, place, "called off unsent")
    async with asyncio.timeout(20):
        while (  # noqa: ASYNC110 - nobody tells
            ended := await cancelled(door.http, unsent)
        ).status_code == 409:
            await asyncio.sleep(0.05)  # just then it was being asked

    assert ended.json()["status"] == "cancelled"
    asked = len(place.account.asked)
    place.account.is_away = None
    assert code_of(await place.execute("called off unsent")) == (409, "execution_cancelled")
    assert len(place.account.asked) == asked
    assert place.account.effects == {}


async def test_what_may_have_been_done_is_not_cancelled_until_that_is_known(door: Door) -> None:
    place = await berth(door)
    place.account.faults_after.append(OutcomeUnknown("no answer"))
    asking = asyncio.create_task(place.execute("called off too late"))
    await until_asked(place.account)

    refused = await cancelled(door.http, {"execution_id": place.account.asked[0].execution_id})

    assert code_of(refused) == (409, "outcome_not_yet_known")
    assert refused.json()["can_retry"] is True
    done = await asking
    assert done.status_code == 200, done.text
    assert code_of(await cancelled(door.http, done.json())) == (409, "execution_ended")
    assert len(place.account.effects) == 1


@pytest.mark.parametrize("code", ["REFUND_PAYMENT", "PROCESS_PAYMENT"])
async def test_calling_off_needs_the_scopes_of_doing(door: Door, code: str) -> None:
    place = await berth(door)
    await place.ask("pause")
    parked = await begun(door, place, f"called off {code}", code)
    scopes = frozenset({Scope.READ, Scope.WRITE})
    _, key = await services_of(door).api_keys.issue(PLATFORM_TENANT, "seller", scopes)

    async with client_of(door.app, key) as seller:
        answer = await cancelled(seller, parked)

    if code == "REFUND_PAYMENT":
        assert code_of(answer) == (403, "missing_scope")
    else:
        assert answer.status_code == 200


@pytest.mark.slow
async def test_without_temporal_it_is_cancelled_and_its_run_ends_when_it_looks(
    door: Door, without_temporal: AsyncClient
) -> None:
    place = await berth(door)
    await place.ask("pause")
    parked = await begun(door, place, "called off without temporal")

    ended = await cancelled(without_temporal, parked)

    assert ended.json()["status"] == "cancelled"
