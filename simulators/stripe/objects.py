"""The wire shapes of API version 2026-10-28.endive, made from the account's records."""

import json

from simulators.stripe import records

Wire = dict[str, object]

API_VERSION = "2026-10-28.endive"


# What never differs here.
_SESSION: Wire = {
    "object": "checkout.session",
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "allow_promotion_codes": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "client_secret": None,  # nosec B105
    "consent": None,
    "consent_collection": None,
    "custom_fields": [],
    "discounts": [],
    "invoice": None,
    "livemode": False,
    "mode": "payment",
    "payment_link": None,
    "payment_method_collection": "if_required",
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "subscription": None,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
}


def checkout_session(session: records.CheckoutSession, public_url: str) -> Wire:
    total = session.amount_total
    submit = {"message": session.submit_text} if session.submit_text else None
    return _SESSION | {
        "id": session.id,
        "allowed_payment_method_types": session.allowed_payment_method_types,
        "amount_subtotal": total,
        "amount_total": total,
        "billing_address_collection": session.billing_address_collection,
        "cancel_url": session.cancel_url,
        "client_reference_id": session.client_reference_id,
        "created": session.created,
        "currency": session.currency,
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": submit,
            "terms_of_service_acceptance": None,
        },
        "customer": session.customer,
        "customer_creation": None if session.customer else "if_required",
        "customer_details": _payer(session),
        "customer_email": session.customer_email,
        "expires_at": session.expires_at,
        "locale": session.locale,
        "metadata": session.metadata,
        "payment_intent": session.payment_intent,
        "payment_method_types": session.payment_method_types,
        "payment_status": session.payment_status,
        "status": session.status,
        "submit_type": session.submit_type,
        "success_url": session.success_url,
        "url": f"{public_url}/c/pay/{session.id}" if session.status == "open" else None,
    }


def _payer(session: records.CheckoutSession) -> Wire | None:
    email = session.payer_email or session.customer_email
    if not email and not session.payer_name:
        return None
    return {
        "address": None,
        "email": email,
        "name": session.payer_name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def line_item(item: records.LineItem, session: records.CheckoutSession) -> Wire:
    price: Wire = {
        "id": item.price,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": session.created,
        "currency": session.currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": item.product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": item.unit_amount,
        "unit_amount_decimal": str(item.unit_amount),
    }
    return {
        "id": item.id,
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": item.total,
        "amount_tax": 0,
        "amount_total": item.total,
        "currency": session.currency,
        "description": item.name,
        "price": price,
        "quantity": item.quantity,
    }


def customer(made: records.Customer) -> Wire:
    return {
        "id": made.id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": made.created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": made.description,
        "email": made.email,
        "invoice_prefix": made.id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": made.default_payment_method,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": made.metadata,
        "name": made.name,
        "phone": made.phone,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def webhook_endpoint(made: records.WebhookEndpoint, *, with_secret: bool) -> Wire:
    wire: Wire = {
        "id": made.id,
        "object": "webhook_endpoint",
        "api_version": made.api_version,
        "application": None,
        "created": made.created,
        "description": made.description,
        "enabled_events": made.enabled_events,
        "livemode": False,
        "metadata": made.metadata,
        "status": "enabled",
        "url": made.url,
    }
    return wire | {"secret": made.secret} if with_secret else wire


def event(made: records.Event, pending_webhooks: int) -> Wire:
    return {
        "id": made.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": made.created,
        "data": json.loads(made.data),
        "livemode": False,
        "pending_webhooks": pending_webhooks,
        "request": {"id": made.request_id, "idempotency_key": made.idempotency_key},
        "type": made.type,
    }
