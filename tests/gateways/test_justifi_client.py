"""What the client asks of JustiFi, and what it makes of the answers and of their lack."""

import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import JsonValue

from gateways.faults import (
    Busy,
    Conflict,
    GatewayFault,
    KeyUsedOtherwise,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
    Unreachable,
)
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS, Endpoint, Endpoints
from gateways.justifi_models import Decline, Payment, PaymentMethod, Payout
from gateways.justifi_wire import LARGEST_ANSWER
from tests.gateways.scripted_justifi import (
    PAYMENT,
    ScriptedJustifi,
    one,
    refusal,
    scripted_justifi,
    some,
)


@pytest.fixture
async def justifi() -> AsyncIterator[ScriptedJustifi]:
    async with scripted_justifi() as server:
        yield server


@pytest.fixture
async def client(justifi: ScriptedJustifi) -> AsyncIterator[JustifiClient]:
    opened = JustifiClient("test_id", "test_secret", justifi.url, sub_account="acc_1")
    yield opened
    await opened.close()


async def retrieved(client: JustifiClient) -> Payment:
    return await client.retrieve(Payment, ENDPOINTS.retrieve_payment, "py_1")


async def captured(client: JustifiClient) -> Payment | Decline:
    return await client.write(
        Payment, ENDPOINTS.capture_payment, "py_1", idempotency_key="capture-py_1"
    )


