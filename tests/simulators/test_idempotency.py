"""Idempotency keys: stored answers, other parameters, requests in flight."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe

from .conftest import Simulators, until

pytestmark = pytest.mark.slow

KEYED: stripe.RequestOptions = {"idempotency_key": "pur_1:checkout:1"}


def _customers(simulators: Simulators) -> int:
    return len(simulators.client.v1.customers.list().data)


def test_a_repeat_gets_the_first_answer_and_does_nothing(simulators: Simulators) -> None:
    customers = simulators.client.v1.customers
    first = customers.create({"email": "a@example.com"}, KEYED)
    again = customers.create({"email": "a@example.com"}, KEYED)

    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert _customers(simulators) == 1


def test_a_key_with_other_parameters_is_refused(simulators: Simulators) -> None:
    customers = simulators.client.v1.customers
    customers.create({"email": "a@example.com"}, KEYED)

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        customers.create({"email": "b@example.com"}, KEYED)


def test_a_stored_500_is_repeated_although_the_effect_stands(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="server_error", after_effect=True)
    customers = simulators.client.v1.customers

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            customers.create({"email": "a@example.com"}, KEYED)
        assert failed.value.http_status == 500
    assert _customers(simulators) == 1


def test_what_failed_before_it_began_is_not_stored(simulators: Simulators) -> None:
    simulators.script(target="stripe", kind="server_error")
    customers = simulators.client.v1.customers

    with pytest.raises(stripe.APIError):
        customers.create({"email": "a@example.com"}, KEYED)
    customers.create({"email": "a@example.com"}, KEYED)

    assert _customers(simulators) == 1


def test_two_requests_in_flight_with_one_key_are_one_request_and_one_409(
    simulators: Simulators,
) -> None:
    simulators.script(target="stripe", kind="delay", seconds=1.5)

    def create() -> httpx.Response:
        return httpx.post(
            f"{simulators.url}/v1/customers",
            data={"email": "a@example.com"},
            headers={"Authorization": "Bearer sk_test_x", "Idempotency-Key": "k"},
        )

    with ThreadPoolExecutor() as threads:
        slow = threads.submit(create)
        until(lambda: simulators.get("/_simulator/faults") == {"faults": []})
        refused = create()

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    assert slow.result().status_code == 200
    assert _customers(simulators) == 1
