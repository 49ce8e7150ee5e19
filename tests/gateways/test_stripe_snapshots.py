"""How Stripe's checkout sessions are read: what is paid, what failed, what is still open."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import pytest
from pydantic import JsonValue

from domain.money import Money
from domain.payments import CheckoutSnapshot, CheckoutState, Failure
from gateways.faults import OutcomeUnknown, RefusedByProvider
from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.conformance.stripe_samples import error, payment, session
from tests.gateways.scripted_stripe import ScriptedStripe

SESSIONS = "/v1/checkout/sessions"
KEY = "pur_1:expire-1:1"
PRICE = Money(minor=15000, currency="SGD")
LAST_ERROR: JsonValue = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
}


@pytest.fixture
async def payments(stripe: ScriptedStripe) -> AsyncIterator[PaymentGateway]:
    gateway = StripePayments("sk_test_of_the_tests", stripe.url)
    yield gateway
    await gateway.close()


def query_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].query))


async def fetched(
    payments: PaymentGateway, stripe: ScriptedStripe, answer: JsonValue
) -> CheckoutSnapshot:
    stripe.answers(answer)
    snapshot = await payments.fetch_checkout("cs_test_1")
    assert query_of(stripe) == {"expand[0]": "payment_intent"}
    return snapshot


async def test_an_untouched_checkout_is_open_and_nothing_else(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    snapshot = await fetched(payments, stripe, session())
    assert snapshot == CheckoutSnapshot(session_id="cs_test_1", state=CheckoutState.OPEN)
    snapshot = await fetched(payments, stripe, session(payment_intent=payment()))
    assert snapshot.payment_id == "pi_1"
    assert snapshot.failure is None


async def test_a_paid_checkout_tells_the_amount_received(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    paid = session(
        status="complete",
        payment_status="paid",
        amount_total=500,
        currency="jpy",
        payment_intent=payment(status="succeeded", last_payment_error=LAST_ERROR),
    )
    assert await fetched(payments, stripe, paid) == CheckoutSnapshot(
        session_id="cs_test_1",
        state=CheckoutState.COMPLETE,
        paid=Money(minor=500, currency="JPY"),
        payment_id="pi_1",
    )


async def test_a_checkout_that_needed_no_payment_received_nothing(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    free = session(status="complete", payment_status="no_payment_required")
    assert (await fetched(payments, stripe, free)).paid == Money(minor=0, currency="SGD")


async def test_a_declined_card_leaves_the_checkout_open_with_the_reason(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    declined = session(payment_intent=payment(last_payment_error=LAST_ERROR))
    snapshot = await fetched(payments, stripe, declined)
    assert snapshot.state is CheckoutState.OPEN
    assert snapshot.failure == Failure(
        code="insufficient_funds", reason="Your card has insufficient funds."
    )


async def test_a_decline_without_its_own_code_is_told_by_the_errors_code(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    last: JsonValue = {"type": "card_error", "code": "expired_card"}
    snapshot = await fetched(
        payments, stripe, session(payment_intent=payment(last_payment_error=last))
    )
    assert snapshot.failure is not None
    assert snapshot.failure.code == "expired_card"
    assert snapshot.failure.reason == "The payment did not go through. Nothing was charged."


async def test_a_delayed_payment_under_way_is_neither_paid_nor_failed(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    delayed = session(status="complete", payment_intent=payment(status="processing"))
    assert await fetched(payments, stripe, delayed) == CheckoutSnapshot(
        session_id="cs_test_1", state=CheckoutState.COMPLETE, payment_id="pi_1"
    )


@pytest.mark.parametrize("status", ["requires_payment_method", "canceled"])
async def test_a_delayed_payment_that_did_not_settle_has_failed_even_without_a_reason(
    payments: PaymentGateway, stripe: ScriptedStripe, status: str
) -> None:
    failed = session(status="complete", payment_intent=payment(status=status))
    snapshot = await fetched(payments, stripe, failed)
    assert snapshot.failure is not None
    assert snapshot.failure.code == "payment_failed"


async def test_an_expired_checkout_is_no_failure_of_its_own(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    expired = session(status="expired", url=None, payment_intent=payment(status="canceled"))
    assert await fetched(payments, stripe, expired) == CheckoutSnapshot(
        session_id="cs_test_1", state=CheckoutState.EXPIRED, payment_id="pi_1"
    )


async def test_a_checkout_in_no_known_state_is_not_guessed_at(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    with pytest.raises(RefusedByProvider, match="no state known"):
        await fetched(payments, stripe, session(status=None))


async def test_an_answer_that_lacks_what_matters_is_not_guessed_at(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers_text('{"id": "cs_test_1", "object": "checkout.session"}', 200)
    with pytest.raises(RefusedByProvider, match="payment_status, expires_at") as refused:
        await payments.fetch_checkout("cs_test_1")
    assert refused.value.code == "unreadable"


@pytest.mark.parametrize("answer", ["null", "[]", '"open"', "1"])
async def test_an_answer_that_is_no_object_is_not_guessed_at(
    payments: PaymentGateway, stripe: ScriptedStripe, answer: str
) -> None:
    stripe.answers_text(answer, 200)
    with pytest.raises(RefusedByProvider, match="readable shape") as refused:
        await payments.fetch_checkout("cs_test_1")
    assert refused.value.code == "unreadable"


async def test_expiring_gives_the_checkout_as_it_ended(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session(status="expired", url=None))
    snapshot = await payments.expire_checkout("cs_test_1", KEY)
    assert snapshot.state is CheckoutState.EXPIRED
    assert [asked.path for asked in stripe.asked] == [f"{SESSIONS}/cs_test_1/expire"]


async def test_expiring_goes_under_our_key_and_a_repetition_under_the_same(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.cuts()
    stripe.answers(session(status="expired", url=None))
    with pytest.raises(OutcomeUnknown):
        await payments.expire_checkout("cs_test_1", KEY)
    await payments.expire_checkout("cs_test_1", KEY)
    assert [asked.headers["Idempotency-Key"] for asked in stripe.asked] == [KEY, KEY]


async def test_expiring_what_was_paid_meanwhile_tells_of_the_payment(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(error(None), 400)
    stripe.answers(session(status="complete", payment_status="paid", payment_intent=payment()))
    assert (await payments.expire_checkout("cs_test_1", KEY)).paid == PRICE


async def test_a_refusal_to_expire_what_is_still_open_is_surfaced(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(error("lock_timeout"), 409)
    stripe.answers(session())
    with pytest.raises(RefusedByProvider, match="lock_timeout"):
        await payments.expire_checkout("cs_test_1", KEY)