async def test_a_payment_is_read_with_its_token_and_its_account(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(one("payment", PAYMENT))

    payment = await retrieved(client)

    assert (payment.id, payment.amount, payment.currency) == ("py_1", 1200, "usd")
    asked = justifi.asked[0]
    assert (asked.method, asked.path, asked.body) == ("GET", "/v1/payments/py_1", None)
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert asked.headers["Sub-Account"] == "acc_1"
    assert asked.headers["Accept"] == "application/json"
    assert "Idempotency-Key" not in asked.headers


async def test_a_write_carries_its_key_and_the_account_that_the_request_names(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(one("payment", PAYMENT), 201)

    await client.write(
        Payment,
        ENDPOINTS.create_payment,
        idempotency_key="k" * 100,
        body={"amount": 1200},
        sub_account="acc_2",
    )

    asked = justifi.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/payments", {"amount": 1200})
    assert asked.headers["Idempotency-Key"] == "k" * 100
    assert asked.headers["Sub-Account"] == "acc_2"


@pytest.mark.parametrize("key", ["", "k" * 101, "two words", "line\nbreak", "schlüssel"])
async def test_a_key_that_no_header_can_carry_is_refused_before_anything_is_sent(
    justifi: ScriptedJustifi, client: JustifiClient, key: str
) -> None:
    with pytest.raises(RefusedByProvider, match="100 characters"):
        await client.write(Payment, ENDPOINTS.create_payment, idempotency_key=key)

    assert justifi.asked == []


@pytest.mark.parametrize("wrong", ["", "..", "py_1/void", "py_1?x=1", "py_1\r\n"])
async def test_what_is_no_id_leads_to_no_other_endpoint(
    justifi: ScriptedJustifi, client: JustifiClient, wrong: str
) -> None:
    with pytest.raises(RefusedByProvider) as refused:
        await client.retrieve(Payment, ENDPOINTS.retrieve_payment, wrong)

    assert refused.value.code == "resource_not_found"
    assert justifi.asked == []


async def test_an_account_that_would_break_a_header_is_refused(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    with pytest.raises(RefusedByProvider) as refused:
        await client.page(Payment, ENDPOINTS.list_payments, sub_account="acc_1\r\nX: y")

    assert refused.value.code == "invalid_sub_account"
    assert justifi.asked == []


async def test_an_endpoint_is_asked_with_an_id_exactly_where_it_is_about_one_object(
    client: JustifiClient,
) -> None:
    with pytest.raises(ValueError, match="with an id"):
        await client.retrieve(Payment, ENDPOINTS.retrieve_payment)
    with pytest.raises(ValueError, match="without an id"):
        await client.retrieve(Payment, ENDPOINTS.list_payments, "py_1")


async def test_an_endpoint_can_be_pointed_elsewhere(justifi: ScriptedJustifi) -> None:
    elsewhere = Endpoints(retrieve_payment=Endpoint("GET", "/other/{id}"))
    client = JustifiClient("test_id", "test_secret", justifi.url, endpoints=elsewhere)
    justifi.answers(one("payment", PAYMENT))

    await client.retrieve(Payment, client.endpoints.retrieve_payment, "py_1")
    await client.close()

    assert justifi.asked[0].path == "/v1/other/py_1"
    assert "Sub-Account" not in justifi.asked[0].headers


async def test_fields_and_states_that_are_not_known_yet_pass_through(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    news: dict[str, JsonValue] = {"status": "on_the_moon", "orbit": {"height": 3}, "currency": "U"}
    justifi.answers(one("payment", PAYMENT | news))

    payment = await retrieved(client)

    assert (payment.status, payment.currency) == ("on_the_moon", "U")
    assert payment.model_extra == {"orbit": {"height": 3}}


async def test_what_is_published_wrongly_is_read_as_it_is_answered(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(
        one(
            "payout",
            {
                "id": "po_1",
                "account_id": "acc_1",
                "amount": 22015,
                "currency": "USD",
                "status": "paid",
                "payout_type": "cc",
                "delivery_method": None,
                "deposits_at": "2026-06-30",
            },
        )
    )

    payout = await client.retrieve(Payout, ENDPOINTS.retrieve_payout, "po_1")

    assert (payout.status, payout.payout_type, payout.currency) == ("paid", "cc", "USD")
    assert payout.deposits_at is not None
    assert payout.deposits_at.isoformat() == "2026-06-30T00:00:00+00:00"


async def test_a_payment_method_has_its_id_wherever_it_stands(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    data: JsonValue = {"status": "valid", "card": {"id": "pm_1", "month": 1, "brand": "visa"}}
    justifi.answers({"id": "pm_2", "type": "payment_method", "data": data, "page_info": None})
    justifi.answers(some(data, {"status": "invalid"}))

    method = await client.retrieve(PaymentMethod, ENDPOINTS.retrieve_payment_method, "pm_2")
    page = await client.page(PaymentMethod, ENDPOINTS.list_payment_methods)

    assert method.id == "pm_2"
    assert method.card is not None
    assert method.card.month == "1"
    assert [each.id for each in page.items] == ["pm_1", None]


async def test_a_decline_is_a_result(justifi: ScriptedJustifi, client: JustifiClient) -> None:
    justifi.answers(
        refusal("card_declined", decline_code="insufficient_funds", network_error_code="116"), 402
    )

    declined = await captured(client)

    assert isinstance(declined, Decline)
    assert (declined.code, declined.decline_code) == ("card_declined", "insufficient_funds")


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "sub_account_header_required", RefusedByProvider),
        (403, "duplicate_record", RefusedByProvider),
        (403, "not_authorized", NotPermitted),
        (409, "idempotency_concurrent_request", Conflict),
        (409, "idempotency_params_mismatch", KeyUsedOtherwise),
        (422, "amount_below_minimum", RefusedByProvider),
        (422, "gateway_rate_limit_error", Busy),
        (429, "too_many", Busy),
        (500, "internal_server_error", OutcomeUnknown),
        (502, "bad_gateway", OutcomeUnknown),
        (503, "unavailable", Busy),
        (302, "moved", Misconfigured),
    ],
)
async def test_a_failure_is_told_in_our_words_and_asked_about_once(
    justifi: ScriptedJustifi,
    client: JustifiClient,
    status: int,
    code: str,
    fault: type[GatewayFault],
) -> None:
    justifi.answers(refusal(code), status, {"Request-Id": "req_1", "Location": "/v1/else"})

    with pytest.raises(GatewayFault) as raised:
        await captured(client)

    assert type(raised.value) is fault
    assert "wei@example.com" not in str(raised.value)
    assert len(justifi.asked) == 1


async def test_a_conflict_and_a_refusal_name_the_providers_code(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(refusal("idempotency_request_in_progress"), 409)
    with pytest.raises(Conflict) as conflict:
        await captured(client)
    justifi.answers(refusal("payment_already_captured", param="base"), 422, {"Request-Id": "req_1"})
    justifi.answers({})
    with pytest.raises(Conflict):
        await captured(client)
    with pytest.raises(RefusedByProvider) as refused:
        await captured(client)

    assert conflict.value.code == "idempotency_request_in_progress"
    assert refused.value.code == "payment_already_captured"
    assert "JustiFi answered 422 payment_already_captured about base (req_1)" in str(refused.value)
    assert isinstance(refused.value.answer, dict)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (429, Busy),
        (503, Busy),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (504, OutcomeUnknown),
    ],
)
async def test_the_wait_that_justifi_asks_for_is_kept(
    justifi: ScriptedJustifi,
    client: JustifiClient,
    status: int,
    fault: type[GatewayFault],
) -> None:
    justifi.answers(refusal("internal_server_error"), status, {"Retry-After": "7"})

    with pytest.raises(fault) as told:
        await captured(client)

    assert isinstance(told.value, Busy | OutcomeUnknown)
    assert told.value.retry_after == timedelta(seconds=7)


async def test_an_endpoint_that_the_account_is_not_offered_is_told_from_a_missing_object(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(refusal("resource_not_found"), 404)
    with pytest.raises(RefusedByProvider) as missing:
        await retrieved(client)
    with pytest.raises(RefusedByProvider, match="does not offer GET /payouts") as not_offered:
        await client.page(Payout, ENDPOINTS.list_payouts)
    justifi.answers_text("<h1>Not Found</h1>", 404)
    with pytest.raises(RefusedByProvider):
        await retrieved(client)
    with pytest.raises(RefusedByProvider) as no_route:
        await retrieved(client)

    assert missing.value.code == "resource_not_found"
    assert (not_offered.value.code, no_route.value.code) == ("endpoint_not_offered",) * 2


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", "[" * 100_000, '"' + "x" * 9_000_000])
async def test_what_is_no_answer_leaves_the_outcome_open(
    justifi: ScriptedJustifi, client: JustifiClient, text: str
) -> None:
    justifi.answers_text(text)

    with pytest.raises(OutcomeUnknown):
        await captured(client)
    with pytest.raises(OutcomeUnknown):
        await retrieved(client)


async def test_an_answer_is_read_up_to_a_bound(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(one("payment", PAYMENT | {"description": "x" * LARGEST_ANSWER}))

    with pytest.raises(OutcomeUnknown, match="unreadable"):
        await retrieved(client)


async def test_an_answer_that_lacks_what_matters_is_unreadable_and_after_a_write_unknown(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(one("payment", {"id": "py_1", "amount": "wei@example.com"}))

    with pytest.raises(RefusedByProvider, match="amount, currency, status") as unreadable:
        await retrieved(client)
    with pytest.raises(OutcomeUnknown, match="amount, currency, status"):
        await captured(client)

    assert unreadable.value.code == "unreadable"
    assert "wei@example.com" not in str(unreadable.value)


async def test_a_cut_connection_leaves_the_outcome_open(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.cuts()

    with pytest.raises(OutcomeUnknown, match="no answer"):
        await captured(client)

    assert len(justifi.asked) == 1


async def test_silence_is_waited_for_so_long_and_no_longer(justifi: ScriptedJustifi) -> None:
    client = JustifiClient("i", "s", justifi.url, answer_within=timedelta(milliseconds=100))
    justifi.says_nothing()

    with pytest.raises(OutcomeUnknown):
        await captured(client)
    await client.close()


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = JustifiClient("i", "s", f"http://127.0.0.1:{port}")

    with pytest.raises(Unreachable, match="nothing was sent"):
        await captured(client)
    await client.close()


@pytest.mark.parametrize("base", ["api.justifi.ai", "http://", "ftp://127.0.0.1"])
async def test_an_address_that_is_none_is_our_own_fault(base: str) -> None:
    client = JustifiClient("i", "s", base)

    with pytest.raises(Misconfigured):
        await captured(client)
    await client.close()


async def test_the_probe_asks_for_one_payment(
    justifi: ScriptedJustifi, client: JustifiClient
) -> None:
    justifi.answers(some(PAYMENT))

    await client.probe()

    assert (justifi.asked[0].path, justifi.asked[0].query) == ("/v1/payments", {"limit": "1"})


async def test_no_log_holds_a_secret_a_token_or_an_id(
    justifi: ScriptedJustifi, client: JustifiClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="aiohttp.access")  # the server's
    caplog.set_level(logging.DEBUG)
    justifi.answers(one("payment", PAYMENT))

    await retrieved(client)

    for secret in ("test_secret", "token-1", "py_1"):
        assert not [said for said in caplog.messages if secret in said]
