"""The check of JustiFi's wire finds what is wrong, and is made of the document as published."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.conformance.justifi_contract import (
    Json,
    operation_of,
    problems_in_answer,
    problems_in_event,
    problems_in_request,
)
from tests.conformance.justifi_schema import KEPT, Reader, written

DOCUMENT = Path(__file__).parents[3] / "shared/specs/justifi-openapi.2026-06-30.json"

REFUND: Json = {
    "id": "re_1",
    "payment_id": "py_1",
    "amount": 100,
    "status": "succeeded",
    "created_at": "2030-01-01T00:00:00.000Z",
}


def _asked(method: str, path: str, body: Json | None = None, **more: JsonValue) -> Json:
    entry: Json = {"method": method, "path": path, "query": "", "idempotency_key": "k"}
    return entry | {"sub_account": "acc_1", "form": json.dumps(body) if body else ""} | more


def test_a_good_request_has_no_problem() -> None:
    body: Json = {"amount": 100, "reason": "duplicate"}

    assert problems_in_request(_asked("POST", "/v1/payments/py_1/refunds", body)) == set()


@pytest.mark.parametrize(
    "entry",
    [
        _asked("GET", "/v1/balances"),
        _asked("GET", "/v1/payouts", query="status=paid"),
        _asked("POST", "/v1/payments/py_1/void", idempotency_key=None),
        _asked("POST", "/v1/checkouts", {"amount": 100, "description": "o"}, sub_account=None),
        _asked("POST", "/v1/checkouts", {"amount": 100}),
        _asked("POST", "/v1/payments/py_1/refunds", {"amount": None}),
        _asked("POST", "/v1/payments/py_1/capture", {"amount": 100}),
        _asked("POST", "/oauth/token", form="[redacted]"),
    ],
)
def test_a_request_that_does_not_fit_has_a_problem(entry: Json) -> None:
    assert len(problems_in_request(entry)) == 1


@pytest.mark.parametrize(
    ("change", "number"),
    [({}, 0), ({"amount": "100"}, 1), ({"status": "done"}, 1), ({"colour": "red"}, 1)],
)
def test_an_answer_is_held_against_its_type(change: Json, number: int) -> None:
    answer: Json = {"id": "re_1", "type": "refund", "data": REFUND | change, "page_info": None}
    entry = _asked("GET", "/v1/refunds/re_1", status=200, answer=answer)

    assert len(problems_in_answer(entry)) == number
    assert len(problems_in_answer(entry | {"status": 201})) == 1


def test_a_refusal_is_held_against_the_error_of_every_operation() -> None:
    refused: Json = {"error": {"code": "c", "message": "m", "param": "amount"}}

    assert problems_in_answer(_asked("GET", "/v1/x", status=404, answer=refused)) == set()
    assert problems_in_answer(_asked("GET", "/v1/x", status=404, answer={"error": "no"}))


def test_an_event_is_held_against_what_it_carries() -> None:
    event: Json = {"id": "evt_1", "event_name": "payment.refunded", "data": REFUND}

    assert problems_in_event(event) == set()
    assert problems_in_event(event | {"event_name": "payout.paid"})
    assert problems_in_event(event | {"event_name": "order.paid"})


def test_a_path_with_an_id_is_known_by_its_shape() -> None:
    assert operation_of("GET", "/v1/payments/py_1") == "GET /payments/{id}"
    assert operation_of("GET", "/v1/payments/py_1/refunds") is None


@pytest.mark.skipif(not DOCUMENT.exists(), reason="JustiFi's document is not kept here")
def test_the_kept_schema_is_what_the_published_document_makes() -> None:
    made = Reader(json.loads(DOCUMENT.read_text("utf-8"))).compact()

    assert written(made) == KEPT.read_text("utf-8")
