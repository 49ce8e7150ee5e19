"""Buying a policy over HTTP on a whole installation, from the quote to the mail."""

import asyncio

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.purchase_answers import PurchaseStarted
from domain.events import EventOutcome
from domain.purchases import PaymentStatus, ReviewReason, workflow_id_of
from domain.tenants import Scope
from tests.journeys.house import House, Sold
from tests.journeys.providers import DISPUTED, NO_FUNDS
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


async def test_a_paid_quote_ends_as_a_policy_in_the_customers_mailbox(house: House) -> None:
    # Given a quote, and its checkout opened
    sold = await house.quote()
    started = await house.start(sold)
    assert (await house.purchase(started.purchase_id)).payment_status is PaymentStatus.PENDING

    # When the customer pays
    await house.providers.pay(started.session_id)

    # Then there are one charge, one policy and one message with the policy that can be downloaded
    await house.prove(started.purchase_id, sold)
    purchase = await house.purchase(started.purchase_id)
    assert purchase.policy is not None
    assert purchase.policy.document_url is not None
    document = await httpx.AsyncClient().get(purchase.policy.document_url)
    assert document.content.startswith(b"%PDF-1.7")
    timeline = (await house.http.get(f"/purchases/{started.purchase_id}/timeline")).json()
    told = [entry["what"] for entry in timeline["entries"]]
    assert told.index("paid") < told.index("policy issued") < told.index("policy delivered")


