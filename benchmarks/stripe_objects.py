"""Stripe's objects and events as they come over the wire, in their usual size."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping

SESSION_LIFETIME = 84_600


def session(
    number: int, amount: int, currency: str, metadata: Mapping[str, str], base: str
) -> dict[str, object]:
    """An open checkout session, as Stripe answers its creation."""
    session_id = f"cs_test_{number:056d}"
    now = int(time.time())
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": f"{base}/cancelled",
        "client_reference_id": metadata.get("purchase_id"),
        "client_secret": None,  # nosec B105 - a field of the wire
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None},
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": None,
        "customer_email": "alice@example.com",
        "expires_at": now + SESSION_LIFETIME,
        "invoice": None,
        "invoice_creation": {"enabled": False, "invoice_data": {"metadata": {}, "footer": None}},
        "livemode": False,
        "locale": None,
        "metadata": dict(metadata),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": f"{base}/paid",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": f"{base}/pay/{session_id}",
        "wallet_options": None,
    }


def paid(opened: Mapping[str, object], expanded: bool) -> dict[str, object]:
    """The same session, once its customer has paid."""
    payment_id = f"pi_{opened['id']}"
    intent = {
        "id": payment_id,
        "object": "payment_intent",
        "amount": opened["amount_total"],
        "amount_received": opened["amount_total"],
        "currency": opened["currency"],
        "last_payment_error": None,
        "metadata": opened["metadata"],
        "status": "succeeded",
    }
    return {
        **opened,
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": intent if expanded else payment_id,
        "url": None,
    }


def completed_event(number: int, subject: Mapping[str, object]) -> bytes:
    """``checkout.session.completed``; each number is an event of its own."""
    event = {
        "id": f"evt_bench{number:020d}",
        "object": "event",
        "api_version": "2025-08-27.basil",
        "created": int(time.time()),
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }
    return json.dumps(event, indent=2).encode()


def signature(body: bytes, secret: str) -> str:
    """The Stripe-Signature header."""
    at = int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
