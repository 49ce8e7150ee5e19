"""From a cancellation to an end without a charge: a payment may be faster, or come too late."""

from domain.errors import Code
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, Purchase, Refusal
from domain.refunds import late_refund_id_of
from gateways.faults import OutcomeUnknown, StoredFault
from tests.fake_world import PRICE
from tests.workflows.stories import Stories


async def test_a_cancelled_purchase_can_no_longer_be_paid(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    cancelled = await stories.cancel(order, "changed my mind")
    assert isinstance(cancelled, Purchase)
    assert cancelled.status is PaymentStatus.CANCELLED
    assert stories.stored(order).cancel_reason == "changed my mind"
    assert "expire_checkout" in stories.world.payments.calls
    assert (await stories.end_of(order)).status is PaymentStatus.CANCELLED


async def test_a_payment_that_is_faster_than_the_cancellation_wins(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.before_next["expire_checkout"] = lambda: payments.pay(order.purchase_id)
    answer = await stories.cancel(order)
    assert isinstance(answer, Purchase)
    assert answer.is_paid
    assert (await stories.end_of(order)).is_paid
    assert stories.policy_status(order) is PolicyStatus.DELIVERED
    assert stories.world.rows.refunds == {}


async def test_a_payment_under_way_cannot_be_cancelled(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.order_debit(order.purchase_id)
    answer = await stories.cancel(order)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PAYMENT_PROCESSING
    assert stories.stored(order).processing
    stories.world.payments.pay(order.purchase_id)
    assert (await stories.end_of(order)).is_paid


async def test_a_cancellation_that_the_provider_refuses_is_answered_and_leaves_it_payable(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    stories.world.payments.refuse_next("expire_checkout")
    answer = await stories.cancel(order)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PROVIDER_REFUSED
    again = await stories.cancel(order)
    assert isinstance(again, Purchase)
    assert again.status is PaymentStatus.CANCELLED
    assert stories.world.payments.expired_under == [order.key("expire-2")]  # no stored no


async def test_a_cancellation_that_meets_a_stored_fault_gets_a_new_key(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.faults_after["expire_checkout"] += [OutcomeUnknown("no answer"), StoredFault("500")]
    cancelled = await stories.cancel(order)
    assert isinstance(cancelled, Purchase)
    assert cancelled.status is PaymentStatus.CANCELLED
    first, second = order.key("expire-1", 1), order.key("expire-1", 2)
    assert payments.expired_under == [first, first, second]


async def test_money_after_a_cancellation_is_refunded_once_and_the_customer_is_told(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.cancel(order)
    payment_id = stories.world.payments.pay(order.purchase_id)
    await stories.tell_change(order)
    await stories.tell_change(order)
    purchase = await stories.end_of(order)
    assert (purchase.status, purchase.late_payment_id) == (PaymentStatus.CANCELLED, payment_id)
    (refund_id,) = stories.world.rows.refunds
    assert refund_id == late_refund_id_of(order.purchase_id, payment_id)  # one for each payment
    await stories.refund_end(refund_id)
    await stories.tell_change(order)  # and long after it, the provider repeats itself
    await stories.end_of(order)
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert stories.world.payments.calls.count("create_refund") == 1
    assert stories.world.mail.subjects() == ["refund_made"]
    assert "late=True" in stories.world.mail.sent[0].text
    assert stories.policy(order) is None


async def test_late_money_that_somebody_returned_by_hand_is_not_returned_again(
    stories: Stories,
) -> None:
    order = stories.world.order()
    await stories.opened(order)
    await stories.cancel(order)
    payment_id = stories.world.payments.pay(order.purchase_id)
    made = stories.world.payments.refund_in_dashboard(payment_id, PRICE)
    await stories.tell_of_found_refund(order, made)
    await stories.tell_change(order)
    await stories.end_of(order)
    assert stories.stored(order).late_payment_id == payment_id
    assert "create_refund" not in stories.world.payments.calls
    assert stories.world.payments.refunded(payment_id) == PRICE.minor
    assert stories.world.rows.open_reviews(order.purchase_id) == []
