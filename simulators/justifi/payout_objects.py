"""What payouts and balance transactions look like on the wire."""

from simulators.justifi import records
from simulators.justifi.errors import Wire
from simulators.justifi.objects import moment


def payout(made: records.Payout) -> Wire:
    """Its currency is in capitals, as the provider's own was seen to be."""
    return {
        "id": made.id,
        "account_id": made.account_id,
        "amount": made.amount,
        "currency": made.currency.upper(),
        "status": made.status,
        "payout_type": made.payout_type,
        "settlement_priority": "standard",
        "delivery_method": "standard",
        "description": None,
        "deposits_at": moment(made.deposits_at),
        "payments_count": made.totals.payments_count,
        "payments_total": made.totals.payments_total,
        "refunds_count": made.totals.refunds_count,
        "refunds_total": made.totals.refunds_total,
        "fees_total": made.totals.fees_total,
        "other_total": made.totals.other_total,
        "metadata": made.metadata,
        "bank_account": {
            "id": f"ba_{made.account_id[4:]}",
            "full_name": "Simulated Seller",
            "bank_name": "Simulated Bank",
            "account_number_last4": "6789",
            "routing_number": "110000000",
            "country": "CA" if made.currency == "cad" else "US",
            "currency": made.currency,
            "nickname": "Settlement",
            "account_type": "checking",
        },
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }


def balance_transaction(made: records.BalanceTransaction) -> Wire:
    return {
        "id": made.id,
        "account_id": made.account_id,
        "amount": made.amount,
        "fee": made.fee,
        "net": made.net,
        "currency": made.currency,
        "available_on": moment(made.available_on),
        "description": made.description,
        "financial_transaction_id": made.financial_transaction_id,
        "payout_id": made.payout_id,
        "source_id": made.source_id,
        "source_type": made.source_type,
        "source_payment_id": made.source_payment_id,
        "txn_type": made.txn_type,
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }


def of_payment(made: records.BalanceTransaction, balance: int) -> Wire:
    """`balance` is what the payment had left after it."""
    return {
        "id": f"pbt_{made.id[3:]}",
        "amount": made.net,
        "balance": balance,
        "currency": made.currency,
        "financial_transaction_id": made.financial_transaction_id,
        "payment_id": made.source_payment_id,
        "payment_balance_txn_type": _KINDS[made.txn_type],
        "source_id": made.source_id,
        "source_type": made.source_type,
        "created_at": moment(made.created),
        "updated_at": moment(made.updated),
    }


_KINDS = {
    "seller_payment": "payment",
    "seller_payment_refund": "refund",
    "seller_payment_void": "refund",
    "processing_fee": "payment_fee",
    "platform_fee": "payment_fee",
    "processing_fee_return": "fee_refund",
    "platform_fee_return": "fee_refund",
}
