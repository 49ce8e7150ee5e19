"""Refunds: full, partial, too much, and those that fail or settle later."""

import pytest
import stripe

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow


def test_a_refund_succeeds_at_once_and_everybody_is_told(
    simulators: Simulators, receiver: Receiver
) -> None:
    intent = simulators.paid_intent()

    refund = simulators.client.v1.refunds.create({"payment_intent": intent})

    assert (refund.status, refund.amount) == ("succeeded", 12_500)
    receiver.wait_for("refund.created", "refund.updated", "charge.refunded")


def test_partial_refunds_add_up_to_the_charge_and_no_further(simulators: Simulators) -> None:
    intent, refunds = simulators.paid_intent(), simulators.client.v1.refunds
    refunds.create({"payment_intent": intent, "amount": 5_000})
    refunds.create({"payment_intent": intent, "amount": 5_000})

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as over:
        refunds.create({"payment_intent": intent, "amount": 2_501})
    refunds.create({"payment_intent": intent, "amount": 2_500})
    with pytest.raises(stripe.InvalidRequestError) as spent:
        refunds.create({"payment_intent": intent})

    assert over.value.param == "amount"
    assert spent.value.code == "charge_already_refunded"
    assert len(refunds.list({"payment_intent": intent}).data) == 3


def test_a_slow_refund_is_pending_and_settles_later(
    simulators: Simulators, receiver: Receiver
) -> None:
    refunds = simulators.client.v1.refunds
    refund = refunds.create({"payment_intent": simulators.paid_intent("4000000000007726")})
    assert refund.status == "pending"

    simulators.post("/_simulator/settle", id=refund.id)

    assert refunds.retrieve(refund.id).status == "succeeded"
    receiver.wait_for("refund.updated")


def test_a_refund_can_fail_after_it_succeeded_and_the_money_is_back_on_the_charge(
    simulators: Simulators, receiver: Receiver
) -> None:
    refunds = simulators.client.v1.refunds
    refund = refunds.create({"payment_intent": simulators.paid_intent("4000000000005126")})
    assert refund.status == "succeeded"

    simulators.post("/_simulator/settle")

    failed = refunds.retrieve(refund.id, {"expand": ["charge"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert isinstance(failed.charge, stripe.Charge)
    assert failed.charge.amount_refunded == 0
    receiver.wait_for("refund.failed")


def test_what_was_not_paid_cannot_be_refunded(simulators: Simulators) -> None:
    session = simulators.new_session()
    declined = simulators.pay(session.id, card="4000000000000002")

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        simulators.client.v1.refunds.create({"payment_intent": str(declined["payment_intent"])})


def test_a_disputed_charge_cannot_be_refunded(simulators: Simulators) -> None:
    intent = simulators.paid_intent("4000000000000259")

    with pytest.raises(stripe.InvalidRequestError) as disputed:
        simulators.client.v1.refunds.create({"payment_intent": intent})

    assert disputed.value.code == "refund_disputed_payment"
