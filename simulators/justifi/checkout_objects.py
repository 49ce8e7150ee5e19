"""What checkouts, their completions and their refunds look like on the wire."""

from simulators.justifi import objects, records
from simulators.justifi.errors import Wire
from simulators.justifi.lists import envelope
from simulators.justifi.objects import moment
from simulators.justifi.platform import JustifiPlatform


def checkout(platform: JustifiPlatform, made: records.Checkout) -> Wire:
    """The currency is in capitals here, as nowhere else but in payouts."""
    return {
        "id": made.id,
        "account_id": made.account_id,
        "platform_account_id": platform.identity.id,
        "payment_intent_id": None,
        "payment_amount": made.amount,
        "payment_currency": made.currency.upper(),
        "payment_description": made.description,
        "payment_methods": [],
        "payment_method_group_id": made.group_id,
        "status": made.status,
        "mode": "test",
        "successful_payment_id": made.successful_payment_id,
        "statement_descriptor": made.statement_descriptor,
        "metadata": made.metadata,
        "application_fees": {
            kind: {"amount": amount} for kind, amount in made.application_fees.items()
        },
        "payment_settings": {
            "ach_payments": True,
            "bnpl_payments": False,
            "credit_card_payments": True,
            "insurance_payments": False,
            "bank_account_verification": False,
        },
        "payment": _payment_wish(made.payment or records.PaymentWish()),
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
        "completions": [completion(platform, made, one) for one in made.completions],
    }


def _payment_wish(wish: records.PaymentWish) -> Wire:
    fees = [{"type": fee.type, "amount": fee.amount} for fee in wish.fees or ()]
    return {
        "description": wish.description,
        "metadata": wish.metadata,
        "expedited": wish.expedited,
        "fees": fees,
    }


def completion(platform: JustifiPlatform, of: records.Checkout, made: records.Completion) -> Wire:
    paid = made.status == "succeeded"
    payment = platform.payments.get(made.payment_id or "")
    response = objects.payment(platform, payment) if payment and paid else None
    return {
        "id": made.id,
        "payment_mode": made.mode,
        "payment_token": made.token,
        "status": made.status,
        "payment_status": made.payment_status,
        "payment_error_code": made.error_code,
        "payment_error_description": made.error_description,
        "payment_response": response and envelope(made.payment_id, "payment", response, None),
        "checkout_id": of.id,
        "additional_transactions": [],
        "payment_id": made.payment_id if paid else None,
        "payment_method_id": made.token if paid else None,
        "terminal_id": None,
        "created_at": moment(made.created),
        "updated_at": moment(made.created),
    }


def checkout_refund(of: records.Checkout, made: records.Refund) -> Wire:
    return {
        "id": f"chr_{made.id[3:]}",
        "checkout_id": of.id,
        "status": "succeeded",
        "refund_response": None,
        "refund_amount": made.amount,
        "returned_fees": [{"type": fee.type, "amount": fee.returned} for fee in made.returned_fees],
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }
