"""Asking for money back: looked up first, asked for under its own key."""

from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.refunds import RefundAttempt
from domain.payments import CheckoutRequest, ProviderRefundState
from domain.purchases import Purchase
from domain.refunds import Refund, RefundStatus
from gateways.faults import OutcomeUnknown, PaymentElsewhere, StoredFault
from tests.fake_refund_rows import FakeRefundRecords
from tests.fake_world import PRICE, World

AT = datetime(2026, 11, 20, tzinfo=UTC)


async def _claimed(world: World, minor: int = 7500) -> Refund:
    """A refund of a paid purchase, written down and not yet asked for."""
    order = world.order()
    request = CheckoutRequest(
        purchase_id=order.purchase_id,
        tenant_id=order.tenant_id,
        quote_id=order.quote_id,
        product_name=order.product_name,
        price=order.price,
        customer_email=None,
        expires_at=AT,
        success_url="https://paybind.example/success",
        cancel_url="https://paybind.example/cancel",
        idempotency_key=order.key("checkout"),
    )
    checkout = await world.payments.open_checkout(request)
    world.payments.pay(order.purchase_id)
    opened = Purchase(order=order).opened(checkout)
    paid = opened.applied(world.payments.snapshots[checkout.session_id], AT)
    world.rows.purchases[order.purchase_id] = paid
    refund = await FakeRefundRecords(world.rows).request(world.refund_request(order, minor), AT)
    assert isinstance(refund, Refund)
    world.payments.calls.clear()
    return refund


async def _create(world: World, refund: Refund, group: int = 1) -> Refund:
    attempt = RefundAttempt(refund=refund, provider="stripe", group=group)
    return await ActivityEnvironment().run(world.refunds().create_refund, attempt)


async def test_the_providers_answer_is_kept() -> None:
    world = World()
    refund = await _create(world, await _claimed(world))
    assert refund.status is RefundStatus.SUCCEEDED
    assert refund.provider_refund_id == world.payments.provider_id_of(refund.refund_id)
    assert world.rows.refunds[refund.refund_id] == refund


async def test_it_is_always_looked_up_before_it_is_asked_for() -> None:
    world = World()
    refund = await _claimed(world)
    world.payments.faults_after["create_refund"].append(OutcomeUnknown("no answer"))
    with pytest.raises(ApplicationError):
        await _create(world, refund)
    again = await _create(world, refund)
    assert again.status is RefundStatus.SUCCEEDED
    assert world.payments.calls == ["find_refund", "create_refund", "find_refund"]
    assert world.payments.refunded(refund.payment_id) == 7500


async def test_a_look_that_fails_asks_for_nothing() -> None:
    world = World()
    refund = await _claimed(world)
    world.payments.faults_before["find_refund"].append(OutcomeUnknown("no answer"))
    with pytest.raises(ApplicationError):
        await _create(world, refund)
    assert world.payments.calls == ["find_refund"]


async def test_a_stored_fault_needs_the_next_group_of_keys() -> None:
    world = World()
    refund = await _claimed(world)
    world.payments.faults_before["create_refund"].append(StoredFault("500"))
    for _ in range(2):
        with pytest.raises(ApplicationError) as told:
            await _create(world, refund)
        assert (told.value.type, told.value.non_retryable) == ("StoredFault", True)
    assert (await _create(world, refund, group=2)).status is RefundStatus.SUCCEEDED


async def test_an_account_that_does_not_have_the_payment_answers_nothing_about_its_refund() -> None:
    world = World()
    refund = await _claimed(world)
    world.payments.faults_before["create_refund"].append(PaymentElsewhere("Stripe", "pi_1"))
    with pytest.raises(ApplicationError, match="put back the credentials") as told:
        await _create(world, refund)
    assert (told.value.type, told.value.non_retryable) == ("OutcomeUnknown", False)
    assert world.rows.refunds[refund.refund_id].status is RefundStatus.PENDING


async def test_one_in_doubt_is_found_where_it_was_made() -> None:
    world = World()
    refund = await _claimed(world)
    world.payments.refund_under_our_id(refund, refund.payment_id)
    found = await ActivityEnvironment().run(world.refunds().find_refund, refund)
    assert found.status is RefundStatus.SUCCEEDED
    assert world.rows.refunds[refund.refund_id] == found


async def test_one_in_doubt_that_is_not_found_stays_as_it_is_and_is_not_asked_for() -> None:
    world = World()
    refund = await _claimed(world)
    assert await ActivityEnvironment().run(world.refunds().find_refund, refund) == refund
    assert world.payments.calls == ["find_refund"]


async def test_a_pending_refund_stays_pending() -> None:
    world = World()
    world.payments.next_refunds.append(ProviderRefundState.PENDING)
    refund = await _create(world, await _claimed(world, PRICE.minor))
    assert refund.status is RefundStatus.PENDING
    assert refund.provider_refund_id is not None
