"""Every kind of bad input has an answer of its own, and leaves nothing behind."""

import json

import pytest
from httpx import AsyncClient

from api.examples import QUOTE
from tests.api.door import PRICE, Door, Json, code_of, wanted

PAST = "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 0}, "invalid_amount"),
        ({"amount": -PRICE}, "invalid_amount"),
        ({"amount": 150.5}, "invalid_amount"),
        ({"amount": 15000.0}, "invalid_amount"),
        ({"amount": "15000"}, "invalid_amount"),
        ({"amount": True}, "invalid_amount"),
        ({"amount": None}, "invalid_amount"),
        ({"currency": "XXQ"}, "unknown_currency"),
        ({"currency": "XAU"}, "unknown_currency"),
        ({"currency": 702}, "unknown_currency"),
        ({"customer_email": "mei.tan"}, "invalid_email"),
        ({"customer_email": "mei@example.com\nbcc: all@example.com"}, "invalid_email"),
        ({"discount": 100}, "unknown_field"),
        ({"user_id": " "}, "invalid_request"),
        ({"user_id": "\ud800"}, "invalid_request"),
        ({"amount": PRICE + 1}, "amount_mismatch"),
        ({"currency": "EUR"}, "currency_mismatch"),
    ],
)
async def test_a_purchase_with_a_wrong_field_is_refused_by_its_own_code(
    door: Door, changes: Json, code: str
) -> None:
    quote_id = await door.quote()
    body = json.dumps(wanted(quote_id, **changes))
    answer = await door.http.post(
        "/purchases", content=body, headers={"content-type": "application/json"}
    )
    assert code_of(answer) == (422, code)
    assert (await door.http.get("/purchases", params={"quote_id": quote_id})).json()["items"] == []


async def test_every_wrong_field_is_named_without_repeating_what_was_sent(door: Door) -> None:
    answer = await door.http.post("/purchases", json={"amount": "mine", "currency": "secret"})
    problems = {each["field"]: each["code"] for each in answer.json()["errors"]}
    assert problems == {
        "body.quote_id": "missing_field",
        "body.user_id": "missing_field",
        "body.amount": "invalid_amount",
        "body.currency": "unknown_currency",
    }
    assert "mine" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"price": {"minor": 0, "currency": "SGD"}, "tax": None}, 422, "invalid_amount"),
        ({"price": {"minor": 1.5, "currency": "SGD"}, "tax": None}, 422, "invalid_amount"),
        ({"price": {"minor": 10, "currency": "SGD"}, "tax": None}, 422, "amount_too_small"),
        ({"price": {"minor": 10**9, "currency": "SGD"}, "tax": None}, 422, "amount_too_large"),
        ({"price": {"minor": 10_001, "currency": "JPY"}, "tax": None}, 422, "amount_too_large"),
        ({"price": {"minor": 1, "currency": "ABC"}, "tax": None}, 422, "unknown_currency"),
        ({"customer_email": "nobody"}, 422, "invalid_email"),
        ({"valid_until": PAST}, 409, "quote_expired"),
        ({"period": {"starts_on": "2026-01-01", "ends_on": "2026-01-02"}}, 422, "cover_ended"),
        (
            {"insured_persons": [{"name": "Mei Tan", "date_of_birth": "2999-01-01"}]},
            422,
            "invalid_request",
        ),
        ({"price": {"minor": 15_005, "currency": "KWD"}, "tax": None}, 422, "amount_too_fine"),
        ({"insured_persons": []}, 422, "invalid_request"),
        ({"cover": []}, 422, "invalid_request"),
        ({"colour": "blue"}, 422, "unknown_field"),
    ],
)
async def test_a_quote_that_could_not_be_sold_is_not_registered(
    door: Door, changes: Json, status: int, code: str
) -> None:
    answer = await door.http.post("/quotes", json={**QUOTE, "quote_id": "Q-bad", **changes})
    assert code_of(answer) == (status, code)
    assert code_of(await door.http.get("/quotes/Q-bad")) == (404, "unknown_quote")


async def test_an_unknown_quote_is_not_for_sale(door: Door) -> None:
    answer = await door.http.post("/purchases", json=wanted("Q-nowhere"))
    assert code_of(answer) == (404, "unknown_quote")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/purchases/pur_unknown", "purchase_not_found"),
        ("/purchases/pur_unknown/timeline", "purchase_not_found"),
        ("/links/lnk_unknown", "link_not_found"),
        ("/refunds/ref_unknown", "refund_not_found"),
        ("/policies/POL-1999-000001", "policy_not_found"),
        ("/policies/POL-1999-000001/document", "policy_not_found"),
        ("/policies/POL-1999-000001/verify", "policy_not_found"),
        ("/documents/forged", "document_link_not_found"),
        ("/webhook-events/evt_unknown", "event_not_found"),
        ("/pages/purchases/forged/state", "purchase_not_found"),
        ("/quotes/Q-nowhere", "unknown_quote"),
        ("/nowhere", "route_not_found"),
    ],
)
async def test_what_does_not_exist_is_not_found(door: Door, path: str, code: str) -> None:
    assert code_of(await door.http.get(path)) == (404, code)


