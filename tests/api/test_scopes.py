"""What each route asks of a key. A route that is not in the table fails the first test."""

import pytest

from api.examples import QUOTE
from api.main import create_app
from domain.tenants import Scope
from settings import Settings
from tests.api.conftest import client_of
from tests.api.door import Door, Json, code_of, wanted

READ, WRITE, REFUND, ADMIN = Scope.READ, Scope.WRITE, Scope.REFUND, Scope.ADMIN

NEEDED = {
    "POST /quotes": WRITE,
    "GET /quotes/{quote_id}": READ,
    "POST /purchases": WRITE,
    "GET /purchases": READ,
    "GET /purchases/{purchase_id}": READ,
    "GET /purchases/{purchase_id}/timeline": READ,
    "POST /purchases/{purchase_id}/cancel": WRITE,
    "POST /purchases/{purchase_id}/complete": READ,
    "POST /purchases/{purchase_id}/refund": REFUND,
    "POST /purchases/{purchase_id}/retry-issue": ADMIN,
    "POST /purchases/{purchase_id}/reviews/{reason}/resolve": ADMIN,
    "POST /links": WRITE,
    "GET /links": READ,
    "GET /links/{link_id}": READ,
    "POST /links/{link_id}/send": WRITE,
    "POST /links/{link_id}/revoke": WRITE,
    "GET /refunds": READ,
    "GET /refunds/{refund_id}": READ,
    "POST /refunds/{refund_id}/approve": REFUND,
    "POST /refunds/{refund_id}/decline": REFUND,
    "GET /payouts": READ,
    "GET /payouts/{payout_id}": READ,
    "GET /payouts/{payout_id}/reconciliation": READ,
    "POST /payouts/{payout_id}/review/resolve": ADMIN,
    "GET /balances": READ,
    "GET /balances/snapshots": READ,
    "GET /policies": READ,
    "GET /policies/{id_or_number}": READ,
    "GET /policies/{id_or_number}/document": READ,
    "GET /webhook-events": READ,
    "GET /webhook-events/{event_id}": READ,
    "POST /webhook-events/{event_id}/replay": ADMIN,
    "POST /api-keys": ADMIN,
    "GET /api-keys": ADMIN,
    "POST /api-keys/{key_id}/revoke": ADMIN,
    "POST /internal/connections": ADMIN,
    "GET /internal/connections": ADMIN,
    "GET /internal/connections/{connection_code}": ADMIN,
    "PUT /internal/connections/{connection_code}": ADMIN,
    "DELETE /internal/connections/{connection_code}": ADMIN,
    "POST /internal/connections/{connection_code}/capabilities": ADMIN,
    "GET /internal/connections/{connection_code}/capabilities": ADMIN,
    "GET /internal/connections/{connection_code}/capabilities/{capability_code}": ADMIN,
    "PUT /internal/connections/{connection_code}/capabilities/{capability_code}": ADMIN,
    "DELETE /internal/connections/{connection_code}/capabilities/{capability_code}": ADMIN,
    "POST /integrations": ADMIN,
    "GET /integrations": READ,
    "GET /integrations/{integration_id}": READ,
    "PUT /integrations/{integration_id}": ADMIN,
    "DELETE /integrations/{integration_id}": ADMIN,
    "GET /integrations/{integration_id}/capabilities": READ,
    "POST /integrations/{integration_id}/execute": WRITE,
    "GET /executions/{execution_id}": READ,
    "POST /executions/{execution_id}/cancel": WRITE,
    "GET /integrations/{integration_id}/health": READ,
    "POST /integrations/{integration_id}/test": ADMIN,
    "POST /integrations/{integration_id}/pause": ADMIN,
    "POST /integrations/{integration_id}/resume": ADMIN,
    "POST /entities/{entity_type}/{entity_id}/integrations": ADMIN,
    "GET /entities/{entity_type}/{entity_id}/integrations": READ,
    "PUT /entities/{entity_type}/{entity_id}/integrations/{integration_id}": ADMIN,
    "DELETE /entities/{entity_type}/{entity_id}/integrations/{integration_id}": ADMIN,
    "GET /audit-log": ADMIN,
}
OPEN_IN_DEVELOPMENT = {"GET /metrics"}
BODIES: dict[str, Json] = {
    "POST /quotes": dict(QUOTE),
    "POST /purchases": wanted("Q-1"),
    "POST /links": {"quote_id": "Q-1", "user_id": "u"},
    "POST /links/{link_id}/send": {},
    "POST /api-keys": {"name": "more", "scopes": ["read"]},
    "POST /internal/connections": {"connection_code": "x", "display_name": "X"},
    "PUT /internal/connections/{connection_code}": {"display_name": "X"},
    "POST /internal/connections/{connection_code}/capabilities": {
        "capability_code": "X",
        "description": "x",
    },
    "PUT /internal/connections/{connection_code}/capabilities/{capability_code}": {
        "description": "x"
    },
    "POST /integrations": {"connection_code": "stripe", "name": "x"},
    "PUT /integrations/{integration_id}": {"name": "x"},
    "POST /integrations/{integration_id}/execute": {"capability_code": "X"},
    "POST /entities/{entity_type}/{entity_id}/integrations": {"integration_id": "x"},
    "PUT /entities/{entity_type}/{entity_id}/integrations/{integration_id}": {"is_default": True},
}


def test_every_route_behind_a_key_is_known_here() -> None:
    described = create_app(Settings(_env_file=None)).openapi()["paths"]
    guarded = {
        f"{method.upper()} {path}"
        for path, operations in described.items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    assert guarded - OPEN_IN_DEVELOPMENT == set(NEEDED)


@pytest.mark.parametrize("route", NEEDED)
async def test_a_key_without_the_scope_is_refused_whatever_else_it_may(
    door: Door, route: str
) -> None:
    others = frozenset(Scope) - {NEEDED[route], ADMIN}  # admin holds every other one
    _, key = await door.app.state.services.api_keys.issue("ten_scoped", route, others)
    method, _, path = route.partition(" ")
    at = path.format_map(
        dict.fromkeys(_names_in(path), "x") | {"reason": "dispute_opened", "capability_code": "X"}
    )

    async with client_of(door.app, key) as http:
        refused = await http.request(method, at, json=BODIES.get(route))

    assert code_of(refused) == (403, "missing_scope")


def _names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
