"""Whether a refund may be asked for: never more than arrived, less what is back or on its way."""

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code
from domain.model import Model
from domain.money import Money
from domain.purchases import PaymentStatus, Refusal
from domain.refunds import CLAIMS_MONEY, Asker, Payment, RefundRequest
from persistence.refund_sums import refunds_minor
from persistence.rows.integrations import IntegrationRow
from persistence.rows.purchases import PurchaseRow, paid_of
from persistence.statements import locked


class Claim(Model):
    """An amount that is free to go back, and the payment it came by."""

    payment_id: str
    integration_id: str | None
    amount: Money
    total: Money  # of the purchase, with what was claimed before: many small ones are a large one


async def claim_for(
    session: AsyncSession, purchase: PurchaseRow, request: RefundRequest
) -> Claim | Refusal:
    """``purchase`` is locked: a second claim on the same money waits for the first."""
    source = request.stray or _own_payment(purchase, request.asker)
    if source is None:
        return Refusal(code=Code.NOT_PAID, message=f"{purchase.purchase_id} has not been paid")
    if request.asker is not Asker.PAYBIND and await _is_gone(session, source.integration_id):
        return Refusal(
            code=Code.INTEGRATION_DELETED,
            message=f"{source.payment_id} was taken by {source.integration_id}, which was deleted",
        )
    paid, payment_id = source.amount, source.payment_id
    claimed = await refunds_minor(session, purchase.purchase_id, payment_id, CLAIMS_MONEY)
    left = Money(minor=paid.minor - claimed, currency=paid.currency)
    amount = request.amount or left
    total = Money(minor=claimed + amount.minor, currency=paid.currency)
    return _refusal_of(amount, left, request) or Claim(
        payment_id=payment_id,
        integration_id=source.integration_id,
        amount=amount,
        total=total,
    )


async def _is_gone(session: AsyncSession, integration_id: str | None) -> bool:
    """It is locked: who deletes it sees the claim, or the claim sees that it was deleted.

    Money that goes back by itself is claimed all the same: then a person is asked to see to it.
    """
    if integration_id is None:
        return False
    row = await locked(session, IntegrationRow, integration_id)
    return row is not None and row.deleted_at is not None


def _own_payment(purchase: PurchaseRow, asker: Asker) -> Payment | None:
    is_late = asker is Asker.PAYBIND
    payment_id = purchase.late_payment_id if is_late else purchase.payment_id
    paid = paid_of(purchase)
    is_here = is_late or purchase.status == PaymentStatus.COMPLETED
    if payment_id is None or paid is None or not is_here:
        return None
    return Payment(payment_id=payment_id, amount=paid, integration_id=purchase.integration_id)


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
