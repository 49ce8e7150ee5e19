"""Scripted faults: what the client sees, and whether the effect stands."""

import time

import httpx
import pytest
import stripe
from pydantic import JsonValue

from .conftest import Simulators

pytestmark = pytest.mark.slow

AUTHORIZED = {"Authorization": "Bearer sk_test_x"}


def _create(
    simulators: Simulators, timeout: float = 5, email: str = "a@example.com"
) -> httpx.Response:
    return httpx.post(
        f"{simulators.url}/v1/customers",
        data={"email": email},
        headers=AUTHORIZED,
        timeout=timeout,
    )


def _customers(simulators: Simulators) -> int:
    return len(simulators.client.v1.customers.list().data)


def test_a_rate_limit_says_when_to_come_back(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="rate_limit", retry_after=7)

    answer = _create(simulators)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == "rate_limit"
    assert _customers(simulators) == 0


def test_unavailable_does_nothing(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="unavailable")

    assert _create(simulators).status_code == 503
    assert _customers(simulators) == 0


def test_a_delay_only_delays(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="delay", seconds=0.3)
    began = time.monotonic()

    assert _create(simulators).status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("kind", "effects"), [("cut_before", 0), ("cut_after_effect", 1)])
def test_a_cut_connection_has_its_effect_or_not(
    simulators: Simulators, kind: str, effects: int
) -> None:
    simulators.script(target="stripe", kind=kind)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        _create(simulators)

    assert _customers(simulators) == effects


def test_a_cut_connection_is_a_connection_error_to_the_sdk(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="cut_after_effect")

    with pytest.raises(stripe.APIConnectionError):
        simulators.client.v1.customers.create({"email": "a@example.com"})


def test_a_timeout_after_the_effect_leaves_the_effect(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="timeout_after_effect")

    with pytest.raises(httpx.ReadTimeout):
        _create(simulators, timeout=0.3)

    assert _customers(simulators) == 1


def test_a_fault_strikes_only_what_it_matches_and_only_so_often(simulators: Simulators) -> None:
    match: dict[str, JsonValue] = {"method": "POST", "path_prefix": "/v1/customers"}
    simulators.script(target="stripe", kind="unavailable", times=2, match=match)

    assert simulators.new_session().id
    assert [_create(simulators).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_can_strike_one_customer_alone(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="unavailable", match={"contains": "struck"})

    assert _create(simulators, email="spared@example.com").status_code == 200
    assert _create(simulators, email="struck@example.com").status_code == 503


def test_faults_are_listed_and_forgotten(simulators: Simulators) -> None:
    simulators.script(target="sendgrid", kind="unavailable")
    simulators.script(target="stripe", kind="unavailable")
    listed = simulators.get("/_simulator/faults")["faults"]
    assert isinstance(listed, list)

    httpx.delete(f"{simulators.url}/_simulator/faults")

    assert len(listed) == 2
    assert simulators.get("/_simulator/faults") == {"faults": []}


@pytest.mark.parametrize(
    "fault",
    [
        {"target": "webhooks", "kind": "rate_limit"},
        {"target": "stripe", "kind": "lose"},
        {"target": "stripe", "kind": "delay", "secnods": 2},
        {"target": "paypal", "kind": "delay"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    simulators: Simulators, fault: dict[str, JsonValue]
) -> None:
    assert httpx.post(f"{simulators.url}/_simulator/faults", json=fault).status_code == 422


def test_the_log_holds_what_was_asked_and_answered(simulators: Simulators) -> None:
    httpx.post(
        f"{simulators.url}/v1/customers",
        data={"email": "a@example.com"},
        headers=AUTHORIZED | {"Idempotency-Key": "k"},
    )

    requests = simulators.get("/_simulator/log")["requests"]

    assert isinstance(requests, list)
    assert isinstance(entry := requests[0], dict)
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/customers", 200)
    assert (entry["form"], entry["idempotency_key"]) == ("email=a%40example.com", "k")
