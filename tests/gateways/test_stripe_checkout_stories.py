"""Checkouts from page to payment at the simulated Stripe."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.identifiers import new_id
from domain.money import Money
from domain.payments import CheckoutChanged, CheckoutState, DisputeOpened
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, RefusedByProvider, StoredFault
from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.gateways.simulated_stripe import SimulatedStripe
from tests.gateways.stripe_orders import (
    DISPUTED,
    GOOD,
    POOR,
    PRICE,
    PURCHASE,
    paid_with,
    pay,
    request,
)

pytestmark = pytest.mark.slow


async def test_a_purchase_is_paid_and_its_event_finds_its_way_home(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    wanted = request()
    checkout = await payments.open_checkout(wanted)
    assert checkout.expires_at == wanted.expires_at
    assert (await payments.fetch_checkout(checkout.session_id)).state is CheckoutState.OPEN
    await pay(simulated, checkout, GOOD)
    snapshot = await payments.fetch_checkout(checkout.session_id)
    assert (snapshot.state, snapshot.paid) == (CheckoutState.COMPLETE, PRICE)
    event, fact = await simulated.event("checkout.session.completed")
    assert (event.purchase_id, event.payment_id) == (PURCHASE, snapshot.payment_id)
    assert isinstance(fact, CheckoutChanged)


async def test_a_declined_card_is_told_with_its_reason_and_a_later_one_pays(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    checkout = await payments.open_checkout(request())
    await pay(simulated, checkout, POOR)
    event, fact = await simulated.event("payment_intent.payment_failed")
    assert event.purchase_id == PURCHASE
    assert isinstance(fact, CheckoutChanged)
    declined = await payments.fetch_checkout(checkout.session_id)
    assert declined.state is CheckoutState.OPEN
    assert declined.failure is not None
    assert declined.failure.code == "insufficient_funds"
    await pay(simulated, checkout, GOOD)
    paid = await payments.fetch_checkout(checkout.session_id)
    assert (paid.paid, paid.failure) == (PRICE, None)


@pytest.mark.parametrize(
    ("fate", "kind", "paid"),
    [
        ("settles_later", "checkout.session.async_payment_succeeded", PRICE),
        ("fails_later", "checkout.session.async_payment_failed", None),
    ],
)
async def test_a_delayed_payment_is_open_until_the_bank_has_spoken(
    payments: PaymentGateway, simulated: SimulatedStripe, fate: str, kind: str, paid: Money | None
) -> None:
    checkout = await payments.open_checkout(request())
    await simulated.post("pay", {"session_id": checkout.session_id, "method": fate})
    waiting = await payments.fetch_checkout(checkout.session_id)
    assert waiting.state is CheckoutState.COMPLETE
    assert (waiting.paid, waiting.failure) == (None, None)
    await simulated.post("settle")
    ended = await payments.fetch_checkout(checkout.session_id)
    assert (ended.paid, ended.failure is None) == (paid, paid is not None)
    event, fact = await simulated.event(kind)
    assert event.purchase_id == PURCHASE
    assert isinstance(fact, CheckoutChanged)


async def test_an_open_checkout_expires_when_told_and_a_paid_one_says_so(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    first = await payments.open_checkout(request())
    for key in (f"{PURCHASE}:expire-1:1", f"{PURCHASE}:expire-1:1", f"{PURCHASE}:expire-2:1"):
        ended = await payments.expire_checkout(first.session_id, key)
        assert ended.state is CheckoutState.EXPIRED
    await simulated.event("checkout.session.expired")
    second = await payments.open_checkout(request(idempotency_key=f"{PURCHASE}:checkout:2"))
    await pay(simulated, second, GOOD)
    key = f"{PURCHASE}:expire-3:1"
    assert (await payments.expire_checkout(second.session_id, key)).paid == PRICE


async def test_the_same_key_gives_the_same_checkout_and_another_request_is_refused(
    payments: PaymentGateway,
) -> None:
    wanted = request()
    first = await payments.open_checkout(wanted)
    assert await payments.open_checkout(wanted) == first
    with pytest.raises(RefusedByProvider) as refused:
        await payments.open_checkout(wanted.model_copy(update={"customer_email": None}))
    assert refused.value.code == "idempotency_error"


@pytest.mark.parametrize("kind", ["timeout_after_effect", "cut_after_effect"])
async def test_a_checkout_whose_answer_was_lost_is_found_again(
    payments: PaymentGateway, simulated: SimulatedStripe, kind: str
) -> None:
    started = datetime.now(UTC)
    await simulated.fails(kind, "/v1/checkout/sessions")
    with pytest.raises(OutcomeUnknown):
        await payments.open_checkout(request())
    found = await payments.find_checkout(PURCHASE, started)
    assert found is not None
    assert await payments.find_checkout(new_id("pur"), started) is None
    await payments.expire_checkout(found.session_id, f"{PURCHASE}:expire-1:1")
    assert await payments.find_checkout(PURCHASE, started) is None


async def test_a_cut_before_the_effect_leaves_nothing_to_find(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    await simulated.fails("cut_before", "/v1/checkout/sessions")
    with pytest.raises(OutcomeUnknown):
        await payments.open_checkout(request())
    assert await payments.find_checkout(PURCHASE, datetime.now(UTC)) is None


@pytest.mark.parametrize("kind", ["rate_limit", "unavailable"])
async def test_a_busy_stripe_names_its_wait_and_then_takes_the_same_request(
    payments: PaymentGateway, simulated: SimulatedStripe, kind: str
) -> None:
    await simulated.fails(kind, retry_after=4)
    with pytest.raises(Busy) as busy:
        await payments.open_checkout(request())
    assert busy.value.retry_after == timedelta(seconds=4)
    assert await payments.open_checkout(request())


async def test_a_server_error_is_kept_for_its_key_so_that_only_a_new_key_helps(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    wanted = request()
    await simulated.fails("server_error", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await payments.open_checkout(wanted)
    with pytest.raises(StoredFault):
        await payments.open_checkout(wanted)
    anew = wanted.model_copy(update={"idempotency_key": f"{PURCHASE}:checkout:2"})
    assert await payments.open_checkout(anew)


async def test_an_unknown_session_is_refused_by_name(payments: PaymentGateway) -> None:
    nobodys = "cs_test_of_nobody"
    for asked in (
        payments.fetch_checkout(nobodys),
        payments.expire_checkout(nobodys, f"{PURCHASE}:expire-1:1"),
    ):
        with pytest.raises(RefusedByProvider) as refused:
            await asked
        assert refused.value.code == "resource_missing"


async def test_a_key_that_stripe_does_not_know_is_for_an_operator(
    simulated: SimulatedStripe,
) -> None:
    payments = StripePayments("not_a_key", simulated.url)
    try:
        with pytest.raises(Misconfigured):
            await payments.open_checkout(request())
    finally:
        await payments.close()


async def test_a_disputed_payment_is_told_with_its_amount(
    payments: PaymentGateway, simulated: SimulatedStripe
) -> None:
    snapshot = await paid_with(payments, simulated, DISPUTED)
    event, fact = await simulated.event("charge.dispute.created")
    assert event.payment_id == snapshot.payment_id
    assert isinstance(fact, DisputeOpened)
    assert fact.amount == PRICE
