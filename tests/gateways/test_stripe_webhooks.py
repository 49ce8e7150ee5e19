"""Whose events are believed, and what each of them means here."""

import json
import re
import time
from pathlib import Path

import pytest
import stripe
from pydantic import JsonValue

from domain.errors import Code, Invalid
from domain.identifiers import new_id
from domain.money import Money
from domain.payments import CheckoutChanged, DisputeOpened, Fact, RefundChanged, RefundFound
from gateways.stripe_webhooks import LISTENED_TYPES, PRODUCED_FACTS, StripeWebhooks
from gateways.webhooks import SignedEvent
from tests.conformance.stripe_contract import problems_in_event
from tests.conformance.stripe_samples import dispute, event, payment, refund, session

SECRET = "whsec_of_the_tests"
OURS = new_id("evt")
PURCHASE = new_id("pur")
REFUND = new_id("ref")
BODY = json.dumps(event("checkout.session.completed", session())).encode()


def signed(body: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    text = body.decode("utf-8", errors="replace")
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(text, secret, at)}


def verified(sent: JsonValue) -> SignedEvent:
    assert problems_in_event(sent) == []
    body = json.dumps(sent).encode()
    (received,) = StripeWebhooks(SECRET).verify(body, signed(body))
    return received


def fact_of(kind: str, subject: JsonValue) -> Fact | None:
    return StripeWebhooks(SECRET).translate(verified(event(kind, subject)), OURS)


def refused(body: bytes, headers: dict[str, str]) -> Code:
    with pytest.raises(Invalid) as refusal:
        StripeWebhooks(SECRET).verify(body, headers)
    return refusal.value.code


def test_a_signed_event_carries_its_raw_body_and_the_ids_it_was_given() -> None:
    metadata: JsonValue = {"purchase_id": PURCHASE, "refund_id": REFUND}
    sent = event("refund.updated", refund(metadata=metadata), livemode=True)
    received = verified(sent)
    assert received == SignedEvent(
        provider_event_id="evt_1",
        type="refund.updated",
        livemode=True,
        payload=json.dumps(sent),
        purchase_id=PURCHASE,
        refund_id=REFUND,
        payment_id="pi_1",
    )


@pytest.mark.parametrize(
    ("kind", "subject", "payment_id"),
    [
        ("payment_intent.payment_failed", payment(id="pi_9"), "pi_9"),
        ("checkout.session.completed", session(payment_intent="pi_9"), "pi_9"),
        ("checkout.session.completed", session(payment_intent=payment(id="pi_9")), "pi_9"),
        ("checkout.session.expired", session(), None),
        ("charge.dispute.created", dispute(payment_intent="pi_9"), "pi_9"),
    ],
)
def test_the_payment_is_found_in_whatever_object_speaks_of_it(
    kind: str, subject: JsonValue, payment_id: str | None
) -> None:
    assert verified(event(kind, subject)).payment_id == payment_id


def test_ids_that_another_system_wrote_into_metadata_are_not_taken_for_ours() -> None:
    metadata: JsonValue = {"purchase_id": "4711", "refund_id": "r-1"}
    received = verified(event("refund.created", refund(metadata=metadata)))
    assert received.purchase_id is None
    assert received.refund_id is None


def test_a_header_is_found_whatever_its_case() -> None:
    (header,) = signed(BODY).values()
    for name in ("stripe-signature", "Stripe-Signature", "STRIPE-SIGNATURE"):
        assert StripeWebhooks(SECRET).verify(BODY, {"host": "here", name: header})


@pytest.mark.parametrize(
    "header",
    ["rubbish", "t=1", "t=soon,v1=00", "t=NOW,v1=ÿÿ", "t=9999999999,v0=00"],
)
def test_an_event_without_a_readable_signature_is_refused(header: str) -> None:
    header = header.replace("NOW", str(int(time.time())))
    assert refused(BODY, {"stripe-signature": header}) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize("headers", [{}, {"stripe-signature": ""}])
def test_an_event_without_a_signature_is_told_so(headers: dict[str, str]) -> None:
    assert refused(BODY, headers) is Code.SIGNATURE_MISSING


def test_an_event_signed_with_another_secret_is_refused() -> None:
    assert refused(BODY, signed(BODY, "whsec_of_someone")) is Code.INVALID_SIGNATURE


def test_an_event_changed_after_it_was_signed_is_refused() -> None:
    assert refused(BODY.replace(b"cs_test_1", b"cs_test_2"), signed(BODY)) is Code.INVALID_SIGNATURE


def test_an_event_older_than_five_minutes_is_refused() -> None:
    assert refused(BODY, signed(BODY, age=310)) is Code.SIGNATURE_TOO_OLD
    assert StripeWebhooks(SECRET).verify(BODY, signed(BODY, age=280))


