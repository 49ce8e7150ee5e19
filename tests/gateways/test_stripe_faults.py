"""What each failure of Stripe, and of the way to it, means for whoever called."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateways.faults import (
    AtWork,
    Busy,
    GatewayFault,
    KeyUsedOtherwise,
    Misconfigured,
    NotPermitted,
    OutcomeUnknown,
    RefusedByProvider,
    StoredFault,
)
from gateways.retry_after import LONGEST_WAIT, retry_after
from gateways.stripe_faults import translated
from gateways.stripe_payments import StripePayments
from tests.conformance.stripe_samples import error
from tests.gateways.scripted_stripe import ScriptedStripe, scripted_stripe
from workflows import options

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "sk_test_not_for_any_message"


@pytest.fixture
async def stripe() -> AsyncIterator[ScriptedStripe]:
    async with scripted_stripe() as server:
        yield server


async def fault_of(url: str, answer_within: timedelta = timedelta(seconds=5)) -> GatewayFault:
    payments = StripePayments(KEY, url, answer_within)
    try:
        with pytest.raises(GatewayFault) as fault:
            await payments.fetch_checkout("cs_test_1")
    finally:
        await payments.close()
    assert "@" not in str(fault.value)
    assert KEY not in str(fault.value)
    assert fault.value.__cause__ is None
    return fault.value


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_stripe_says_when_to_come_back(stripe: ScriptedStripe, status: int) -> None:
    stripe.answers(error("rate_limit"), status, {"Retry-After": "7"})
    fault = await fault_of(stripe.url)
    assert isinstance(fault, Busy)
    assert fault.retry_after == timedelta(seconds=7)


async def test_a_rate_limit_of_the_old_kind_is_busy_too(stripe: ScriptedStripe) -> None:
    stripe.answers(error("rate_limit"), 400)
    fault = await fault_of(stripe.url)
    assert isinstance(fault, Busy)
    assert fault.retry_after is None


async def test_a_key_in_use_has_an_unknown_outcome_and_any_other_conflict_is_surfaced(
    stripe: ScriptedStripe,
) -> None:
    stripe.answers(error("idempotency_key_in_use", "idempotency_error"), 409)
    assert isinstance(await fault_of(stripe.url), AtWork)
    stripe.answers(error("lock_timeout"), 409)
    fault = await fault_of(stripe.url)
    assert type(fault) is RefusedByProvider
    assert fault.code == "lock_timeout"


async def test_a_key_reused_for_something_else_is_refused(stripe: ScriptedStripe) -> None:
    stripe.answers(error(None, "idempotency_error"), 400)
    fault = await fault_of(stripe.url)
    assert isinstance(fault, KeyUsedOtherwise)
    assert fault.code == "idempotency_error"


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_after_a_server_error_the_outcome_is_unknown(
    stripe: ScriptedStripe, status: int
) -> None:
    stripe.answers(error(None, "api_error"), status)
    assert isinstance(await fault_of(stripe.url), OutcomeUnknown)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_that_is_replayed_is_stored_for_its_key(
    stripe: ScriptedStripe, status: int
) -> None:
    stripe.answers(error(None, "api_error"), status, {"Idempotent-Replayed": "true"})
    assert isinstance(await fault_of(stripe.url), StoredFault)


@pytest.mark.parametrize(("status", "code"), [(401, None), (401, "api_key_expired")])
async def test_a_key_that_may_not_is_for_an_operator(
    stripe: ScriptedStripe, status: int, code: str | None
) -> None:
    stripe.answers(error(code), status)
    assert isinstance(await fault_of(stripe.url), Misconfigured)


async def test_a_restricted_key_is_told_which_permission_it_lacks(stripe: ScriptedStripe) -> None:
    words = "The key rk_test_1 of jo@example.com needs 'rak_balance_read' for GET /v1/balance."
    stripe.answers({"error": {"type": "invalid_request_error", "message": words}}, 403)
    fault = await fault_of(stripe.url)
    assert isinstance(fault, NotPermitted)
    assert fault.code == "invalid_request_error"
    assert str(fault).endswith("its key lacks rak_balance_read")

    stripe.answers(error(None), 403)
    assert str(await fault_of(stripe.url)).endswith("its key lacks a permission")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "parameter_invalid_integer", "invalid_request_error"),
        (402, "card_declined", "card_error"),
        (404, "resource_missing", "invalid_request_error"),
        (424, None, "api_error"),
    ],
)
async def test_a_definite_no_carries_stripes_word_for_it(
    stripe: ScriptedStripe, status: int, code: str | None, kind: str
) -> None:
    stripe.answers(error(code, kind), status)
    fault = await fault_of(stripe.url)
    assert isinstance(fault, RefusedByProvider)
    assert fault.code == (code or kind)


async def test_a_message_names_code_parameter_and_request_but_repeats_nothing(
    stripe: ScriptedStripe,
) -> None:
    refusal = error("email_invalid", param="customer_email")
    stripe.answers(refusal, 400, {"Request-Id": "req_42"})
    fault = await fault_of(stripe.url)
    assert str(fault) == "Stripe answered 400 email_invalid about customer_email (req_42)"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, OutcomeUnknown),
        (401, Misconfigured),
        (403, NotPermitted),
        (429, Busy),
        (404, RefusedByProvider),
        (502, OutcomeUnknown),
        (503, Busy),
    ],
)
async def test_a_page_in_place_of_json_counts_by_its_status(
    stripe: ScriptedStripe, status: int, kind: type[GatewayFault]
) -> None:
    stripe.answers_text("<html>the key of jane@customer.example</html>", status)
    assert type(await fault_of(stripe.url)) is kind


async def test_a_refused_connection_means_that_stripe_did_not_act() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        fault = await fault_of(f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert isinstance(fault, Busy)


async def test_an_address_that_is_none_is_for_an_operator() -> None:
    assert isinstance(await fault_of("http://:80:80"), Misconfigured)


async def test_a_connection_cut_before_the_answer_leaves_the_outcome_unknown(
    stripe: ScriptedStripe,
) -> None:
    stripe.cuts()
    assert isinstance(await fault_of(stripe.url), OutcomeUnknown)


async def test_a_connection_cut_within_the_answer_leaves_the_outcome_unknown(
    stripe: ScriptedStripe,
) -> None:
    stripe.cuts_in_the_middle_of_its_answer()
    assert isinstance(await fault_of(stripe.url), OutcomeUnknown)


async def test_no_answer_in_time_leaves_the_outcome_unknown(stripe: ScriptedStripe) -> None:
    stripe.says_nothing()
    assert isinstance(await fault_of(stripe.url, timedelta(milliseconds=200)), OutcomeUnknown)


async def test_half_an_answer_in_time_leaves_the_outcome_unknown(stripe: ScriptedStripe) -> None:
    stripe.says_half()
    assert isinstance(await fault_of(stripe.url, timedelta(milliseconds=200)), OutcomeUnknown)


async def test_nothing_is_ever_repeated_here(stripe: ScriptedStripe) -> None:
    stripe.answers(error(None, "api_error"), 500, {"Stripe-Should-Retry": "true"})
    await fault_of(stripe.url)
    assert len(stripe.asked) == 1


async def test_a_cancelled_call_stays_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError), translated():
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("-3", None),
        ("0", timedelta()),
        ("30", timedelta(seconds=30)),
        (" 30 ", timedelta(seconds=30)),
        ("18000", timedelta(hours=5)),
        ("999999999", LONGEST_WAIT),
        ("Fri, 20 Nov 2026 12:00:20 GMT", timedelta(seconds=20)),
        ("Fri, 20 Nov 2026 11:00:00 GMT", timedelta()),
        ("Sat, 21 Nov 2026 07:59:00 GMT", timedelta(hours=19, minutes=59)),
        ("Fri, 20 Nov 2099 11:00:00 GMT", LONGEST_WAIT),
    ],
)
def test_a_wait_is_read_in_seconds_or_as_a_date(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOW) == wait


def test_the_longest_wait_is_as_long_as_a_request_may_be_repeated_under_its_key() -> None:
    assert options.moving_money("a key")["schedule_to_close_timeout"] == LONGEST_WAIT
