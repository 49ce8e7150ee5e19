"""What JustiFi's resources look like on the wire."""

from datetime import UTC, datetime

from simulators.justifi import records
from simulators.justifi.errors import Wire
from simulators.justifi.platform import JustifiPlatform

# What every payment has and none of the double's makes use of.
_NEVER_HERE: Wire = {
    "disputed": False,
    "disputes": [],
    "is_test": True,
    "payment_intent_id": None,
    "application_fee_rate_id": None,
    "returned": False,
    "terminal_id": None,
    "transaction_hold": None,
}


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def payment_method(method: records.PaymentMethod) -> Wire:
    """The token stands in the envelope and in the card, not at the top of `data`."""
    return {
        "signature": method.id[3:],
        "customer_id": None,
        "account_id": method.account_id,
        "status": "valid",
        "invalid_reason": None,
        "created_at": moment(method.created),
        "updated_at": moment(method.created),
        method.kind: instrument(method)
        | ({"bin_details": _bin_details(method)} if method.kind == "card" else {}),
    }


def method_of(method: records.PaymentMethod) -> Wire:
    """As payments and events have it: less than what is read by its token."""
    return {
        method.kind: instrument(method),
        "customer_id": None,
        "signature": method.id[3:],
        "account_id": method.account_id,
    }


def instrument(method: records.PaymentMethod) -> Wire:
    if method.kind == "bank_account":
        return {
            "id": method.id,
            "account_owner_name": method.name,
            "account_type": method.account_type,
            "bank_name": method.brand,
            "account_number_last4": method.last_four,
            "token": method.id,
            "metadata": method.metadata,
        }
    return {
        "id": method.id,
        "acct_last_four": method.last_four,
        "brand": method.brand,
        "digital_wallet": None,
        "name": method.name,
        "token": method.id,
        "month": method.month,
        "year": method.year,
        "metadata": method.metadata,
        "address_line1_check": "unchecked",
        "address_postal_code_check": "pass",
    }


def _bin_details(method: records.PaymentMethod) -> Wire:
    return {
        "type": "credit",
        "card_brand": method.brand,
        "card_class": "consumer",
        "country": "US",
        "issuer": "Simulated Bank",
        "funding_source": "credit",
    }


def payment(platform: JustifiPlatform, made: records.Payment, *, creating: bool = False) -> Wire:
    """The fees are worked out after the creation was answered."""
    method = platform.find(platform.methods, made.payment_method)
    return {
        "id": made.id,
        "account_id": made.account_id,
        "currency": made.currency,
        "capture_strategy": made.capture_strategy,
        "captured": made.captured,
        "status": made.status,
        "payment_mode": "ach" if made.kind == "bank_account" else "ecom",
        "payment_method": method_of(method),
        "description": made.description,
        "statement_descriptor": made.statement_descriptor,
        "metadata": made.metadata,
        "expedited": made.expedited,
        "checkout_id": made.checkout_id,
        "error_code": made.error_code,
        "error_description": made.error_description,
        "financial_transaction_id": made.financial_transaction_id,
        **_amounts(made),
        "application_fee": _application_fee(made),
        "fees": [] if creating else [_fee(fee, made.currency) for fee in made.fees],
        "refunds": [refund(platform.find(platform.refunds, one)) for one in made.refund_ids],
        **_NEVER_HERE,
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }


def _amounts(made: records.Payment) -> Wire:
    is_held = made.captured and made.status != "canceled"
    return {
        "amount": made.amount,
        "amount_disputed": 0,
        "amount_refunded": made.refunded,
        "amount_returned": 0,
        "amount_refundable": made.amount - made.refunded if is_held else 0,
        "balance": _balance(made) if is_held else 0,
        "fee_amount": sum(fee.amount for fee in made.fees) + (made.application_fee or 0),
        "refunded": made.refunded > 0,
    }


def _balance(made: records.Payment) -> int:
    kept_fees = sum(fee.remaining for fee in made.fees) + (made.application_fee or 0)
    return made.amount - made.refunded - kept_fees


def _application_fee(made: records.Payment) -> Wire | None:
    if made.application_fee is None:
        return None
    return {
        "id": f"fee_{made.id[3:]}",
        "amount": made.application_fee,
        "currency": made.currency,
        "created_at": moment(made.created),
        "updated_at": moment(made.created),
    }


def _fee(fee: records.Fee, currency: str) -> Wire:
    return {
        "id": fee.id,
        "type": fee.type,
        "amount": fee.amount,
        "currency": currency,
        "remaining_amount": fee.remaining,
        "source_configuration_id": None if fee.asked else f"fc_{fee.type}",
        "source_fee_type": None if fee.asked else fee.type,
    }


def refund(made: records.Refund) -> Wire:
    return {
        "id": made.id,
        "payment_id": made.payment_id,
        "amount": made.amount,
        "description": made.description,
        "reason": made.reason,
        "status": made.status,
        "metadata": made.metadata,
        "returned_fees": [
            {
                "id": fee.id,
                "payment_fee_id": fee.payment_fee_id,
                "type": fee.type,
                "returned_amount": fee.returned,
                "original_amount": fee.original,
                "currency": made.currency,
                "remaining_amount": fee.remaining,
            }
            for fee in made.returned_fees
        ],
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }
