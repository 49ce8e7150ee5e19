"""Whose events are believed, and what each of them means here."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from domain.errors import Code, Invalid
from domain.identifiers import new_id
from domain.money import Money
from domain.payments import (
    CheckoutChanged,
    DisputeOpened,
    Fact,
    PaymentRefunded,
    RefundChanged,
    RefundFound,
)
from domain.payouts import PayoutReported
from gateways.justifi_webhooks import LISTENED_NAMES, PRODUCED_FACTS, JustifiWebhooks
from gateways.webhooks import SignedEvent
from tests.gateways.justifi_samples import (
    Json,
    checkout_wire,
    completion,
    payment_wire,
    refund_wire,
)

HOUR = 3600
SECRET = "sigk_of_the_tests"
OURS, PURCHASE, REFUND = new_id("evt"), new_id("pur"), new_id("ref")
VECTOR = json.loads(Path(__file__).with_name("justifi_signature_vector.json").read_text("utf-8"))
PAID = payment_wire(metadata={"purchase_id": PURCHASE})
ASKED: Json = {"purchase_id": PURCHASE, "refund_id": REFUND}
DISPUTE: Json = {
    "id": "dp_1",
    "payment_id": "py_1",
    "amount": 15000,
    "currency": "usd",
    "reason": "fraudulent",
}


def event(name: str, data: JsonValue, **changed: JsonValue) -> Json:
    return {
        "id": "evt_1",
        "event_name": name,
        "version": "v1",
        "account_id": "acc_1",
        "account_type": "test",
        "data": data,
        **changed,
    }


def signed(body: bytes, timestamp: str | None = None) -> dict[str, str]:
    at = timestamp or str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    return {"Justifi-Signature": signature, "Justifi-Timestamp": at}


def verified(sent: Json) -> SignedEvent:
    body = json.dumps(sent).encode()
    (received,) = JustifiWebhooks(SECRET).verify(body, signed(body))
    return received


def fact_of(name: str, data: JsonValue) -> Fact | None:
    return JustifiWebhooks(SECRET).translate(verified(event(name, data)), OURS)


def refused(body: bytes, headers: dict[str, str]) -> Code:
    with pytest.raises(Invalid) as refusal:
        JustifiWebhooks(SECRET).verify(body, headers)
    return refusal.value.code


def test_a_signed_event_carries_its_raw_body_and_the_ids_it_was_given() -> None:
    sent = event("payment.refunded", refund_wire(metadata=ASKED), account_type="live")
    assert verified(sent) == SignedEvent(
        provider_event_id="evt_1",
        type="payment.refunded",
        livemode=True,
        payload=json.dumps(sent),
        purchase_id=PURCHASE,
        refund_id=REFUND,
        payment_id="py_1",
    )


@pytest.mark.parametrize(
    ("name", "data", "payment_id"),
    [
        ("payment.failed", payment_wire(id="py_9"), "py_9"),
        ("checkout.completed", checkout_wire(successful_payment_id="py_9"), "py_9"),
        ("checkout.completion.succeeded", completion("succeeded", payment_id="py_9"), "py_9"),
        ("checkout.completion.failed", completion("failed", payment_id=None), None),
        ("payment.refunded", refund_wire(payment_id="py_9"), "py_9"),
        ("payment.dispute.created", {**DISPUTE, "payment_id": "py_9"}, "py_9"),
    ],
)
def test_the_payment_is_found_in_whatever_object_speaks_of_it(
    name: str, data: Json, payment_id: str | None
) -> None:
    assert verified(event(name, data)).payment_id == payment_id


@pytest.mark.parametrize(
    ("metadata", "purchase_id"),
    [
        ({"purchase_id": PURCHASE}, PURCHASE),
        ({"purchase_id": "PO-7"}, None),
        ({"purchase_id": {"of": "another system"}}, None),
        (None, None),
    ],
    ids=["ours", "a word of theirs", "an object of theirs", "none"],
)
def test_only_ids_of_ours_are_taken_from_the_metadata(
    metadata: JsonValue, purchase_id: str | None
) -> None:
    paid: Json = {"data": payment_wire(metadata=metadata)}
    for data in (payment_wire(metadata=metadata), completion("succeeded", payment_response=paid)):
        assert verified(event("payment.succeeded", data)).purchase_id == purchase_id


@pytest.mark.parametrize("name", [each for each in LISTENED_NAMES if "efund" not in each])
def test_news_of_a_checkout_or_its_payment_say_go_and_read(name: str) -> None:
    if name.startswith(("payment.dispute", "payout.")):
        return
    assert fact_of(name, PAID) == CheckoutChanged(event_id=OURS)


@pytest.mark.parametrize("name", ["payment.refunded", "payment.refund.updated"])
def test_a_refund_is_ours_or_was_made_elsewhere(name: str) -> None:
    changed = RefundChanged(event_id=OURS, provider_refund_id="re_1")
    assert fact_of(name, refund_wire(metadata=ASKED)) == changed
    found = RefundFound(event_id=OURS, provider_refund_id="re_1")
    assert fact_of(name, refund_wire(metadata=None)) == found


def test_where_the_payment_is_told_instead_its_newest_refund_is_meant() -> None:
    older = refund_wire(id="re_0", created_at="2026-11-01T00:00:00Z")
    newest = refund_wire(id="re_2", created_at="2026-11-02T00:00:00Z", metadata=ASKED)
    for refunds in ([older, newest], [newest, older]):
        told = payment_wire(refunds=[*refunds, "odd"], metadata={"purchase_id": PURCHASE})
        expected = RefundChanged(event_id=OURS, provider_refund_id="re_2")
        assert fact_of("payment.refunded", told) == expected


@pytest.mark.parametrize("refunds", [None, [], ["odd"]])
def test_where_the_payment_tells_no_refunds_it_is_to_be_read(refunds: JsonValue) -> None:
    told = payment_wire(refunds=refunds, metadata={"purchase_id": PURCHASE})
    expected = PaymentRefunded(event_id=OURS, payment_id="py_1")
    assert fact_of("payment.refunded", told) == expected
    assert verified(event("payment.refunded", told)).purchase_id == PURCHASE


def test_a_dispute_tells_its_amount_and_reason() -> None:
    amount = Money(minor=15000, currency="USD")
    expected = DisputeOpened(event_id=OURS, dispute_id="dp_1", reason="fraudulent", amount=amount)
    assert fact_of("payment.dispute.created", DISPUTE) == expected
    untold = fact_of("payment.dispute.created", {**DISPUTE, "reason": None})
    assert untold == expected.model_copy(update={"reason": "general"})


@pytest.mark.parametrize(
    "name",
    [
        "payout.bank_account.activated",
        "payment.created",
        "sub_account.updated",
        "invented.tomorrow",
    ],
)
def test_what_nobody_here_listens_to_is_no_fact(name: str) -> None:
    assert fact_of(name, {"id": "po_1"}) is None


@pytest.mark.parametrize("name", ["payout.created", "payout.paid", "payout.failed"])
def test_news_of_a_payout_tell_which_one_and_no_more(name: str) -> None:
    expected = PayoutReported(event_id=OURS, provider_payout_id="po_1")
    assert fact_of(name, {"id": "po_1", "status": "paid"}) == expected


def test_every_fact_that_is_promised_is_produced() -> None:
    samples: tuple[tuple[str, Json], ...] = (
        ("payment.succeeded", PAID),
        ("payment.refunded", refund_wire(metadata=ASKED)),
        ("payment.refunded", refund_wire()),
        ("payment.refunded", payment_wire(refunds=[])),
        ("payment.dispute.created", DISPUTE),
        ("payout.paid", {"id": "po_1"}),
    )
    assert {type(fact_of(name, data)) for name, data in samples} == PRODUCED_FACTS


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("payment.refunded", {"metadata": None}),
        ("payment.dispute.created", {**DISPUTE, "id": ""}),
        ("payout.failed", {"status": "failed"}),
        ("payment.dispute.created", {**DISPUTE, "amount": "15000"}),
        ("payment.dispute.created", {**DISPUTE, "currency": "eur"}),
    ],
)
def test_an_event_that_lacks_what_it_is_about_is_malformed(name: str, data: Json) -> None:
    with pytest.raises(Invalid) as refusal:
        fact_of(name, data)
    assert refusal.value.code is Code.MALFORMED_EVENT


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xff", Code.NOT_UTF8),
        (b"{", Code.MALFORMED_BODY),
        (b"[" * 100_000, Code.MALFORMED_BODY),
        (b"[]", Code.MALFORMED_EVENT),
        (json.dumps(event("", PAID)).encode(), Code.MALFORMED_EVENT),
        (json.dumps(event("payment.succeeded", {})).encode(), Code.MALFORMED_EVENT),
        (json.dumps(event("payment.succeeded", PAID, id=7)).encode(), Code.MALFORMED_EVENT),
    ],
)
def test_what_was_signed_but_is_no_event_is_refused(body: bytes, code: Code) -> None:
    assert refused(body, signed(body)) is code


def test_the_published_vector_holds_and_is_too_old() -> None:
    body = json.dumps(VECTOR["event"], separators=(",", ":")).encode()
    headers = {
        "JUSTIFI-SIGNATURE": VECTOR["signature"],
        "JUSTIFI-TIMESTAMP": VECTOR["timestamp"],
    }
    with pytest.raises(Invalid) as refusal:
        JustifiWebhooks(VECTOR["secret"]).verify(body, headers)
    assert refusal.value.code is Code.SIGNATURE_TOO_OLD
    assert refused(body, headers) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize("written", ["seconds", "iso", "without an offset"])
@pytest.mark.parametrize(
    ("age", "code"),
    [
        (24 * HOUR, None),
        (25 * HOUR - 10, None),
        (25 * HOUR + 10, Code.SIGNATURE_TOO_OLD),
        (-290, None),
        (-310, Code.INVALID_SIGNATURE),
    ],
)
def test_an_event_is_believed_for_as_long_as_justifi_repeats_it(
    written: str, age: int, code: Code | None
) -> None:
    at = datetime.now(UTC) - timedelta(seconds=age)
    texts = {
        "seconds": str(int(at.timestamp())),
        "iso": at.isoformat().replace("+00:00", "Z"),
        "without an offset": at.replace(tzinfo=None).isoformat(),
    }
    body = json.dumps(event("payment.succeeded", PAID)).encode()
    headers = signed(body, texts[written])
    if code is None:
        assert len(JustifiWebhooks(SECRET).verify(body, headers)) == 1
    else:
        assert refused(body, headers) is code


@pytest.mark.parametrize("timestamp", ["once upon a time", "9" * 30, "²"])
def test_a_timestamp_that_is_no_moment_has_no_age(timestamp: str) -> None:
    body = json.dumps(event("payment.succeeded", PAID)).encode()
    headers = {**signed(body, timestamp)}
    assert len(JustifiWebhooks(SECRET).verify(body, headers)) == 1


@pytest.mark.parametrize("secret", ["", " ", " , "])
def test_without_a_secret_there_is_nothing_to_verify_by(secret: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        JustifiWebhooks(secret)
