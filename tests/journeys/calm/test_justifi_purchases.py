"""Purchases on JustiFi: alone, as Stripe's backup, and with Stripe as theirs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from composition import open_verification
from domain.purchases import PaymentStatus
from domain.refunds import RefundStatus
from tests.journeys.house import House
from tests.journeys.providers import NO_FUNDS
from tests.journeys.rivals import Rivals, rivals
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Rivals]:
    async with rivals(house) as opened:
        yield opened


async def test_a_purchase_is_paid_delivered_and_partly_refunded_at_justifi(shop: Rivals) -> None:
    started = await shop.start(shop.justifi.integration_id)
    assert started.session_id in started.checkout_url
    await shop.pay_at_justifi(started.session_id, NO_FUNDS)
    declined = await shop.house.until_status(started.purchase_id, PaymentStatus.FAILED)
    assert declined.can_retry
    await shop.pay_at_justifi(started.session_id)
    purchase = await shop.house.delivered(started.purchase_id)
    assert (purchase.provider, purchase.livemode) == ("justifi", False)

    path = f"/purchases/{started.purchase_id}/refund"
    asked = await shop.house.http.post(path, json={"amount": 5000})
    await shop.house.until_refund(asked.json()["refund_id"], RefundStatus.SUCCEEDED)
    (payment,) = await shop.justifi.payments()
    assert (payment.status, payment.amount_refunded) == ("partially_refunded", 5000)

    async with open_verification(shop.house.running.settings) as verification:
        verdict = await verification.verify(under_way=timedelta())
    assert [each for each in verdict.findings if started.purchase_id in each.purchase_ids] == []


async def test_money_that_comes_to_a_cancelled_checkout_goes_back_by_itself(shop: Rivals) -> None:
    """JustiFi cannot close a checkout: whoever still pays it gets it all back."""
    started = await shop.start(shop.justifi.integration_id)
    path = f"/purchases/{started.purchase_id}/cancel"
    cancelled = await shop.house.http.post(path, json={})
    assert cancelled.status_code == 200, cancelled.text
    await shop.pay_at_justifi(started.session_id)

    async def returned() -> list[str]:
        return [each.status for each in await shop.justifi.payments()]

    await until(returned, lambda statuses: statuses == ["fully_refunded"])
    purchase = await shop.house.purchase(started.purchase_id)
    assert purchase.payment_status is PaymentStatus.CANCELLED


async def test_stripe_is_backed_up_by_justifi(shop: Rivals) -> None:
    await shop.prefer(shop.stripe.integration_id, shop.justifi.integration_id)
    await shop.pause(shop.stripe.integration_id)
    started = await shop.start()
    await shop.pay_at_justifi(started.session_id)
    purchase = await shop.house.delivered(started.purchase_id)
    assert purchase.route is not None
    assert purchase.route.because.startswith("backup of Stripe: ")
    assert (await shop.stripe.paid(), await shop.justifi.paid()) == ([], [started.purchase_id])


async def test_justifi_is_backed_up_by_stripe(shop: Rivals) -> None:
    await shop.prefer(shop.justifi.integration_id, shop.stripe.integration_id)
    await shop.pause(shop.justifi.integration_id)
    started = await shop.start()
    await shop.house.providers.pay(started.session_id)
    purchase = await shop.house.delivered(started.purchase_id)
    assert purchase.route is not None
    assert purchase.route.because.startswith("backup of JustiFi: ")
    assert (await shop.stripe.paid(), await shop.justifi.paid()) == ([started.purchase_id], [])
