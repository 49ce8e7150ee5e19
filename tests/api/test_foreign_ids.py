"""No route gives away, or changes, anything of another tenant: every route, by its description."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from httpx import AsyncClient

from api.main import create_app
from domain.tenants import Scope
from settings import Settings
from tests.api.conftest import client_of
from tests.api.door import Door, Json
from tests.api.executing import berth
from tests.api.paying_out import pier
from tests.api.test_integrations import created
from tests.api.test_scopes import BODIES

# What is the same for every tenant, or a word of the asker's own.
NOBODYS = {
    "connection_code": "stripe",
    "capability_code": "PROCESS_PAYMENT",
    "entity_type": "customer",
}
THEIRS = ("user_mei", "mei.tan@example.com", "sk_test_primary", "Primary Stripe account")

Operation = tuple[str, str, tuple[str, ...]]


def _operations() -> list[Operation]:
    """Method, path and path parameters of every route behind a key."""
    described = create_app(Settings(_env_file=None)).openapi()["paths"]
    return [
        (method.upper(), path, tuple(part[1:-1] for part in path.split("/") if part[:1] == "{"))
        for path, operations in described.items()
        for method, operation in operations.items()
        if operation.get("security")
    ]


OPERATIONS = _operations()
BY_ID = [each for each in OPERATIONS if set(each[2]) - NOBODYS.keys()]
ASKED = {"/balances/snapshots": {"from": "2026-01-01", "to": "2026-12-31"}}  # not by pages
LISTS = [each for each in OPERATIONS if each[0] == "GET" and not each[2] and each[1] != "/metrics"]


@pytest.fixture
async def asker(door: Door) -> AsyncIterator[AsyncClient]:
    """A tenant like any other, with every scope; those who run the installation see more."""
    _, key = await door.app.state.services.api_keys.issue("ten_asker", "tests", frozenset(Scope))
    async with client_of(door.app, key) as http:
        yield http


@pytest.fixture
async def neighbour(door: Door) -> AsyncIterator[AsyncClient]:
    """A tenant of these tests' own, whom they fill."""
    _, key = await door.app.state.services.api_keys.issue("ten_theirs", "tests", frozenset(Scope))
    async with client_of(door.app, key) as http:
        yield http


@pytest.fixture(scope="module")
def foreign() -> dict[str, str]:
    """Ids of the neighbour's things, by the names of the path parameters; made once."""
    return {}


async def _filled(foreign: dict[str, str], door: Door, neighbour: AsyncClient) -> Mapping[str, str]:
    if foreign:
        return foreign
    theirs = replace(door, http=neighbour)
    purchase_id = await theirs.paid()
    seen = await theirs.seen(purchase_id)
    refund = await neighbour.post(f"/purchases/{purchase_id}/refund", json={"amount": 100})
    link = await neighbour.post(
        "/links", json={"quote_id": await theirs.quote(), "user_id": "user_mei"}
    )
    integration = await created(neighbour)
    execution = await (await berth(door, neighbour)).execute("theirs")
    quay = await pier(door, neighbour)
    quay.made()
    await quay.look("ten_theirs")
    [payout] = await quay.listed()
    keys = await neighbour.get("/api-keys")
    events = await neighbour.get("/webhook-events")
    await neighbour.post(
        "/entities/customer/cust_theirs/integrations",
        json={"integration_id": integration["integration_id"]},
    )
    assert seen.policy is not None
    foreign |= {
        "purchase_id": purchase_id,
        "quote_id": seen.quote_id,
        "refund_id": refund.json()["refund_id"],
        "payout_id": str(payout["payout_id"]),
        "link_id": link.json()["link_id"],
        "id_or_number": seen.policy.number,
        "event_id": events.json()["items"][0]["event_id"],
        "key_id": keys.json()["items"][0]["key_id"],
        "execution_id": execution.json()["execution_id"],
        "integration_id": str(integration["integration_id"]),
        "entity_id": "cust_theirs",
        "reason": "refund_failed",
    }
    return foreign


def _body(method: str, path: str, foreign: Mapping[str, str]) -> Json | None:
    body = BODIES.get(f"{method} {path}")
    if body is not None and "integration_id" in body:
        return {**body, "integration_id": foreign["integration_id"]}
    return body


@pytest.mark.parametrize("operation", BY_ID, ids=lambda each: f"{each[0]} {each[1]}")
async def test_a_neighbours_id_opens_nothing(
    door: Door,
    neighbour: AsyncClient,
    asker: AsyncClient,
    foreign: dict[str, str],
    operation: Operation,
) -> None:
    method, path, names = operation
    ids = await _filled(foreign, door, neighbour)
    missing = set(names) - NOBODYS.keys() - ids.keys()
    assert not missing, f"say in this test whose {missing} is"

    answer = await asker.request(
        method,
        path.format_map({**NOBODYS, **ids}),
        json=_body(method, path, ids),
        headers={"Idempotency-Key": f"foreign {method} {path}"},
    )

    if answer.status_code == 200:  # a list about a word of the asker's own: theirs is not in it
        assert path.startswith("/entities/")
        assert answer.json()["items"] == []
    else:
        assert answer.status_code == 404, answer.text
    assert not [word for word in THEIRS if word in answer.text]


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each[1])
async def test_a_list_holds_nothing_of_a_neighbours(
    door: Door,
    neighbour: AsyncClient,
    asker: AsyncClient,
    foreign: dict[str, str],
    operation: Operation,
) -> None:
    ids = await _filled(foreign, door, neighbour)

    answer = await asker.get(operation[1], params=ASKED.get(operation[1], {"limit": "100"}))

    assert answer.status_code == 200, answer.text
    assert not [name for name, id in ids.items() if id in answer.text and name != "reason"]