async def test_the_figures_tell_how_often_and_how_long_the_worker_tried(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    text = (await house.http.get("/metrics")).text

    families = {family.name: family for family in text_string_to_metric_families(text)}
    attempts = {
        sample.labels["activity_type"]: sample.value
        for sample in families["temporal_activity_execution_latency_seconds"].samples
        if sample.name.endswith("_count") and sample.labels["process"] == "worker"
    }
    assert attempts["open_purchase"] >= 1, started
    processes = families["paybind_process_up"].samples
    assert {each.labels["process"]: each.value for each in processes} == {"api": 1, "worker": 1}


async def test_a_declined_customer_pays_with_another_card(house: House) -> None:
    # Given a card without money on it
    sold = await house.quote()
    started = await house.start(sold)
    await house.providers.pay(started.session_id, NO_FUNDS)

    # Then the purchase has failed for now, and says why
    failed = await house.until_status(started.purchase_id, PaymentStatus.FAILED)
    assert failed.can_retry
    assert failed.failure_code == "insufficient_funds"

    # When another card is used on the same page
    await house.providers.pay(started.session_id)

    # Then it is as if the first had never been
    await house.prove(started.purchase_id, sold)
    assert not (await house.purchase(started.purchase_id)).can_retry


async def test_a_bank_debit_that_settles_later_is_a_policy_then(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    await house.providers.pay_by_bank(started.session_id, "settles_later")
    waiting = await house.processing(started.purchase_id)
    assert waiting.payment_status is PaymentStatus.PENDING
    assert await house.providers.mails_to(sold.customer) == []

    await house.providers.settle()
    await house.prove(started.purchase_id, sold)


async def test_a_bank_debit_that_fails_later_leaves_no_policy(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    await house.providers.pay_by_bank(started.session_id, "fails_later")
    await house.processing(started.purchase_id)
    await house.providers.settle()

    failed = await house.until_status(started.purchase_id, PaymentStatus.FAILED)
    assert failed.policy is None
    assert await house.providers.charges(started.purchase_id) == []
    assert (await house.mail(sold.customer, "")).attachments == []


async def test_a_cancelled_purchase_can_no_longer_be_paid(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    answer = await house.http.post(
        f"/purchases/{started.purchase_id}/cancel", json={"reason": "changed my mind"}
    )

    assert answer.json()["payment_status"] == "cancelled"
    [session] = await house.providers.sessions(started.purchase_id)
    assert session["status"] == "expired"
    # and the quote may be bought again, by a new purchase
    again = await house.start(sold)
    assert again.purchase_id != started.purchase_id


async def test_a_paid_purchase_is_not_cancelled_but_offered_a_refund(house: House) -> None:
    bought = await house.bought(await house.quote())

    answer = await house.http.post(f"/purchases/{bought.purchase_id}/cancel")

    assert answer.status_code == 409
    assert answer.json()["code"] == "already_paid"
    assert "refund" in answer.json()["suggested_action"]


async def test_an_expired_checkout_ends_the_purchase_and_frees_the_quote(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    await house.providers.expire(started.session_id)

    await house.until_status(started.purchase_id, PaymentStatus.EXPIRED)
    assert (await house.start(sold)).purchase_id != started.purchase_id


async def test_twenty_impatient_clicks_open_one_checkout(house: House) -> None:
    sold = await house.quote()

    answers = await asyncio.gather(*(house.ask_to_start(sold) for _ in range(20)))

    assert {answer.status_code for answer in answers} <= {200, 201}, [a.text for a in answers]
    started = {PurchaseStarted.model_validate_json(answer.content) for answer in answers}
    assert len(started) == 1
    assert len(await house.providers.sessions(started.pop().purchase_id)) == 1


async def test_a_repeated_request_with_its_key_gets_the_first_answer(house: House) -> None:
    sold, other = await house.quote(), await house.quote()
    key = f"start-{sold.quote_id}"

    first = await house.ask_to_start(sold, key=key)
    again = await house.ask_to_start(sold, key=key)
    misused = await house.ask_to_start(other, key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert misused.status_code == 422
    assert misused.json()["code"] == "idempotency_key_reused"


async def test_another_tenant_sees_nothing_of_a_purchase(house: House) -> None:
    # Given a purchase of the first tenant, and a key of another
    bought = await house.bought(await house.quote())
    assert bought.policy is not None
    stranger = await house.key_of("ten_other", Scope.READ, Scope.WRITE, Scope.REFUND)

    # When it looks everywhere
    number, purchase_id = bought.policy.number, bought.purchase_id
    for path in (f"/purchases/{purchase_id}", f"/policies/{number}", f"/quotes/{bought.quote_id}"):
        assert (await house.http.get(path, headers=stranger)).status_code == 404, path
    for path in ("cancel", "complete", "refund"):
        answer = await house.http.post(f"/purchases/{purchase_id}/{path}", headers=stranger)
        assert answer.status_code == 404, path
    for path in ("purchases", "policies", "refunds", "links", "webhook-events"):
        assert (await house.http.get(f"/{path}", headers=stranger)).json()["items"] == [], path


async def test_webhooks_twice_late_and_out_of_order_change_nothing(house: House) -> None:
    # Given webhooks that come twice, late, and in the wrong order
    sold = await house.quote()
    started = await house.start(sold)
    webhooks = house.providers.script
    await webhooks(
        target="webhooks", kind="duplicate", match={"event_type": "checkout.session.completed"}
    )
    await webhooks(
        target="webhooks", kind="delay", seconds=1, match={"event_type": "charge.succeeded"}
    )
    await webhooks(
        target="webhooks", kind="reorder", match={"event_type": "payment_intent.succeeded"}
    )

    await house.providers.pay(started.session_id)

    await house.prove(started.purchase_id, sold)
    await _all_told(house, started.purchase_id)
    await house.prove(started.purchase_id, sold)


async def _all_told(house: House, purchase_id: str) -> None:
    """Until no event that the purchase was told of waits to be handled."""

    async def told() -> list[dict[str, object]]:
        of_it = {"purchase_id": purchase_id, "outcome": EventOutcome.HANDED_OVER}
        items: list[dict[str, object]] = (
            await house.http.get("/webhook-events", params=of_it)
        ).json()["items"]
        return items

    await until(
        told, lambda events: len(events) > 1 and all(event["handled_at"] for event in events)
    )


async def test_a_disputed_payment_asks_for_a_person(house: House) -> None:
    sold = await house.quote()
    started = await house.start(sold)

    await house.providers.pay(started.session_id, DISPUTED)

    disputed = await house.in_review(started.purchase_id)
    assert [review.reason for review in disputed.reviews] == [ReviewReason.DISPUTE_OPENED]
    await house.prove(started.purchase_id, sold)


async def test_a_policy_that_bounces_asks_for_a_person(house: House) -> None:
    sold = await house.quote(customer="bounce")
    started = await house.start(sold)

    await house.providers.pay(started.session_id)

    bounced = await house.in_review(started.purchase_id)
    assert [review.reason for review in bounced.reviews] == [ReviewReason.EMAIL_NOT_DELIVERED]
    settled = await until(
        lambda: house.purchase(started.purchase_id), lambda seen: seen.policy_status == "issued"
    )
    assert settled.emails[0].status == "bounced"

    # When the person has seen to the customer
    resolve = f"/purchases/{started.purchase_id}/reviews/email_not_delivered/resolve"
    assert (await house.http.post(resolve)).status_code == 200
    await house.temporal.get_workflow_handle(workflow_id_of(started.purchase_id)).result()

    assert not (await house.purchase(started.purchase_id)).needs_review
    assert await house.findings(started.purchase_id) == []


async def test_an_unknown_quote_and_a_wrong_price_open_nothing(house: House) -> None:
    sold = await house.quote()

    unknown = await house.ask_to_start(Sold("quote-nobody-has", sold.customer))
    wrong = await house.ask_to_start(sold, price=1)

    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_quote")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "amount_mismatch")
