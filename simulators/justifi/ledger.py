"""Balance transactions: each movement of a sub account's money; only a payout marks them."""

from dataclasses import replace

from simulators.identifiers import new_id
from simulators.justifi import records
from simulators.justifi.payout_days import next_batch
from simulators.justifi.platform import JustifiPlatform

# What stands in the timetable for the next making of payouts.
BATCH = "batch"


def book_payment(platform: JustifiPlatform, payment: records.Payment) -> None:
    _book(
        platform,
        payment,
        "seller_payment",
        payment.amount,
        ("Payment", payment.id),
        fee=payment.application_fee or 0,
    )
    for fee in payment.fees:
        _book(platform, payment, fee.type, -fee.amount, ("Fee", fee.id))


def book_refund(
    platform: JustifiPlatform, payment: records.Payment, refund: records.Refund
) -> None:
    source = ("Refund", refund.id)
    _book(platform, payment, "seller_payment_refund", -refund.amount, source)
    for fee in refund.returned_fees:
        _book(platform, payment, f"{fee.type}_return", fee.returned, ("Fee", fee.payment_fee_id))


def book_void(platform: JustifiPlatform, payment: records.Payment) -> None:
    """A void gives every fee back."""
    _book(
        platform,
        payment,
        "seller_payment_void",
        -payment.amount,
        ("Payment", payment.id),
        fee=-(payment.application_fee or 0),
    )
    for fee in payment.fees:
        _book(platform, payment, f"{fee.type}_return", fee.amount, ("Fee", fee.id))


def book_payout(platform: JustifiPlatform, payout: records.Payout) -> None:
    """It leaves with the payout itself: all that names one payout adds up to nothing."""
    _keep(
        platform,
        replace(
            _of_payout(platform, payout, -payout.amount), payout_id=payout.id, txn_type="payout"
        ),
    )


def book_return(platform: JustifiPlatform, payout: records.Payout) -> None:
    """The money of a payout that did not arrive is there again, for a later one."""
    returned = _of_payout(platform, payout, payout.amount)
    _keep(platform, replace(returned, description=f"Payout {payout.id} {payout.status}"))


def _of_payout(
    platform: JustifiPlatform, payout: records.Payout, amount: int
) -> records.BalanceTransaction:
    now = platform.now()
    return records.BalanceTransaction(
        id=new_id("bt_", 22),
        account_id=payout.account_id,
        created=now,
        updated=now,
        available_on=next_batch(now),
        amount=amount,
        fee=0,
        currency=payout.currency,
        txn_type="transfer",
        source_id=payout.id,
        source_type="Payout",
        payout_type=payout.payout_type,
        financial_transaction_id=new_id("ft_", 22),
    )


def _keep(platform: JustifiPlatform, transaction: records.BalanceTransaction) -> None:
    """The batch that will pay it out is awaited from now on."""
    platform.transactions.put(transaction)
    if transaction.payout_id is None:
        platform.due.enter(transaction.available_on, BATCH)


def _book(
    platform: JustifiPlatform,
    payment: records.Payment,
    txn_type: str,
    amount: int,
    source: tuple[str, str],
    *,
    fee: int = 0,
) -> None:
    now = platform.now()
    _keep(
        platform,
        records.BalanceTransaction(
            id=new_id("bt_", 22),
            account_id=payment.account_id,
            created=now,
            updated=now,
            available_on=next_batch(now),
            amount=amount,
            fee=fee,
            currency=payment.currency,
            txn_type=txn_type,
            source_id=source[1],
            source_type=source[0],
            payout_type="ach" if payment.kind == "bank_account" else "cc",
            description=payment.description,
            financial_transaction_id=payment.financial_transaction_id,
            source_payment_id=payment.id,
        ),
    )
