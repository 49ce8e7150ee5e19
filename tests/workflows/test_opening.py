"""Opening a checkout: once per purchase, on bad days too."""

import asyncio
from datetime import timedelta

from domain.errors import Code
from domain.purchases import PaymentStatus, Purchase, Refusal, ReviewReason
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, StoredFault
from tests.workflows.stories import Stories


async def test_the_answer_to_a_start_carries_the_checkout_url(stories: Stories) -> None:
    order = stories.world.order()
    purchase = await stories.opened(order)
    session_id = stories.world.payments.session_of(order.purchase_id)
    assert purchase.checkout is not None
    assert purchase.checkout.url == f"https://pay.example/{session_id}"
    assert stories.stored(order) == purchase


async def test_two_starts_of_one_quote_are_one_workflow(stories: Stories) -> None:
    order = stories.world.order()
    first, second = await asyncio.gather(stories.opened(order), stories.opened(order))
    third = await stories.opened(order)
    assert first == second == third
    assert stories.world.payments.calls.count("open_checkout") == 1


async def test_a_quote_that_another_purchase_holds_is_refused(stories: Stories) -> None:
    first = stories.world.order()
    await stories.opened(first)
    second = stories.world.order(attempt=2, quote_id=first.quote_id)
    answer = await stories.open(second)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.QUOTE_ALREADY_PAID
    assert second.purchase_id not in stories.world.rows.purchases
    cancelled = await stories.cancel(second)
    refunded = await stories.refund(second, stories.world.refund_request(second))
    assert answer == cancelled == refunded


async def test_a_cancelled_purchase_leaves_the_quote_to_the_next_one(stories: Stories) -> None:
    first = stories.world.order()
    await stories.opened(first)
    await stories.cancel(first)
    second = await stories.opened(stories.world.order(attempt=2, quote_id=first.quote_id))
    assert second.status is PaymentStatus.PENDING


async def test_a_start_is_answered_when_the_provider_is_back(stories: Stories) -> None:
    order = stories.world.order()
    faults = stories.world.payments.faults_before["open_checkout"]
    faults.extend(
        [Busy("down", retry_after=timedelta(hours=3)), Busy("down"), Misconfigured("?", "stripe")]
    )
    answer = await stories.at_last(stories.open(order))
    assert isinstance(answer, Purchase)
    assert len(stories.world.payments.requests) == 1


async def test_a_provider_that_asks_for_more_patience_than_a_key_lives_is_not_waited_for(
    stories: Stories,
) -> None:
    order = stories.world.order()
    fault = Busy("down", retry_after=timedelta(hours=20))
    stories.world.payments.faults_before["open_checkout"].append(fault)
    answer = await stories.open(order)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PROVIDER_REFUSED
    assert (await stories.end_of(order)).status is PaymentStatus.FAILED
    assert stories.world.payments.calls == ["open_checkout"]
    assert not stories.stored(order).holds_quote


async def test_an_answer_that_got_lost_is_asked_for_again_under_the_same_key(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.payments.faults_after["open_checkout"].append(OutcomeUnknown("no answer"))
    answer = await stories.at_last(stories.open(order))
    assert isinstance(answer, Purchase)
    assert len(stories.world.payments.requests) == 1
    (request,) = stories.world.payments.requests.values()
    assert request.idempotency_key == f"{order.purchase_id}:checkout:1"


async def test_a_provider_that_refuses_the_checkout_ends_the_purchase_and_frees_the_quote(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.payments.refuse_next("open_checkout")
    answer = await stories.open(order)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PROVIDER_REFUSED
    ended = await stories.end_of(order)
    assert (ended.status, ended.can_retry) == (PaymentStatus.FAILED, False)
    assert not stories.stored(order).holds_quote
    again = await stories.cancel(order)  # a message that resumes it writes to nobody
    assert isinstance(again, Purchase)
    await stories.end_of(order)
    assert stories.world.mail.sent == []


async def test_a_stored_fault_gets_a_new_key_only_after_a_look_that_finds_no_checkout(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.payments.faults_before["open_checkout"].append(StoredFault("500"))
    await stories.opened(order)
    assert stories.world.payments.calls == ["open_checkout", "find_checkout", "open_checkout"]
    (request,) = stories.world.payments.requests.values()
    assert request.idempotency_key == f"{order.purchase_id}:checkout:2"


async def test_a_stored_fault_after_the_effect_opens_no_second_checkout(stories: Stories) -> None:
    order = stories.world.order()
    stories.world.payments.faults_after["open_checkout"].append(StoredFault("500"))
    purchase = await stories.opened(order)
    assert stories.world.payments.calls == ["open_checkout", "find_checkout"]
    assert len(stories.world.payments.requests) == 1
    assert purchase.checkout is not None


async def test_a_provider_that_stores_a_fault_under_every_key_refuses_the_purchase(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.payments.faults_before["open_checkout"].extend([StoredFault("500")] * 3)
    answer = await stories.open(order)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PROVIDER_REFUSED
    assert stories.world.payments.calls.count("open_checkout") == 3


async def test_an_event_about_an_unrecorded_checkout_is_a_matter_for_a_person(
    stories: Stories,
) -> None:
    order = stories.world.order()
    stories.world.payments.refuse_next("open_checkout")
    await stories.open(order)
    await stories.end_of(order)
    event_id = await stories.tell_change(order)
    assert await stories.decided(order) == [ReviewReason.PAYMENT_UNSETTLED]
    assert event_id in stories.world.rows.handled
