"""Answers and events of Stripe, complete in what its SDK requires, to start samples from."""

from pydantic import JsonValue

Json = dict[str, JsonValue]


def refund(**changed: JsonValue) -> Json:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 5000,
        "balance_transaction": None,
        "charge": "ch_1",
        "created": 1795000000,
        "currency": "sgd",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "requested_by_customer",
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **changed,
    }


def session(**changed: JsonValue) -> Json:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "amount_total": 15000,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": "https://insurer.example/cancel",
        "client_reference_id": None,
        "created": 1795000000,
        "currency": "sgd",
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "expires_at": 1795003600,
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "success_url": "https://insurer.example/done",
        "url": "https://checkout.stripe.example/c/pay/cs_test_1",
        **changed,
    }


def payment(**changed: JsonValue) -> Json:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 15000,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": 1795000000,
        "currency": "sgd",
        "livemode": False,
        "metadata": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **changed,
    }


def charge(**changed: JsonValue) -> Json:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 15000,
        "amount_captured": 15000,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": True,
        "created": 1795000000,
        "currency": "sgd",
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "refunded": False,
        "status": "succeeded",
        **changed,
    }


def dispute(**changed: JsonValue) -> Json:
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 15000,
        "balance_transactions": [],
        "charge": "ch_1",
        "created": 1795000000,
        "currency": "sgd",
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": 1796000000,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": "needs_response",
        **changed,
    }


def customer(**changed: JsonValue) -> Json:
    return {
        "id": "cus_1",
        "object": "customer",
        "created": 1795000000,
        "livemode": False,
        **changed,
    }


def payment_method(**changed: JsonValue) -> Json:
    return {
        "id": "pm_1",
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "created": 1795000000,
        "customer": "cus_1",
        "livemode": False,
        "type": "card",
        **changed,
    }


def balance(**changed: JsonValue) -> Json:
    return {"object": "balance", "available": [], "pending": [], "livemode": False, **changed}


def transaction(**changed: JsonValue) -> Json:
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 15000,
        "available_on": 1795200000,
        "balance_type": "payments",
        "created": 1795000000,
        "currency": "sgd",
        "fee": 560,
        "fee_details": [],
        "net": 14440,
        "reporting_category": "charge",
        "source": "ch_1",
        "status": "pending",
        "type": "charge",
        **changed,
    }


def payout(**changed: JsonValue) -> Json:
    return {
        "id": "po_1",
        "object": "payout",
        "amount": 14440,
        "arrival_date": 1795200000,
        "automatic": True,
        "created": 1795000000,
        "currency": "sgd",
        "livemode": False,
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "status": "in_transit",
        "type": "bank_account",
        **changed,
    }


def event(kind: str, subject: JsonValue, **changed: JsonValue) -> Json:
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1795000000,
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        **changed,
    }


def page(path: str, *items: JsonValue, has_more: bool = False) -> Json:
    return {"object": "list", "url": path, "has_more": has_more, "data": list(items)}


def error(code: str | None, kind: str = "invalid_request_error", **more: JsonValue) -> Json:
    body: Json = {"type": kind, "message": "No such thing as jane@customer.example", **more}
    return {"error": body if code is None else {**body, "code": code}}
