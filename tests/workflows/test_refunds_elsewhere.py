"""Refunds of an integration whose credentials were another account's for a while."""

from datetime import timedelta

from domain.purchases import PurchaseOrder, ReviewReason
from domain.refunds import Refund, RefundStatus
from domain.routing import Candidate
from gateways.faults import OutcomeUnknown
from tests.fake_payments import FakePayments
from tests.fake_world import PRICE
from tests.workflows.stories import Stories

HALF = PRICE.minor // 2
SELLS = "north"


async def _bought(stories: Stories) -> tuple[PurchaseOrder, FakePayments]:
    """Of an integration, and the account of the credentials that it had."""
    account = stories.world.integrations[SELLS] = FakePayments(first=101)
    stories.world.rows.candidates = (Candidate(integration_id=SELLS, name=SELLS),)
    order = stories.world.order()
    await stories.opened(order)
    account.pay(order.purchase_id)
    await stories.tell_change(order)
    await stories.end_of(order)
    stories.world.mail.sent.clear()
    return order, account


async def _refund_cut_off(stories: Stories, order: PurchaseOrder) -> Refund:
    """Made, its answer lost, and its integration given another account's credentials meanwhile."""
    accounts = stories.world.integrations
    account, another = accounts[SELLS], FakePayments(first=901)
    account.before_next["create_refund"] = lambda: accounts.update({SELLS: another})
    account.faults_after["create_refund"].append(OutcomeUnknown("no answer"))
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.until(lambda: account.refunds)
    return refund


async def test_credentials_that_were_changed_and_put_back_leave_one_refund_that_succeeded(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    refund = await _refund_cut_off(stories, order)
    await stories.pass_time(timedelta(hours=2))
    assert stories.world.rows.refunds[refund.refund_id].status is RefundStatus.PENDING

    stories.world.integrations[SELLS] = account
    ended = await stories.refund_end(refund.refund_id)

    (made,) = account.refunds
    assert (ended.status, ended.provider_refund_id) == (RefundStatus.SUCCEEDED, made)
    assert stories.world.rows.open_reviews(order.purchase_id) == []
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_credentials_that_stay_changed_are_a_matter_for_a_person_and_free_no_claim(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    refund = await _refund_cut_off(stories, order)
    await stories.pass_time(timedelta(hours=21))

    assert stories.world.rows.open_reviews(order.purchase_id) == [ReviewReason.REFUND_FAILED]
    assert stories.world.rows.refunds[refund.refund_id].status is RefundStatus.PENDING
    rest = await stories.refunded(order, stories.world.refund_request(order))
    assert rest.amount.minor == PRICE.minor - HALF
    assert len(account.refunds) == 1
