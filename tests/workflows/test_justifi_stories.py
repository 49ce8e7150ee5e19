"""Purchases at the double of JustiFi: 409s of both kinds, neither told, and late money."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.payments import Checkout
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, ReviewReason
from domain.refunds import RefundStatus
from domain.routing import Candidate
from gateways.justifi_client import JustifiClient
from gateways.justifi_payments import JustifiPayments
from tests.gateways.justifi_street import Street, order, street_at
from tests.gateways.simulated_justifi import (
    CLIENT_ID,
    CLIENT_SECRET,
    SELLER,
    SimulatedJustifi,
    simulated_justifi,
)
from tests.workflows.stories import SOON, Stories
from tests.workflows.test_parking import Run, last_failure

USD = Money(minor=15000, currency="USD")
HALF = 7500
CHECKOUTS = "/v1/checkouts"
GOOD_ACCOUNT = "000123456789"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
async def running_justifi() -> AsyncIterator[SimulatedJustifi]:
    async with simulated_justifi() as justifi:
        yield justifi


@pytest.fixture
async def street(running_justifi: SimulatedJustifi, stories: Stories) -> AsyncIterator[Street]:
    """Of the seller to whom every purchase is routed."""
    sells = Candidate(integration_id="int_justifi", connection_code="justifi", name="JustiFi")
    stories.world.rows.candidates = (sells,)
    async with street_at(running_justifi) as opened:
        await opened.payments.probe()  # with a token of today's
        stories.world.doubles["int_justifi"] = opened.payments
        yield opened


@pytest.fixture
async def hasty(street: Street, stories: Stories) -> AsyncIterator[None]:
    """Whoever asks JustiFi gives up long before it has answered what is delayed."""
    url, within = street.justifi.url, timedelta(seconds=0.2)
    client = JustifiClient(CLIENT_ID, CLIENT_SECRET, url, SELLER, within)
    stories.world.doubles["int_justifi"] = JustifiPayments(client, street.page)
    yield
    await client.close()


@pytest.mark.usefixtures("hasty")
async def test_a_checkout_still_at_work_is_found_and_not_opened_again(
    stories: Stories, street: Street
) -> None:
    await street.fails("delay", CHECKOUTS, seconds=1.5)
    wish = _order(stories)
    opening = asyncio.create_task(stories.open(wish))
    await _all_is_done(stories, stories.purchase_run(wish), street, CHECKOUTS)

    purchase = await stories.at_last(opening)

    assert isinstance(purchase, Purchase)
    assert [each.status for each in await street.tries(CHECKOUTS)] == [409, 201]
    made = [each.id async for each in street.payments.checkouts_since(YESTERDAY)]
    assert purchase.checkout is not None
    assert made == [purchase.checkout.session_id]


async def test_a_checkout_whose_key_is_spoilt_is_opened_under_another(
    stories: Stories, street: Street
) -> None:
    await street.fails("spoilt_key", CHECKOUTS)
    wish = _order(stories)

    purchase = await stories.at_last(stories.open(wish))

    assert isinstance(purchase, Purchase)
    first, second = wish.key("checkout"), wish.key("checkout", 2)
    tries = [(500, first), *[(409, first)] * 11, (201, second)]
    assert await street.tries(CHECKOUTS) == tries


@pytest.mark.usefixtures("hasty")
async def test_a_refund_still_at_work_is_found_and_not_made_again(
    stories: Stories, street: Street
) -> None:
    wish, payment_id = await _bought(stories, street)
    refunds = f"/v1/payments/{payment_id}/refunds"
    await street.fails("delay", refunds, seconds=1.5)
    asked = await stories.refunded(wish, stories.world.refund_request(wish, HALF))
    await _all_is_done(stories, stories.refund_run(asked.refund_id), street, refunds)

    ended = await stories.refund_end(asked.refund_id)

    assert ended.status is RefundStatus.SUCCEEDED
    assert [each.status for each in await street.tries(refunds)] == [409, 201]
    assert (await street.payments.read_payment(payment_id)).amount_refunded == HALF


async def test_a_refund_whose_key_is_spoilt_is_made_under_another(
    stories: Stories, street: Street
) -> None:
    wish, payment_id = await _bought(stories, street)
    refunds = f"/v1/payments/{payment_id}/refunds"
    await street.fails("spoilt_key", refunds)
    asked = await stories.refunded(wish, stories.world.refund_request(wish, HALF))

    ended = await stories.refund_end(asked.refund_id)

    assert ended.status is RefundStatus.SUCCEEDED
    first, second = asked.key(1), asked.key(2)
    assert await street.tries(refunds) == [(500, first), *[(409, first)] * 11, (201, second)]
    assert (await street.payments.read_payment(payment_id)).amount_refunded == HALF


async def test_a_refund_whose_refusal_was_lost_is_asked_for_under_another_key_and_the_refusal_told(
    stories: Stories, street: Street
) -> None:
    wish, payment_id = await _bought(stories, street)
    refunds = f"/v1/payments/{payment_id}/refunds"
    await street.payments.create_refund(order(payment_id, USD.minor))  # behind our back
    await street.fails("cut_after_effect", refunds)
    asked = await stories.refunded(wish, stories.world.refund_request(wish, HALF))
    await stories.pass_time(timedelta(minutes=15))

    ended = await stories.refund_decided(asked.refund_id)

    assert ended.status is RefundStatus.FAILED
    assert "payment_fully_refunded" in (ended.failure_reason or "")
    assert stories.world.rows.open_reviews(wish.purchase_id) == [ReviewReason.REFUND_FAILED]
    first, second = asked.key(1), asked.key(2)
    tries = (await street.tries(refunds))[1:]
    assert tries == [(422, first), *[(409, first)] * 11, (422, second)]
    assert (await street.payments.read_payment(payment_id)).amount_refunded == USD.minor


async def test_a_debit_that_the_bank_still_has_is_called_off_with_its_purchase(
    stories: Stories, street: Street
) -> None:
    wish = _order(stories)
    purchase = await stories.opened(wish)
    assert purchase.checkout is not None
    payment_id = await street.pay(purchase.checkout, account_number=GOOD_ACCOUNT)
    await stories.tell_change(wish)
    await stories.until(lambda: stories.world.rows.purchases[wish.purchase_id].processing)

    cancelled = await stories.cancel(wish)

    assert isinstance(cancelled, Purchase)
    assert (cancelled.status, cancelled.processing) == (PaymentStatus.CANCELLED, False)
    assert (await street.payments.read_payment(payment_id)).status == "canceled"
    await street.steer("justifi/settle", id=payment_id)
    assert (await stories.end_of(wish)).late_payment_id is None


async def test_money_that_comes_to_a_cancelled_checkout_is_found_by_looks_alone(
    stories: Stories, street: Street
) -> None:
    wish, checkout = await _cancelled_two_days_ago(stories)
    payment_id = await street.pay(checkout)

    assert (await stories.end_of(wish)).late_payment_id == payment_id

    (refund_id,) = stories.world.rows.refunds
    await stories.refund_end(refund_id)
    assert (await street.payments.read_payment(payment_id)).amount_refunded == USD.minor


async def test_nobody_looks_any_more_once_justifi_has_ended_a_cancelled_checkout(
    stories: Stories, street: Street
) -> None:
    wish, checkout = await _cancelled_two_days_ago(stories)
    await street.steer(f"justifi/checkouts/{checkout.session_id}/expire")
    before = await stories.env.get_current_time()
    assert (await stories.end_of(wish)).late_payment_id is None
    assert await stories.env.get_current_time() - before < timedelta(days=1, minutes=1)


def _order(stories: Stories) -> PurchaseOrder:
    return stories.world.order().model_copy(update={"price": USD})


async def _cancelled_two_days_ago(stories: Stories) -> tuple[PurchaseOrder, Checkout]:
    wish = _order(stories)
    purchase = await stories.opened(wish)
    assert purchase.checkout is not None
    await stories.cancel(wish)
    await stories.pass_time(timedelta(days=2))
    return wish, purchase.checkout


async def _bought(stories: Stories, street: Street) -> tuple[PurchaseOrder, str]:
    """A purchase paid at JustiFi, and its payment's id."""
    wish = _order(stories)
    purchase = await stories.opened(wish)
    assert purchase.checkout is not None
    payment_id = await street.pay(purchase.checkout)
    await stories.tell_change(wish)
    await stories.end_of(wish)
    return wish, payment_id


async def _all_is_done(stories: Stories, run: Run, street: Street, path: str) -> None:
    """The first try, whose answer nobody waited for, and the one that met it at work."""
    async with asyncio.timeout(SOON):
        while await last_failure(run) is None:
            continue
        await stories.pass_time(timedelta(seconds=1))
        while len(await street.tries(path)) < 2:
            continue
