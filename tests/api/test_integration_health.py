"""How an integration does, and what an operator can do about it."""

import pytest
from httpx import AsyncClient

from gateways.faults import Misconfigured, RefusedByProvider, Unreachable
from persistence.rows.integrations import IntegrationRow
from tests.api.door import Door, Json, code_of
from tests.api.executing import Berth, berth, services_of
from tests.api.test_integrations import created, unserved


async def standing(place: Berth) -> Json:
    answer = await place.http.get(f"/integrations/{place.integration_id}")
    return dict(answer.json())


async def health(place: Berth) -> Json:
    answer = await place.http.get(f"/integrations/{place.integration_id}/health")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def actions(place: Berth) -> list[str]:
    log = await place.http.get("/audit-log", params={"subject": place.integration_id})
    return [each["action"] for each in log.json()["items"]]


async def sealed_row(door: Door, place: Berth) -> IntegrationRow:
    async with services_of(door).idempotency.database.reading() as session:
        row = await session.get(IntegrationRow, place.integration_id)
    assert row is not None
    return row


async def sealed_under(door: Door, place: Berth, key_id: str) -> None:
    """As if the secret had been sealed under this key."""
    async with services_of(door).idempotency.database.transaction() as session:
        row = await session.get(IntegrationRow, place.integration_id)
        assert row is not None
        row.key_id = key_id


async def test_a_test_that_is_answered_leaves_it_active(door: Door) -> None:
    place = await berth(door)

    tested = await place.ask("test")

    assert tested.status_code == 200, tested.text
    assert tested.json() == await standing(place)
    assert (tested.json()["status"], tested.json()["status_reason"]) == ("active", None)
    assert await actions(place) == ["integration.tested", "integration.created"]


async def test_a_wrong_key_puts_it_in_error_and_a_right_one_back(door: Door) -> None:
    place = await berth(door)
    place.account.probe_fault = Misconfigured("this token is not known", "harbour")

    wrong = await place.ask("test")
    refused = await place.execute()
    place.account.probe_fault = None
    right = await place.ask("test")

    assert (wrong.status_code, wrong.json()["status"]) == (200, "error")
    assert wrong.json()["status_reason"] == "this token is not known"
    assert code_of(refused) == (409, "integration_inactive")
    assert "this token is not known" in refused.json()["detail"]
    assert (right.json()["status"], right.json()["status_reason"]) == ("active", None)


async def test_a_refusal_is_told_as_the_reason(door: Door) -> None:
    place = await berth(door)
    place.account.probe_fault = RefusedByProvider("the account is closed")

    tested = await place.ask("test")

    assert tested.json()["status_reason"] == "the account is closed"


async def test_a_provider_that_cannot_be_reached_changes_nothing(door: Door) -> None:
    place = await berth(door)
    place.account.probe_fault = Unreachable("no route")

    unanswered = await place.ask("test")

    assert code_of(unanswered) == (503, "unavailable")
    assert "no route" in unanswered.json()["detail"]
    assert (await standing(place))["status"] == "active"
    assert await actions(place) == ["integration.created"]
    assert (await health(place))["last_failure"] == "no route"


async def test_credentials_whose_key_is_lost_are_told_and_kept(door: Door) -> None:
    place = await berth(door)
    row = await sealed_row(door, place)
    await sealed_under(door, place, "2019-lost")

    lost = await place.ask("test")

    assert (lost.status_code, lost.json()["status"]) == (200, "error")
    assert "the encryption key 2019-lost is not in" in lost.json()["status_reason"]
    assert (await sealed_row(door, place)).credentials == row.credentials
    await sealed_under(door, place, str(row.key_id))
    assert (await place.ask("test")).json()["status"] == "active"


async def test_what_has_no_credentials_cannot_be_tested(door: Door) -> None:
    bare = await created(door.http, credentials=None)

    refused = await door.http.post(f"/integrations/{bare['integration_id']}/test")

    assert code_of(refused) == (409, "integration_inactive")


async def test_without_a_gateway_nothing_can_be_tested(door: Door) -> None:
    code = await unserved(door.http)
    made = await created(door.http, connection_code=code, credentials={"client_id": "c"})

    refused = await door.http.post(f"/integrations/{made['integration_id']}/test")

    assert code_of(refused) == (409, "gateway_not_installed")


async def test_an_integration_that_nothing_befell_is_well(door: Door) -> None:
    place = await berth(door)

    assert await health(place) == {
        "integration_id": place.integration_id,
        "circuit": "closed",
        "failures": 0,
        "opened_at": None,
        "last_failure": None,
        "last_failure_at": None,
        "last_success_at": None,
        "is_paused": False,
        "paused_at": None,
        "paused_by": None,
        "pause_reason": None,
    }


@pytest.mark.slow
async def test_failures_in_a_row_open_the_circuit_and_a_test_that_is_answered_closes_it(
    door: Door,
) -> None:
    place = await berth(door)
    place.account.probe_fault = Unreachable("no route")
    for _ in range(3):  # each is tried twice
        await place.ask("test")

    opened = await health(place)
    place.account.probe_fault = None
    await place.ask("test")
    closed = await health(place)

    assert (opened["circuit"], opened["failures"]) == ("open", 6)
    assert (closed["circuit"], closed["failures"]) == ("closed", 0)
    assert closed["last_success_at"] is not None


async def test_a_pause_is_seen_with_its_reason_until_it_is_resumed(door: Door) -> None:
    place = await berth(door)

    paused = await place.ask("pause", reason="their maintenance")
    again = await place.http.post(f"/integrations/{place.integration_id}/pause")
    tested = await place.ask("test")
    resumed = await place.ask("resume")

    assert paused.status_code == 200, paused.text
    assert (paused.json()["is_paused"], paused.json()["pause_reason"]) == (
        True,
        "their maintenance",
    )
    assert paused.json()["paused_by"].startswith("key_")
    assert again.json() == paused.json()
    assert tested.status_code == 200, "a paused one can be tested before it is resumed"
    assert resumed.json()["is_paused"] is False
    assert await actions(place) == [
        "integration.resumed",
        "integration.tested",
        "integration.paused",
        "integration.created",
    ]
    log = await door.http.get("/audit-log", params={"subject": place.integration_id})
    assert log.json()["items"][2]["after"] == {"reason": "their maintenance"}


async def test_a_neighbour_neither_sees_nor_moves_it(door: Door, neighbour: AsyncClient) -> None:
    place = await berth(door)
    address = f"/integrations/{place.integration_id}"

    for method, what in (
        ("GET", "health"),
        ("POST", "test"),
        ("POST", "pause"),
        ("POST", "resume"),
    ):
        refused = await neighbour.request(method, f"{address}/{what}")
        assert code_of(refused) == (404, "integration_not_found"), what
    assert (await health(place))["is_paused"] is False


@pytest.mark.slow
async def test_the_figures_name_those_in_trouble(door: Door) -> None:
    well, paused, failing = [await berth(door) for _ in range(3)]
    await paused.ask("pause")
    failing.account.probe_fault = Unreachable("no route")
    for _ in range(3):
        await failing.ask("test")

    figures = (await door.http.get("/metrics")).text

    def told(place: Berth, name: str) -> str | None:
        start = f'paybind_integration_{name}{{integration_id="{place.integration_id}"}} '
        return next((x[len(start) :] for x in figures.splitlines() if x.startswith(start)), None)

    assert (told(paused, "paused"), told(paused, "circuit_open")) == ("1.0", "0.0")
    assert (told(failing, "paused"), told(failing, "circuit_open")) == ("0.0", "1.0")
    assert well.integration_id not in figures
