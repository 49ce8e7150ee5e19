"""Refunds of an integration whose credentials were another account's for a while."""

from datetime import timedelta

import pytest

from domain.payments import ProviderRefundState
from domain.purchases import PurchaseOrder, ReviewReason
from domain.refunds import Refund, RefundStatus
from domain.routing import Candidate
from gateways.faults import Busy, OutcomeUnknown, PaymentElsewhere
from tests.fake_payments import FakePayments
from tests.fake_world import PRICE
from tests.workflows.stories import Stories
from workflows.refund import RefundWorkflow

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


async def test_a_refund_in_doubt_is_looked_for_again_once_a_person_has_decided(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    refund = await _refund_cut_off(stories, order)
    await stories.pass_time(timedelta(hours=21))
    stories.world.integrations[SELLS] = account

    ended = await stories.refund_decided(refund.refund_id)

    (made,) = account.refunds
    assert (ended.status, ended.provider_refund_id) == (RefundStatus.SUCCEEDED, made)
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_credentials_that_are_put_back_after_the_person_decided_are_in_time(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    refund = await _refund_cut_off(stories, order)
    await stories.pass_time(timedelta(hours=21))
    elsewhere = PaymentElsewhere("JustiFi", refund.payment_id)
    account.faults_before["find_refund"].append(elsewhere)
    stories.world.integrations[SELLS] = account

    ended = await stories.refund_decided(refund.refund_id)

    assert ended.status is RefundStatus.SUCCEEDED
    assert len(account.refunds) == 1


async def test_what_was_never_made_is_not_asked_for_by_the_look_after_a_persons_decision(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    down = Busy("down", retry_after=timedelta(hours=7))
    account.faults_before["find_refund"].extend([down] * 3)
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(hours=21))

    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.PENDING
    assert "create_refund" not in account.calls
    assert account.refunds == {}


@pytest.mark.parametrize("state", [ProviderRefundState.PENDING, ProviderRefundState.FAILED])
async def test_a_refund_that_is_found_again_is_followed_to_its_end(
    stories: Stories, state: ProviderRefundState
) -> None:
    order, account = await _bought(stories)
    account.next_refunds.append(state)
    refund = await _refund_cut_off(stories, order)
    await stories.pass_time(timedelta(hours=21))
    stories.world.integrations[SELLS] = account
    run = stories.refund_run(refund.refund_id)
    await run.signal(RefundWorkflow.review_resolved)
    rows = stories.world.rows.refunds
    await stories.until(lambda: rows[refund.refund_id].provider_refund_id)
    if state is ProviderRefundState.PENDING:
        (made,) = account.refunds
        account.settle_refund(made, ProviderRefundState.SUCCEEDED)
        assert (await stories.refund_end(refund.refund_id)).status is RefundStatus.SUCCEEDED
        assert stories.world.mail.subjects() == ["refund_made"]
    else:
        assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.FAILED
        assert stories.world.mail.subjects() == []


async def test_a_refund_that_could_not_be_read_is_read_again_once_a_person_has_decided(
    stories: Stories,
) -> None:
    order, account = await _bought(stories)
    account.next_refunds.append(ProviderRefundState.PENDING)
    account.refuse_next("fetch_refund")
    refund = await stories.refunded(order, stories.world.refund_request(order, HALF))
    await stories.pass_time(timedelta(hours=1))
    (made,) = account.refunds
    account.settle_refund(made, ProviderRefundState.SUCCEEDED)

    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.SUCCEEDED
    assert stories.world.mail.subjects() == ["refund_made"]


async def _told_in_vain(stories: Stories) -> tuple[PurchaseOrder, Refund, str]:
    """Of a refund that cannot be read, and has succeeded by now."""
    order, _ = await stories.bought()
    refund = await stories.refund_on_its_way(order)
    payments = stories.world.payments
    payments.refuse_next("fetch_refund")
    told = await stories.tell_refund(order, refund.refund_id)
    await stories.until(lambda: stories.world.rows.open_reviews(order.purchase_id))
    await stories.pass_time(timedelta(hours=1))
    assert payments.calls.count("fetch_refund") == 1
    made = payments.provider_id_of(refund.refund_id)
    payments.settle_refund(made, ProviderRefundState.SUCCEEDED)
    return order, refund, told


async def test_a_word_about_a_refund_that_cannot_be_read_waits_for_a_person(
    stories: Stories,
) -> None:
    _, refund, told = await _told_in_vain(stories)
    assert (await stories.refund_decided(refund.refund_id)).status is RefundStatus.SUCCEEDED
    assert told in stories.world.rows.handled
    assert stories.world.mail.subjects() == ["refund_made"]


async def test_a_word_about_a_refund_that_cannot_be_read_is_read_with_the_next_word(
    stories: Stories,
) -> None:
    order, refund, told = await _told_in_vain(stories)
    await stories.tell_refund(order, refund.refund_id)
    await stories.until(lambda: told in stories.world.rows.handled)
    assert stories.world.rows.refunds[refund.refund_id].status is RefundStatus.SUCCEEDED
