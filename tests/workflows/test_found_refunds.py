"""Refunds that somebody made in the provider's dashboard: found, and kept as our own."""

import asyncio

from domain.errors import Code
from domain.money import Money
from domain.payments import PaymentRefunded, ProviderRefundState
from domain.purchases import Refusal, ReviewReason
from domain.refunds import Asker, RefundStatus
from gateways.faults import Busy
from tests.fake_world import PRICE
from tests.workflows.stories import Stories

HALF = PRICE.minor // 2


async def test_a_dashboards_refund_that_came_back_is_told_and_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    made = stories.world.payments.refund_in_dashboard(payment_id, PRICE)
    await stories.tell_of_found_refund(order, made)
    await stories.end_of(order)
    assert stories.world.rows.open_reviews(order.purchase_id) == []
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    event_id = await stories.tell_of_found_refund(order, made)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert event_id in stories.world.rows.handled
    policy = stories.policy(order)
    assert policy is not None
    assert policy.cancelled_at is None
    await stories.until(lambda: len(stories.world.mail.sent) == 2)
    await stories.tell_of_found_refund(order, made)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert stories.world.mail.subjects() == ["refund_made", "refund_returned"]


async def test_a_dashboards_refund_that_had_failed_when_it_was_found_is_told_to_nobody(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    made = stories.world.payments.refund_in_dashboard(payment_id, PRICE)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_of_found_refund(order, made)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert stories.world.mail.sent == []


async def test_a_refund_of_our_own_that_is_found_at_the_provider_tells_of_itself(
    stories: Stories,
) -> None:
    order, _ = await stories.bought()
    refund = await stories.refund_on_its_way(order)
    made = stories.world.payments.provider_id_of(refund.refund_id)
    stories.world.payments.settle_refund(made, ProviderRefundState.FAILED, "account_closed")
    await stories.tell_of_found_refund(order, made)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert stories.world.mail.sent == []  # nobody was ever told that it comes


async def test_a_refund_made_in_the_providers_dashboard_is_adopted(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    made = stories.world.payments.refund_in_dashboard(payment_id, Money(minor=HALF, currency="SGD"))
    for _ in range(2):
        event_id = await stories.tell_of_found_refund(order, made)
        await stories.end_of(order)
        assert event_id in stories.world.rows.handled
    (refund,) = stories.world.rows.refunds.values()
    assert (refund.status, refund.asker) == (RefundStatus.SUCCEEDED, Asker.PROVIDER)
    assert stories.world.mail.subjects() == ["refund_made"]  # told once, and as the customer's
    answer = await stories.refund(order, stories.world.refund_request(order, PRICE.minor))
    assert isinstance(answer, Refusal)
    assert answer.code is Code.REFUND_ABOVE_CAP


async def test_what_is_being_found_is_not_asked_for_a_second_time(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    made = payments.refund_in_dashboard(payment_id, PRICE)
    payments.faults_before["fetch_refund"].append(Busy("503"))
    payments.hold("fetch_refund")
    await stories.tell_of_found_refund(order, made)
    await stories.until(lambda: payments.calls.count("fetch_refund") == 2)
    asked = asyncio.create_task(stories.refund(order, stories.world.refund_request(order)))
    await asyncio.sleep(0)
    await stories.refresh(order)  # what was asked before is heard once this is answered
    payments.let_go("fetch_refund")
    answer = await asked
    assert isinstance(answer, Refusal)
    assert answer.code is Code.REFUND_ABOVE_CAP
    assert payments.refunded(payment_id) == PRICE.minor


async def test_a_found_refund_that_cannot_be_read_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    made = stories.world.payments.refund_in_dashboard(payment_id, PRICE)
    stories.world.payments.refuse_next("fetch_refund")
    event_id = await stories.tell_of_found_refund(order, made)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert event_id in stories.world.rows.handled


async def test_refunds_of_which_only_the_payment_is_told_are_read_and_kept_once(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    asked = await stories.refunded(order, stories.world.refund_request(order, 1000))
    await stories.refund_end(asked.refund_id)
    stories.world.mail.sent.clear()
    rest = Money(minor=PRICE.minor - 1000, currency=PRICE.currency)
    made = payments.refund_in_dashboard(payment_id, rest)
    for _ in range(2):
        told = PaymentRefunded(event_id=stories.world.event(), payment_id=payment_id)
        await stories.tell(order, told)
        await stories.end_of(order)
        assert told.event_id in stories.world.rows.handled

    kept = stories.world.rows.refunds_of(order.purchase_id)
    assert {each.provider_refund_id for each in kept} == {
        payments.provider_id_of(asked.refund_id),
        made,
    }
    assert len(kept) == 2
    assert stories.world.mail.subjects() == ["refund_made"]
    policy = stories.policy(order)
    assert policy is not None
    assert policy.cancelled_at is not None


async def test_a_payment_whose_refunds_cannot_be_read_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    stories.world.payments.refuse_next("found_refunds")
    told = PaymentRefunded(event_id=stories.world.event(), payment_id=payment_id)
    await stories.tell(order, told)
    assert await stories.decided(order) == [ReviewReason.REFUND_FAILED]
    assert told.event_id in stories.world.rows.handled
