"""The wire shapes of money: payment intents, payment methods, charges, refunds, disputes."""

from simulators.stripe import records
from simulators.stripe.objects import Wire


def transaction_of(identifier: str) -> str:
    """The balance transaction of a charge, a refund or a payout."""
    return f"txn_{identifier.partition('_')[2]}"


def failure_transaction_of(refund: str) -> str:
    return f"txn_f{refund.partition('_')[2]}"


NO_ADDRESS: Wire = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


# What never differs here.
_INTENT: Wire = {
    "object": "payment_intent",
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "application": None,
    "application_fee_amount": None,
    "capture_method": "automatic_async",
    "confirmation_method": "automatic",
    "livemode": False,
    "on_behalf_of": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "processing": None,
    "review": None,
    "shipping": None,
    "transfer_data": None,
    "transfer_group": None,
}


def payment_intent(intent: records.PaymentIntent, public_url: str) -> Wire:
    return _INTENT | {
        "id": intent.id,
        "amount": intent.amount,
        "amount_received": intent.amount if intent.status == "succeeded" else 0,
        "automatic_payment_methods": _automatic(intent),
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "client_secret": intent.client_secret,
        "created": intent.created,
        "currency": intent.currency,
        "customer": intent.customer,
        "description": intent.details.description,
        "last_payment_error": _payment_error(intent),
        "latest_charge": intent.latest_charge,
        "metadata": intent.details.metadata,
        "next_action": _next_action(intent, public_url),
        "payment_method": intent.payment_method,
        "payment_method_types": intent.payment_method_types,
        "receipt_email": intent.details.receipt_email,
        "setup_future_usage": intent.details.setup_future_usage,
        "statement_descriptor": intent.details.statement_descriptor,
        "statement_descriptor_suffix": intent.details.statement_descriptor_suffix,
        "status": intent.status,
    }


def _automatic(intent: records.PaymentIntent) -> Wire | None:
    return {"enabled": True, "allow_redirects": intent.redirects} if intent.redirects else None


def _next_action(intent: records.PaymentIntent, public_url: str) -> Wire | None:
    if intent.status != "requires_action":
        return None
    if intent.session is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    url = f"{public_url}/c/pay/{intent.session}/challenge"
    return {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}}


def _payment_error(intent: records.PaymentIntent) -> Wire | None:
    error = intent.last_payment_error
    if error is None:
        return None
    wire: Wire = {"type": "card_error", "code": error.code, "message": error.message}
    wire["doc_url"] = f"https://docs.stripe.com/error-codes#{error.code.replace('_', '-')}"
    if error.decline_code:
        wire["decline_code"] = error.decline_code
    if error.charge:
        wire["charge"] = error.charge
    return wire


def payment_method(method: records.PaymentMethod) -> Wire:
    return {
        "id": method.id,
        "object": "payment_method",
        "billing_details": _billing_details(method),
        "created": method.created,
        "customer": method.customer,
        "livemode": False,
        "metadata": {},
        "type": method.type,
        method.type: _card(method) if method.type == "card" else _bank_account(method),
    }


def _card(method: records.PaymentMethod) -> Wire:
    return {
        "brand": method.brand,
        "checks": _CHECKS,
        "country": "US",
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "fingerprint": f"simulated{method.last4}",
        "funding": "credit",
        "last4": method.last4,
        "wallet": None,
    }


_CHECKS: Wire = {
    "address_line1_check": None,
    "address_postal_code_check": None,
    "cvc_check": "pass",
}


def _bank_account(method: records.PaymentMethod) -> Wire:
    if method.type == "sepa_debit":
        return {"bank_code": "37040044", "branch_code": "", "country": "DE", "last4": method.last4}
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "SIMULATED BANK",
        "last4": method.last4,
        "routing_number": "110000000",
    }


def _billing_details(method: records.PaymentMethod) -> Wire:
    return {"address": NO_ADDRESS, "email": method.email, "name": method.name, "phone": None}


# What never differs here.
_CHARGE: Wire = {
    "object": "charge",
    "application": None,
    "application_fee": None,
    "application_fee_amount": None,
    "failure_balance_transaction": None,
    "fraud_details": {},
    "livemode": False,
    "on_behalf_of": None,
    "receipt_number": None,
    "receipt_url": None,
    "review": None,
    "shipping": None,
    "source_transfer": None,
    "transfer_data": None,
    "transfer_group": None,
}


def charge(made: records.Charge, method: records.PaymentMethod) -> Wire:
    failed, succeeded = made.failure is not None, made.status == "succeeded"
    return _CHARGE | {
        "id": made.id,
        "amount": made.amount,
        "amount_captured": made.amount if succeeded else 0,
        "amount_refunded": made.amount_refunded,
        "balance_transaction": transaction_of(made.id) if succeeded else None,
        "billing_details": _billing_details(method),
        "calculated_statement_descriptor": made.details.statement_descriptor or "SIMULATED",
        "captured": succeeded,
        "created": made.created,
        "currency": made.currency,
        "customer": made.customer,
        "description": made.details.description,
        "disputed": made.disputed,
        "failure_code": made.failure.code if made.failure else None,
        "failure_message": made.failure.message if made.failure else None,
        "metadata": made.details.metadata,
        "outcome": _outcome(made),
        "paid": not failed,
        "payment_intent": made.payment_intent,
        "payment_method": made.payment_method,
        "payment_method_details": _method_details(made, method),
        "receipt_email": made.details.receipt_email,
        "refunded": made.amount_refunded >= made.amount,
        "statement_descriptor": made.details.statement_descriptor,
        "statement_descriptor_suffix": made.details.statement_descriptor_suffix,
        "status": made.status,
    }


def _outcome(made: records.Charge) -> Wire:
    if made.failure:
        return {
            "network_status": "declined_by_network",
            "reason": made.failure.decline_code or made.failure.code,
            "risk_level": "normal",
            "seller_message": "The bank did not approve the payment.",
            "type": "issuer_declined",
        }
    return {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _method_details(made: records.Charge, method: records.PaymentMethod) -> Wire:
    if method.type != "card":
        return {"type": method.type, method.type: _bank_account(method)}
    three_d_secure = {
        "authentication_flow": "challenge",
        "result": "authenticated",
        "result_reason": None,
        "version": "2.2.0",
    }
    card = _card(method) | {
        "network": method.brand,
        "three_d_secure": three_d_secure if made.authenticated else None,
    }
    return {"type": "card", "card": card}


def refund(made: records.Refund) -> Wire:
    wire: Wire = {
        "id": made.id,
        "object": "refund",
        "amount": made.amount,
        "balance_transaction": transaction_of(made.id),
        "charge": made.charge,
        "created": made.created,
        "currency": made.currency,
        "metadata": made.metadata,
        "payment_intent": made.payment_intent,
        "reason": made.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": made.status,
        "transfer_reversal": None,
    }
    if made.status == "pending":
        wire["pending_reason"] = "processing"
    if made.status == "failed":
        wire["failure_reason"] = "expired_or_canceled_card"
        wire["failure_balance_transaction"] = failure_transaction_of(made.id)
    return wire


def dispute(made: records.Dispute) -> Wire:
    week = 7 * 24 * 3600
    return {
        "id": made.id,
        "object": "dispute",
        "amount": made.amount,
        "balance_transactions": [],
        "charge": made.charge,
        "created": made.created,
        "currency": made.currency,
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": made.created + week,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "83",
        "payment_intent": made.payment_intent,
        "reason": "fraudulent",
        "status": "needs_response",
    }
