"""Disputes know the payment, not our purchase: some come before the payment is on record."""

from datetime import UTC, datetime, timedelta

from domain.events import EventOutcome
from domain.purchases import PaymentStatus, ReviewReason
from services.webhooks import PAYMENT_KNOWN_WITHIN
from tests.api.door import PRICE, Door, code_of, event_about, signature_of


def _dispute(payment_id: str, event_id: str) -> bytes:
    subject = {
        "id": "dp_1",
        "object": "dispute",
        "amount": PRICE,
        "currency": "sgd",
        "reason": "fraudulent",
        "payment_intent": payment_id,
    }
    return event_about(subject, "charge.dispute.created", event_id)


async def test_a_dispute_asks_for_a_person(door: Door) -> None:
    purchase_id = await door.paid()
    payment_id = (await door.seen(purchase_id)).provider_payment_id
    answer = await door.deliver(_dispute(str(payment_id), f"evt_dispute_{purchase_id}"))
    assert answer.status_code == 200
    await door.until(purchase_id, "needs_review", True)
    (review,) = (await door.seen(purchase_id)).reviews
    assert (review.reason, review.detail) == (
        ReviewReason.DISPUTE_OPENED,
        "dp_1: fraudulent, SGD 150.00",
    )


async def test_a_dispute_that_overtakes_its_payment_is_asked_for_again_and_then_taken(
    door: Door,
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    payment_id, event_id = door.payments.pay(purchase_id), f"evt_overtaking_{purchase_id}"
    early = await door.deliver(_dispute(payment_id, event_id))
    assert code_of(early) == (503, "unavailable")
    assert early.headers["retry-after"] == "30"

    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "payment_status", PaymentStatus.COMPLETED)
    assert (await door.deliver(_dispute(payment_id, event_id))).status_code == 200

    await door.until(purchase_id, "needs_review", True)
    taken = await door.stored(event_id)
    assert (taken.outcome, taken.deliveries) == (EventOutcome.HANDED_OVER, 2)
    assert taken.purchase_id == purchase_id


async def test_a_dispute_of_a_payment_that_never_was_ours_is_let_go_in_the_end(
    door: Door,
) -> None:
    body = _dispute("pi_of_another_shop", "evt_foreign_dispute")
    webhooks = door.app.state.services.webhooks
    (event,) = webhooks.gateways["stripe"].verify(body, {"stripe-signature": signature_of(body)})
    long_ago = datetime.now(UTC) - PAYMENT_KNOWN_WITHIN - timedelta(seconds=1)
    await webhooks.events.store("stripe", event, long_ago)

    assert (await door.deliver(body)).status_code == 200
    assert (await door.stored("evt_foreign_dispute")).outcome is EventOutcome.UNMATCHED
