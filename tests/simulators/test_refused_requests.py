"""What Stripe refuses, the simulator refuses: with the same status, type, code and param."""

import time

import httpx
import pytest
import stripe
from pydantic import JsonValue

from .conftest import Simulators

pytestmark = pytest.mark.slow

VERSION = "2026-10-28.endive"
GOOD = {
    "mode": "payment",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "5000",
    "line_items[0][price_data][product_data][name]": "Cover",
    "success_url": "https://shop.test/ok",
}
UNIT_AMOUNT = "line_items[0][price_data][unit_amount]"
CURRENCY = "line_items[0][price_data][currency]"


def _create(
    simulators: Simulators, form: dict[str, str], key: str = "Bearer sk_test_x"
) -> httpx.Response:
    headers = {"Authorization": key} if key else {}
    return httpx.post(f"{simulators.url}/v1/checkout/sessions", data=form, headers=headers)


def _error(answer: httpx.Response) -> dict[str, JsonValue]:
    error: dict[str, JsonValue] = answer.json()["error"]
    return error


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"sucess_url": "https://shop.test"}, "parameter_unknown", "sucess_url"),
        ({"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types"),
        ({"mode": "paymnt"}, None, "mode"),
        ({"ui_mode": "hosted"}, None, "ui_mode"),
        ({UNIT_AMOUNT: "12.50"}, "parameter_invalid_integer", UNIT_AMOUNT),
        ({UNIT_AMOUNT: "49"}, "amount_too_small", None),
        ({UNIT_AMOUNT: "100000000"}, "amount_too_large", None),
        ({CURRENCY: "kwd", UNIT_AMOUNT: "5001"}, "parameter_invalid_integer", None),
        ({"success_url": "thanks"}, "url_invalid", "success_url"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url"),
        ({"customer": "cus_unknown"}, "resource_missing", "customer"),
        ({f"metadata[{'k' * 41}]": "v"}, None, "metadata"),
        ({"metadata[k]": "v" * 501}, None, "metadata"),
        ({f"metadata[k{number}]": "v" for number in range(51)}, None, "metadata"),
    ],
)
def test_a_request_that_stripe_refuses_is_refused(
    simulators: Simulators, change: dict[str, str], code: str | None, param: str | None
) -> None:
    answer = _create(simulators, GOOD | change)

    assert answer.status_code == 400
    error = _error(answer)
    assert error["type"] == "invalid_request_error"
    assert (error.get("code"), error.get("param")) == (code, param)


@pytest.mark.parametrize("seconds", [10 * 60, 25 * 3600])
def test_a_session_lives_between_30_minutes_and_24_hours(
    simulators: Simulators, seconds: int
) -> None:
    answer = _create(simulators, GOOD | {"expires_at": str(int(time.time()) + seconds)})

    assert (answer.status_code, _error(answer)["param"]) == (400, "expires_at")


def test_what_is_missing_is_named(simulators: Simulators) -> None:
    answer = _create(simulators, {name: GOOD[name] for name in GOOD if name != "mode"})

    error = _error(answer)
    assert (error["code"], error["param"]) == ("parameter_missing", "mode")


@pytest.mark.parametrize("key", ["", "Bearer sk_live_x", "Bearer nonsense", "Basic !!"])
def test_only_test_keys_are_let_in(simulators: Simulators, key: str) -> None:
    assert _create(simulators, GOOD, key).status_code == 401


@pytest.mark.parametrize("key", ["Bearer sk_test_x", "Bearer rk_test_x"])
def test_secret_and_restricted_test_keys_are_let_in(simulators: Simulators, key: str) -> None:
    assert _create(simulators, GOOD, key).status_code == 200


def test_the_pinned_version_is_echoed_and_another_is_refused(simulators: Simulators) -> None:
    headers = {"Authorization": "Bearer sk_test_x", "Stripe-Version": VERSION}
    known = httpx.get(f"{simulators.url}/v1/balance", headers=headers)
    other = httpx.get(
        f"{simulators.url}/v1/balance", headers=headers | {"Stripe-Version": "2019-01-01"}
    )

    assert known.headers["Stripe-Version"] == VERSION
    assert known.headers["Request-Id"].startswith("req_")
    assert other.status_code == 400


def test_an_unknown_object_and_an_unknown_address_are_404(simulators: Simulators) -> None:
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        simulators.client.v1.checkout.sessions.retrieve("cs_test_unknown")
    address = httpx.get(
        f"{simulators.url}/v1/nothing", headers={"Authorization": "Bearer sk_test_x"}
    )

    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")
    assert address.status_code == 404
    assert "Unrecognized request URL" in str(_error(address)["message"])
