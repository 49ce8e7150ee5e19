"""A key that answers 409: an earlier request is at work under it, or has failed; nobody says."""

from datetime import timedelta

from domain.errors import Code
from domain.executions import ExecutionStatus
from domain.purchases import PaymentStatus, Purchase, Refusal, ReviewReason
from domain.refunds import RefundStatus
from gateways.faults import Conflict, GatewayFault, OutcomeUnknown
from tests.workflows.stories import Stories
from tests.workflows.test_executions import executed

HALF = 7500
FOR_TEN_MINUTES: list[GatewayFault] = [Conflict("409")] * 11  # one a minute


async def test_a_refund_goes_on_under_a_new_key_once_nothing_can_be_at_work_under_the_first(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    payments.calls.clear()
    payments.faults_before["create_refund"].extend(FOR_TEN_MINUTES)
    asked_at = await stories.env.get_current_time()
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))

    ended = await stories.refund_end(refund.refund_id)

    assert ended.status is RefundStatus.SUCCEEDED
    assert payments.calls == ["find_refund", "create_refund"] * 12
    assert payments.refund_keys == [refund.key(1)] * 11 + [refund.key(2)]
    assert payments.refunded(payment_id) == HALF
    waited = await stories.env.get_current_time() - asked_at
    assert timedelta(minutes=10) <= waited < timedelta(minutes=12)


async def test_a_checkout_goes_on_under_a_new_key_likewise(stories: Stories) -> None:
    order = stories.world.order()
    payments = stories.world.payments
    payments.faults_before["open_checkout"].extend(FOR_TEN_MINUTES)

    answer = await stories.at_last(stories.open(order))

    assert isinstance(answer, Purchase)
    keys = [each.idempotency_key for each in payments.asked_for]
    assert keys == [order.key("checkout")] * 11 + [order.key("checkout", 2)]
    asked = [each for each in payments.calls if each in ("find_checkout", "open_checkout")]
    assert asked[-2:] == ["find_checkout", "open_checkout"]
    # what is asked for again under one key is the same to the letter
    assert len({each.expires_at for each in payments.asked_for[:11]}) == 1


async def test_what_may_have_been_begun_in_between_is_waited_for_anew(stories: Stories) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    unanswered: list[GatewayFault] = [OutcomeUnknown("no answer")]
    payments.faults_before["create_refund"].extend(
        [*FOR_TEN_MINUTES[:10], *unanswered, *FOR_TEN_MINUTES]
    )
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED
    assert payments.refund_keys == [refund.key(1)] * 22 + [refund.key(2)]
    assert payments.refunded(payment_id) == HALF


async def test_a_refund_that_meets_it_under_every_key_keeps_its_claim_for_a_person(
    stories: Stories,
) -> None:
    order, payment_id = await stories.bought()
    payments = stories.world.payments
    payments.faults_before["create_refund"].extend(FOR_TEN_MINUTES * 3)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(hours=1))
    ended = await stories.refund_decided(refund.refund_id)
    assert ended.status is RefundStatus.PENDING
    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    assert payments.refunded(payment_id) == 0


async def test_a_checkout_that_meets_it_under_every_key_is_refused(stories: Stories) -> None:
    order = stories.world.order()
    stories.world.payments.faults_before["open_checkout"].extend(FOR_TEN_MINUTES * 3)
    answer = await stories.at_last(stories.open(order))
    assert isinstance(answer, Refusal)
    assert answer.code is Code.PROVIDER_REFUSED
    assert stories.world.payments.requests == {}


async def test_an_execution_looks_before_it_asks_under_a_new_key(stories: Stories) -> None:
    account = stories.world.executions.account
    account.faults_before.extend(FOR_TEN_MINUTES)
    done = await executed(stories, stories.world.execution_order())
    assert done.status is ExecutionStatus.SUCCEEDED
    assert [ask.repeated for ask in account.asked] == [False] * 11 + [True]
    assert len(account.effects) == 1


async def test_a_cancellation_goes_on_under_a_new_key_likewise(stories: Stories) -> None:
    order = stories.world.order()
    await stories.opened(order)
    payments = stories.world.payments
    payments.faults_before["expire_checkout"].extend(FOR_TEN_MINUTES)
    cancelling = await stories.cancel_later(order)
    cancelled = await stories.at_last(cancelling.result())
    assert isinstance(cancelled, Purchase)
    assert cancelled.status is PaymentStatus.CANCELLED
    assert payments.expired_under == [order.key("expire-1", 2)]
