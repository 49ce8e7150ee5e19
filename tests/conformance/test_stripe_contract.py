"""The wire check itself: it lets through what is right and names what is wrong."""

import pytest
from pydantic import JsonValue

from tests.conformance.second_opinion import second_opinion
from tests.conformance.stripe_contract import (
    problems_in_event,
    problems_in_request,
    problems_in_response,
)
from tests.conformance.stripe_samples import (
    balance,
    customer,
    dispute,
    error,
    event,
    page,
    payment,
    payment_method,
    payout,
    refund,
    session,
    transaction,
)

pytestmark = pytest.mark.slow  # Stripe's whole published contract is read

SESSIONS = "/v1/checkout/sessions"
ITEM = (
    "mode=payment&line_items[0][quantity]=1&line_items[0][price_data][currency]=sgd"
    "&line_items[0][price_data][unit_amount]=15000"
    "&line_items[0][price_data][product_data][name]=Travel%20cover"
)
NOW = "amount=500&currency=sgd&payment_method=pm_card_visa&confirm=true"
RIGHT_REQUESTS = [
    ("POST", SESSIONS, f"{ITEM}&metadata[purchase_id]=pur_1&expand[0]=payment_intent", ""),
    ("POST", SESSIONS, f"{ITEM}&expires_at=1795003600&payment_intent_data[metadata][a]=b", ""),
    ("POST", "/v1/refunds", "payment_intent=pi_1&metadata=", ""),
    ("GET", SESSIONS, "", "created[gte]=1795000000&status=open&limit=100"),
    ("GET", SESSIONS, "", "created=1795000000"),
    ("GET", f"{SESSIONS}/cs_test_1", "", "expand[]=payment_intent&expand[]=line_items"),
    ("POST", f"{SESSIONS}/cs_test_1/expire", "", ""),
    ("GET", "/v1/payment_intents/pi_1", "", ""),
    ("POST", "/v1/refunds", "payment_intent=pi_1&amount=500&reason=duplicate", ""),
    ("GET", "/v1/refunds", "", "payment_intent=pi_1&limit=100&starting_after=re_1"),
    ("GET", "/v1/refunds/re_1", "", ""),
    ("POST", "/v1/payment_intents", f"{NOW}&off_session=true&metadata[purchase_id]=pur_1", ""),
    ("POST", "/v1/payment_intents", f"{NOW}&off_session=recurring", ""),
    ("POST", "/v1/payment_methods/pm_card_visa/attach", "customer=cus_1", ""),
    ("POST", "/v1/customers/cus_1", "invoice_settings[default_payment_method]=pm_1&name=", ""),
    ("GET", "/v1/payouts", "", "created[gte]=1795000000&status=paid"),
]  # fmt: skip
WRONG_REQUESTS = [
    ("POST", SESSIONS, "mode=paymnt", "", "mode"),
    ("POST", SESSIONS, "payment_method_types[0]=card", "", "payment_method_types"),
    ("POST", SESSIONS, "line_items[0][quantity]=two", "", "line_items[0][quantity]"),
    ("POST", SESSIONS, "line_items[0][price_data][unit_amount]=1", "", "currency"),
    ("POST", SESSIONS, "line_items=one", "", "line_items"),
    ("POST", SESSIONS, "line_items[first][quantity]=1", "", "line_items"),
    ("POST", SESSIONS, "payment_intent_data[capture_metod]=manual", "", "capture_metod"),
    ("POST", SESSIONS, "mode=payment&mode=setup", "", "given twice"),
    ("POST", SESSIONS, "mode=payment&mode[a]=setup", "", "both a value and a group"),
    ("POST", SESSIONS, "[a]=1", "", "malformed"),
    ("POST", SESSIONS, "mode=payment", "mode=payment", "mode"),
    ("GET", SESSIONS, "limit=1", "", "limit"),
    ("GET", SESSIONS, "", "created[since]=1", "created"),
    ("GET", SESSIONS, "", "limit=many", "limit"),
    ("POST", "/v1/refunds", "payment_intent=pi_1&amount=5.00", "", "amount"),
    ("POST", "/v1/refunds", "payment_intent=pi_1&reason=because", "", "reason"),
    (
        "POST",
        "/v1/payment_intents",
        f"{NOW}&payment_method_types[0]=card",
        "",
        "payment_method_types",
    ),
    ("POST", "/v1/payment_intents", "currency=sgd", "", "amount"),
    ("POST", "/v1/customers/cus_1", "payment_method=pm_1", "", "payment_method"),
    ("DELETE", "/v1/refunds/re_1", "", "", "no operation"),
]
RIGHT_ANSWERS: list[tuple[str, str, int, JsonValue]] = [
    ("POST", SESSIONS, 200, session()),
    ("GET", SESSIONS, 200, page(SESSIONS, session(), session(status="expired", url=None))),
    ("GET", f"{SESSIONS}/cs_test_1", 200, session(payment_intent=payment())),
    ("GET", f"{SESSIONS}/cs_test_1", 404, error("resource_missing", param="session")),
    ("GET", f"{SESSIONS}/cs_test_1", 401, error(None)),
    ("POST", "/v1/refunds", 200, refund()),
    ("POST", "/v1/refunds", 402, error("card_declined", "card_error", decline_code="lost_card")),
    ("POST", "/v1/customers", 200, customer()),
    ("POST", "/v1/payment_methods/pm_1/attach", 200, payment_method()),
    ("GET", "/v1/balance", 200, balance()),
    ("GET", "/v1/balance_transactions", 200, page("/v1/balance_transactions", transaction())),
    ("GET", "/v1/payouts/po_1", 200, payout()),
]
WRONG_ANSWERS: list[tuple[str, str, int, JsonValue, str]] = [
    ("POST", SESSIONS, 200, session(status="closed"), "status"),
    ("POST", SESSIONS, 200, session(paid=True), "paid"),
    ("POST", SESSIONS, 200, session(payment_intent=payment(status="declined")), "status"),
    ("POST", SESSIONS, 200, session(amount_total="150.00"), "amount_total"),
    ("POST", SESSIONS, 200, session(metadata=[]), "metadata"),
    ("GET", SESSIONS, 200, page(SESSIONS, refund()), "data[0]"),
    ("GET", SESSIONS, 200, {"data": []}, "object"),
    ("POST", "/v1/refunds", 200, refund(object="refnd"), "object"),
    ("POST", "/v1/refunds", 200, {"id": "re_1", "object": "refund"}, "amount"),
    ("POST", "/v1/refunds", 400, error(None, "oops"), "type"),
    ("POST", "/v1/refunds", 500, {"message": "down"}, "error"),
    ("POST", "/v1/tokens", 200, {}, "no operation"),
]
RIGHT_EVENTS: list[JsonValue] = [
    event("checkout.session.completed", session(status="complete", payment_status="paid")),
    event("payment_intent.payment_failed", payment()),
    event("refund.created", refund()),
    event("charge.dispute.created", dispute()),
    event("refund.updated", refund(), request=None),
]
WRONG_EVENTS: list[tuple[JsonValue, str]] = [
    (event("refund.create", refund()), "type"),
    (event("refund.created", refund(amount=None)), "data[object] amount"),
    (event("refund.created", {"object": "refnd"}), "refnd"),
    (event("refund.created", refund(), livemode="no"), "livemode"),
    ({"id": "evt_1"}, "type"),
    ([], "object"),
]


