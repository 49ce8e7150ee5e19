"""Whether a refund may be asked for: never more than arrived, less what is back or on its way."""

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code
from domain.model import Model
from domain.money import Money
from domain.purchases import PaymentStatus, Refusal
from domain.refunds import CLAIMS_MONEY, Asker, RefundRequest
from persistence.refund_sums import refunds_minor
from persistence.rows.purchases import PurchaseRow, paid_of


class Claim(Model):
    """An amount that is free to go back, and the payment it came by."""

    payment_id: str
    amount: Money
    total: Money  # of the purchase, with what was claimed before: many small ones are a large one


async def claim_for(
    session: AsyncSession, purchase: PurchaseRow, request: RefundRequest
) -> Claim | Refusal:
    """``purchase`` is locked: a second claim on the same money waits for the first."""
    paid = paid_of(purchase)
    payment_id = _payment_to_return(purchase, request.asker)
    if paid is None or payment_id is None:
        return Refusal(code=Code.NOT_PAID, message=f"{purchase.purchase_id} has not been paid")
    claimed = await refunds_minor(session, purchase.purchase_id, CLAIMS_MONEY)
    left = Money(minor=paid.minor - claimed, currency=paid.currency)
    amount = request.amount or left
    total = Money(minor=claimed + amount.minor, currency=paid.currency)
    return _refusal_of(amount, left, request) or Claim(
        payment_id=payment_id, amount=amount, total=total
    )


def _payment_to_return(purchase: PurchaseRow, asker: Asker) -> str | None:
    if asker is Asker.PAYBIND:
        return purchase.late_payment_id
    return purchase.payment_id if purchase.status == PaymentStatus.COMPLETED else None


def _refusal_of(amount: Money, left: Money, request: RefundRequest) -> Refusal | None:
    if amount.currency != left.currency:
        return Refusal(
            code=Code.CURRENCY_MISMATCH, message=f"paid in {left.currency}, not {amount.currency}"
        )
    if request.amount is not None and amount.minor <= 0:
        return Refusal(code=Code.INVALID_AMOUNT, message="a refund is of more than nothing")
    if left.minor <= 0 or amount > left:
        return Refusal(code=Code.REFUND_ABOVE_CAP, message=f"{left} is left to refund")
    return None
