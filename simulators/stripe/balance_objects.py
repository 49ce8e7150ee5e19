"""The wire shapes of money that has arrived: balance transactions, payouts, the account itself."""

from simulators.stripe import records
from simulators.stripe.objects import Wire
from simulators.stripe.payment_objects import transaction_of

CATEGORIES = {"payment": "charge"}


def balance_transaction(made: records.BalanceTransaction) -> Wire:
    """The simulator takes no fee."""
    return {
        "id": made.id,
        "object": "balance_transaction",
        "amount": made.amount,
        "available_on": made.created,
        "balance_type": "payments",
        "created": made.created,
        "currency": made.currency,
        "description": made.description,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": made.amount,
        "reporting_category": CATEGORIES.get(made.type, made.type),
        "source": made.source,
        "status": "available",
        "type": made.type,
    }


def payout(made: records.Payout) -> Wire:
    return {
        "id": made.id,
        "object": "payout",
        "amount": made.amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": made.created,
        "automatic": True,
        "balance_transaction": transaction_of(made.id),
        "created": made.created,
        "currency": made.currency,
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": None,
        "type": "bank_account",
    }


def account(identity: records.Account) -> Wire:
    return {
        "id": identity.id,
        "object": "account",
        "business_profile": {
            "mcc": None,
            "name": f"Simulated shop {identity.shown}",
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "SG",
        "default_currency": "sgd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