async def test_what_belongs_to_another_tenant_does_not_exist(
    door: Door, neighbour: AsyncClient
) -> None:
    quote_id = await door.quote()
    purchase_id = await door.paid(quote_id)
    number = (await door.http.get(f"/purchases/{purchase_id}")).json()["policy"]["number"]
    refused = [
        await neighbour.get(f"/quotes/{quote_id}"),
        await neighbour.post("/purchases", json=wanted(quote_id)),
        await neighbour.get(f"/purchases/{purchase_id}"),
        await neighbour.post(f"/purchases/{purchase_id}/cancel"),
        await neighbour.post(f"/purchases/{purchase_id}/refund"),
        await neighbour.get(f"/policies/{number}"),
    ]
    assert {code_of(answer)[0] for answer in refused} == {404}
    assert (await neighbour.get("/purchases")).json()["items"] == []


async def test_half_a_price_is_none(door: Door) -> None:
    body = {"quote_id": await door.quote(), "user_id": "user_mei", "amount": PRICE}
    assert code_of(await door.http.post("/links", json=body)) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (b"amount=15000", "application/x-www-form-urlencoded", "malformed_body"),
        (b'{"amount": 15000}', "text/plain", "malformed_body"),
        (b'{"amount": 15000}', "", "malformed_body"),
        (b'{"amount": ', "application/json", "malformed_body"),
        (b"[" * 50_000, "application/json", "malformed_body"),
        (b"\xff\xfe\xfa", "application/json", "not_utf8"),
        ('{"user_id": "Zoë"}'.encode("latin-1"), "application/json", "not_utf8"),
        ('{"amount": 15000}'.encode("utf-16"), "application/json", "not_utf8"),
        ('{"amount": 15000}'.encode("utf-16-le"), "application/json", "not_utf8"),
        ("\u5b57".encode("utf-16"), "application/json", "not_utf8"),
        (b'{"user_id": "a\\u0000b"}', "application/json", "invalid_request"),
        (b'{"amount": NaN}', "application/json", "invalid_number"),
        (b'{"amount": -Infinity}', "application/json", "invalid_number"),
        (b'{"amount": 1e400}', "application/json", "invalid_number"),
        (b'{"amount": 1%s}' % (b"0" * 400), "application/json", "invalid_number"),
        (b'{"amount": 1, "amount": 2}', "application/json", "duplicate_member"),
        (b'{"a": [{"b": 1, "\\u0062": 1}]}', "application/json", "duplicate_member"),
        (b'{"a": %s1%s}' % (b"[" * 64, b"]" * 64), "application/json", "nested_too_deep"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_by_its_own_code(
    door: Door, body: bytes, media_type: str, code: str
) -> None:
    answer = await door.http.post("/purchases", content=body, headers={"content-type": media_type})
    assert code_of(answer) == (400, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"jsonrpc": "2.0", "jsonrpc": "2.0"}', "duplicate_member"),
        (b'{"params": NaN}', "invalid_number"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/quotes"),
        ("POST", "/integrations"),
        ("PUT", "/internal/connections/stripe"),
        ("POST", "/integrations/int_1/execute"),
        ("POST", "/codec/encode"),
        ("POST", "/mcp"),
        ("POST", "/nowhere"),
    ],
)
async def test_no_route_takes_what_two_readers_would_read_differently(
    door: Door, method: str, path: str, body: bytes, code: str
) -> None:
    answer = await door.http.request(
        method, path, content=body, headers={"content-type": "application/json"}
    )
    assert code_of(answer) == (400, code)


async def test_what_stands_64_levels_deep_is_read(door: Door) -> None:
    body = b'{"user_id": %s1%s}' % (b"[" * 63, b"]" * 63)
    answer = await door.http.post(
        "/purchases", content=body, headers={"content-type": "application/json"}
    )
    assert code_of(answer) == (422, "missing_field")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "invalid_request"),
        (b"15000", "invalid_request"),
        (b'"text"', "invalid_request"),
        (b"null", "invalid_request"),
        (b"", "missing_field"),
    ],
)
async def test_json_of_another_shape_is_refused(door: Door, body: bytes, code: str) -> None:
    answer = await door.http.post(
        "/purchases", content=body, headers={"content-type": "application/json"}
    )
    assert code_of(answer) == (422, code)


async def test_a_body_over_the_limit_is_too_large(door: Door) -> None:
    huge = wanted("Q-1", user_id="x" * 200_000)
    assert code_of(await door.http.post("/purchases", json=huge)) == (413, "payload_too_large")


async def test_a_wrong_method_is_a_problem_too(door: Door) -> None:
    answer = await door.http.put("/purchases")
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_request"),
        ("limit=101", "invalid_request"),
        ("limit=ten", "invalid_request"),
        ("payment_status=paid", "invalid_request"),
        ("colour=blue", "unknown_field"),
        ("cursor=made-up", "invalid_cursor"),
        ("created_from=yesterday", "invalid_request"),
    ],
)
async def test_a_wrong_filter_is_refused(door: Door, query: str, code: str) -> None:
    assert code_of(await door.http.get(f"/purchases?{query}")) == (422, code)
