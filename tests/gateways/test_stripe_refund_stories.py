"""Refunds from order to bank at the simulated Stripe."""

import pytest

from domain.identifiers import new_id
from domain.payments import ProviderRefundState, RefundChanged
from gateways.faults import OutcomeUnknown, PaymentElsewhere, RefusedByProvider
from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.gateways.simulated_stripe import SimulatedStripe
from tests.gateways.stripe_orders import (
    GOOD,
    REFUND_FAILS_LATER,
    REFUND_SETTLES_LATER,
    order,
    paid_with,
    payment_of,
)

pytestmark = pytest.mark.slow


async def test_two_equal_partial_refunds_are_two_and_each_is_made_once(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    payment_id = payment_of(await paid_with(payments, simulated, GOOD))
    first, second = order(payment_id, 5000), order(payment_id, 5000)
    made = await payments.create_refund(first)
    assert made.state is ProviderRefundState.SUCCEEDED
    assert await payments.create_refund(first) == made
    assert (await payments.create_refund(second)).provider_refund_id != made.provider_refund_id
    assert await payments.find_refund(first.refund_id, payment_id) == made
    assert await payments.find_refund(new_id("ref"), payment_id) is None
    assert await payments.found_refunds(payment_id) == ()
    event, fact = await simulated.event("refund.created")
    assert event.refund_id == first.refund_id
    assert isinstance(fact, RefundChanged)
    assert fact.provider_refund_id == made.provider_refund_id


async def test_more_than_was_paid_is_never_given_back(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    payment_id = payment_of(await paid_with(payments, simulated, GOOD))
    await payments.create_refund(order(payment_id, 10_000))
    with pytest.raises(RefusedByProvider):
        await payments.create_refund(order(payment_id, 5001))
    await payments.create_refund(order(payment_id, 5000))
    with pytest.raises(RefusedByProvider) as refused:
        await payments.create_refund(order(payment_id, 1))
    assert refused.value.code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("card", "first", "kind", "last"),
    [
        (
            REFUND_SETTLES_LATER,
            ProviderRefundState.PENDING,
            "refund.updated",
            ProviderRefundState.SUCCEEDED,
        ),
        (
            REFUND_FAILS_LATER,
            ProviderRefundState.SUCCEEDED,
            "refund.failed",
            ProviderRefundState.FAILED,
        ),
    ],
)
async def test_a_refund_may_end_otherwise_than_it_began(
    payments: PaymentGateway,
    simulated: SimulatedStripe,
    card: str,
    first: ProviderRefundState,
    kind: str,
    last: ProviderRefundState,
) -> None:
    payment_id = payment_of(await paid_with(payments, simulated, card))
    made = await payments.create_refund(order(payment_id, 5000))
    assert made.state is first
    await simulated.post("settle")
    _, fact = await simulated.event(kind)
    assert isinstance(fact, RefundChanged)
    ended = await payments.fetch_refund(fact.provider_refund_id)
    assert ended.state is last
    assert (ended.failure_reason is not None) is (last is ProviderRefundState.FAILED)


async def test_a_refund_whose_answer_was_lost_is_found_and_not_made_twice(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    payment_id = payment_of(await paid_with(payments, simulated, GOOD))
    await simulated.fails("timeout_after_effect", "/v1/refunds")
    wanted = order(payment_id, 5000)
    with pytest.raises(OutcomeUnknown):
        await payments.create_refund(wanted)
    found = await payments.find_refund(wanted.refund_id, payment_id)
    assert found is not None
    assert await payments.create_refund(wanted) == found


async def test_another_account_is_no_answer_and_the_right_one_has_the_refund(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    payment_id = payment_of(await paid_with(payments, simulated, GOOD))
    wanted = order(payment_id, 5000)
    await simulated.fails("cut_after_effect", "/v1/refunds")
    with pytest.raises(OutcomeUnknown):
        await payments.create_refund(wanted)

    other = StripePayments("sk_test_of_another_shop", simulated.url)
    assert await other.find_refund(wanted.refund_id, payment_id) is None
    with pytest.raises(PaymentElsewhere):
        await other.create_refund(wanted)
    await other.close()

    found = await payments.find_refund(wanted.refund_id, payment_id)
    assert found is not None
    assert found.amount == wanted.amount
