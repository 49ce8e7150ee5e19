"""JustiFi's objects as its document has them, with what a test changes."""

from datetime import UTC, datetime

from pydantic import JsonValue

from gateways.justifi_models import Checkout, Payment, Refund

Json = dict[str, JsonValue]

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-11-21T11:00:00Z", "2026-11-21T13:00:00Z"


def checkout_wire(**changed: JsonValue) -> Json:
    return {
        "id": "cho_1",
        "payment_amount": 15000,
        "payment_currency": "USD",
        "status": "created",
        "completions": [],
        "created_at": BEFORE,
        "metadata": {"payable_until": AFTER},
        **changed,
    }


def checkout(**changed: JsonValue) -> Checkout:
    return Checkout.of(checkout_wire(**changed))


def completion(status: str, **changed: JsonValue) -> Json:
    return {"id": "chc_1", "status": status, "payment_status": status, **changed}


def payment_wire(**changed: JsonValue) -> Json:
    return {
        "id": "py_1",
        "amount": 15000,
        "currency": "usd",
        "status": "succeeded",
        "created_at": BEFORE,
        **changed,
    }


def payment(**changed: JsonValue) -> Payment:
    return Payment.of(payment_wire(**changed))


def refund_wire(**changed: JsonValue) -> Json:
    return {"id": "re_1", "payment_id": "py_1", "amount": 4000, "status": "succeeded", **changed}


def refund(**changed: JsonValue) -> Refund:
    return Refund.of(refund_wire(**changed))
