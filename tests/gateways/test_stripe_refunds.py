"""What is asked of Stripe about refunds, and how its answers are read."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import pytest
from pydantic import JsonValue

from domain.money import Money
from domain.payments import ProviderRefundState, RefundOrder, RefundSnapshot
from gateways.faults import PaymentElsewhere, RefusedByProvider
from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.conformance.stripe_samples import error, page, payment, refund
from tests.gateways.scripted_stripe import ScriptedStripe


@pytest.fixture
async def payments(stripe: ScriptedStripe) -> AsyncIterator[PaymentGateway]:
    gateway = StripePayments("sk_test_of_the_tests", stripe.url)
    yield gateway
    await gateway.close()


def order() -> RefundOrder:
    return RefundOrder(
        refund_id="ref_1",
        purchase_id="pur_1",
        payment_id="pi_1",
        amount=Money(minor=5000, currency="SGD"),
        reason="duplicate",
        idempotency_key="ref_1:refund:1",
    )


def form_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].form))


def query_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].query))


async def test_a_refund_is_asked_for_under_its_own_key_and_with_our_ids(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(refund(status="pending"))
    assert await payments.create_refund(order()) == RefundSnapshot(
        provider_refund_id="re_1",
        payment_id="pi_1",
        amount=Money(minor=5000, currency="SGD"),
        state=ProviderRefundState.PENDING,
    )
    assert stripe.asked[-1].headers["Idempotency-Key"] == "ref_1:refund:1"
    assert form_of(stripe) == {
        "payment_intent": "pi_1",
        "amount": "5000",
        "reason": "duplicate",
        "metadata[refund_id]": "ref_1",
        "metadata[purchase_id]": "pur_1",
    }


@pytest.mark.parametrize(
    ("status", "more", "state", "reason"),
    [
        ("pending", {}, ProviderRefundState.PENDING, None),
        ("requires_action", {}, ProviderRefundState.PENDING, None),
        ("succeeded", {}, ProviderRefundState.SUCCEEDED, None),
        ("failed", {"failure_reason": "declined"}, ProviderRefundState.FAILED, "declined"),
        ("failed", {}, ProviderRefundState.FAILED, "failed"),
        ("canceled", {}, ProviderRefundState.FAILED, "canceled"),
    ],
)
async def test_a_refund_is_pending_until_stripe_says_how_it_ended(
    payments: PaymentGateway,
    stripe: ScriptedStripe,
    status: str,
    more: dict[str, JsonValue],
    state: ProviderRefundState,
    reason: str | None,
) -> None:
    stripe.answers(refund(status=status, payment_intent=payment(), **more))
    snapshot = await payments.fetch_refund("re_1")
    assert (snapshot.state, snapshot.failure_reason, snapshot.payment_id) == (state, reason, "pi_1")


@pytest.mark.parametrize("odd", [{"status": "paused"}, {"status": None}, {"payment_intent": None}])
async def test_a_refund_in_no_known_state_is_not_guessed_at(
    payments: PaymentGateway, stripe: ScriptedStripe, odd: dict[str, JsonValue]
) -> None:
    stripe.answers(refund(**odd))
    with pytest.raises(RefusedByProvider, match="re_1"):
        await payments.fetch_refund("re_1")


async def test_a_refund_is_found_by_our_id_among_all_of_its_payment(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(page("/v1/refunds", refund(id="re_1"), has_more=True))
    stripe.answers(page("/v1/refunds", refund(id="re_2", metadata={"refund_id": "ref_1"})))
    found = await payments.find_refund("ref_1", "pi_1")
    assert found is not None
    assert found.provider_refund_id == "re_2"
    assert query_of(stripe) == {"payment_intent": "pi_1", "limit": "100", "starting_after": "re_1"}


async def test_a_refund_that_stripe_never_saw_is_not_found(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(page("/v1/refunds"))
    assert await payments.find_refund("ref_1", "pi_1") is None


async def test_an_account_without_the_payment_answers_nothing_about_its_refund(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    for _ in range(2):
        stripe.answers(error("resource_missing", param="payment_intent"), 404)
    with pytest.raises(PaymentElsewhere, match="does not have payment pi_1"):
        await payments.create_refund(order())
    with pytest.raises(PaymentElsewhere, match="put back the credentials"):
        await payments.find_refund("ref_1", "pi_1")


async def test_any_other_refusal_of_a_refund_is_an_answer(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(error("charge_already_refunded"), 400)
    with pytest.raises(RefusedByProvider) as refused:
        await payments.create_refund(order())
    assert refused.value.code == "charge_already_refunded"