@pytest.mark.parametrize(("method", "path", "form", "query"), RIGHT_REQUESTS)
def test_a_right_request_has_no_problems(method: str, path: str, form: str, query: str) -> None:
    assert problems_in_request(method, path, form, query) == []


@pytest.mark.parametrize(("method", "path", "form", "query", "named"), WRONG_REQUESTS)
def test_a_wrong_request_is_told_by_its_parameter(
    method: str, path: str, form: str, query: str, named: str
) -> None:
    assert named in "\n".join(problems_in_request(method, path, form, query))


@pytest.mark.parametrize(("method", "path", "status", "answer"), RIGHT_ANSWERS)
def test_a_right_answer_has_no_problems(
    method: str, path: str, status: int, answer: JsonValue
) -> None:
    assert problems_in_response(method, path, status, answer) == []


@pytest.mark.parametrize(("method", "path", "status", "answer", "named"), WRONG_ANSWERS)
def test_a_wrong_answer_is_told_by_its_field(
    method: str, path: str, status: int, answer: JsonValue, named: str
) -> None:
    assert named in "\n".join(problems_in_response(method, path, status, answer))


def test_a_code_that_stripe_does_not_have_is_told() -> None:
    (problem,) = problems_in_response("POST", "/v1/refunds", 400, error("no_such_code"))
    assert problem.startswith("error[code]: 'no_such_code' is not one of")


@pytest.mark.parametrize("right", RIGHT_EVENTS)
def test_a_right_event_has_no_problems(right: JsonValue) -> None:
    assert problems_in_event(right) == []


@pytest.mark.parametrize(("wrong", "named"), WRONG_EVENTS)
def test_a_wrong_event_is_told_by_its_field(wrong: JsonValue, named: str) -> None:
    assert named in "\n".join(problems_in_event(wrong))


def test_a_check_made_by_other_hands_agrees_on_every_sample() -> None:
    peer = second_opinion()
    if peer is None:
        pytest.skip("the other check is not beside this tree")
    for method, path, form, query in RIGHT_REQUESTS:
        assert peer.request(method, path, form, query) == []
    for method, path, form, query, _ in WRONG_REQUESTS:
        assert peer.request(method, path, form, query) != []
    for method, path, status, answer in RIGHT_ANSWERS:
        assert peer.response(method, path, status, answer) == []
    for method, path, status, answer, _ in WRONG_ANSWERS:
        assert peer.response(method, path, status, answer) != []
    for right in RIGHT_EVENTS:
        assert peer.event(right) == []
    assert peer.event(event("refund.created", refund(amount=None))) != []