def test_an_event_from_a_clock_ahead_of_ours_is_taken() -> None:
    assert StripeWebhooks(SECRET).verify(BODY, signed(BODY, age=-3600))


def test_old_and_new_secret_both_hold_while_one_replaces_the_other() -> None:
    webhooks = StripeWebhooks(f"whsec_new, {SECRET},")
    assert webhooks.verify(BODY, signed(BODY, "whsec_new"))
    assert webhooks.verify(BODY, signed(BODY, SECRET))
    with pytest.raises(Invalid):
        webhooks.verify(BODY, signed(BODY, f"whsec_new, {SECRET},"))


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_there_are_no_webhooks_without_a_secret(secret: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        StripeWebhooks(secret)


def test_an_old_event_of_someone_else_is_not_told_that_it_is_old() -> None:
    assert refused(BODY, signed(BODY, "whsec_of_someone", age=310)) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize("body", [b"", b"not json", b"[" * 100_000])
def test_a_signed_body_that_is_no_json_is_refused(body: bytes) -> None:
    assert refused(body, signed(body)) is Code.MALFORMED_BODY


def test_a_body_that_is_not_utf_8_is_refused() -> None:
    assert refused(b"\xff\xfe", signed(b"\xff\xfe")) is Code.NOT_UTF8


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        b'{"id": "evt_1", "type": "refund.created"}',
        b'{"id": "evt_1", "type": "refund.created", "data": {"object": []}}',
        b'{"id": 1, "type": "refund.created", "data": {"object": {"id": "re_1"}}}',
        b'{"id": "evt_1", "type": null, "data": {"object": {"id": "re_1"}}}',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_as_malformed(body: bytes) -> None:
    assert refused(body, signed(body)) is Code.MALFORMED_EVENT


@pytest.mark.parametrize(
    "kind",
    [
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    ],
)
def test_news_of_a_session_means_that_the_checkout_changed(kind: str) -> None:
    assert fact_of(kind, session()) == CheckoutChanged(event_id=OURS)


def test_a_declined_payment_means_that_the_checkout_changed() -> None:
    declined = payment(metadata={"purchase_id": PURCHASE})
    assert fact_of("payment_intent.payment_failed", declined) == CheckoutChanged(event_id=OURS)


@pytest.mark.parametrize(
    "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
def test_news_of_a_refund_tells_ours_from_one_made_elsewhere(kind: str) -> None:
    ours = refund(metadata={"refund_id": REFUND})
    assert fact_of(kind, ours) == RefundChanged(event_id=OURS, provider_refund_id="re_1")
    assert fact_of(kind, refund()) == RefundFound(event_id=OURS, provider_refund_id="re_1")


def test_a_dispute_is_told_with_its_amount_and_reason() -> None:
    assert fact_of("charge.dispute.created", dispute(amount=500, currency="jpy")) == DisputeOpened(
        event_id=OURS,
        dispute_id="dp_1",
        reason="fraudulent",
        amount=Money(minor=500, currency="JPY"),
    )


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "charge.dispute.closed"])
def test_an_event_that_nobody_listens_to_is_signed_but_means_nothing(kind: str) -> None:
    assert fact_of(kind, payment()) is None


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("refund.created", {"object": "refund"}),
        ("charge.dispute.created", {"object": "dispute", "currency": "sgd", "amount": 5}),
        ("charge.dispute.created", {"id": "dp_1", "currency": "sgd", "amount": "5"}),
        ("charge.dispute.created", {"id": "dp_1", "currency": "usdc", "amount": 5}),
    ],
)
def test_a_listened_event_that_lacks_what_matters_is_malformed(
    kind: str, subject: JsonValue
) -> None:
    body = json.dumps(event(kind, subject)).encode()
    (received,) = StripeWebhooks(SECRET).verify(body, signed(body))
    with pytest.raises(Invalid) as refusal:
        StripeWebhooks(SECRET).translate(received, OURS)
    assert refusal.value.code is Code.MALFORMED_EVENT


def test_the_listened_types_are_stripes_own_and_give_exactly_the_facts_named() -> None:
    subjects = {"checkout": session(), "refund": refund(), "charge": dispute()}
    facts = {type(fact_of("refund.created", refund(metadata={"refund_id": REFUND})))}
    for kind in LISTENED_TYPES:
        subject = subjects.get(kind.split(".")[0], payment())
        facts.add(type(fact_of(kind, refund() if "refund" in kind else subject)))
    assert facts == PRODUCED_FACTS


def test_the_readme_says_to_tick_exactly_the_types_that_are_listened_to() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    listed = readme.partition("types at Stripe:")[2].partition("Others")[0]

    assert set(re.findall(r"`([a-z_.]+)`", listed)) == set(LISTENED_TYPES)
