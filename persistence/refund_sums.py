"""Sums over a payment's refunds, always taken anew from the rows while the purchase is locked."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.refunds import RefundStatus
from persistence.rows.policies import PolicyRow
from persistence.rows.purchases import PurchaseRow
from persistence.rows.refunds import RefundRow


async def refunds_minor(
    session: AsyncSession,
    purchase_id: str,
    payment_id: str | None,
    statuses: Collection[RefundStatus],
) -> int:
    """Another payment may have come to a checkout that the purchase had left."""
    summed = select(func.sum(col(RefundRow.amount_minor))).where(
        col(RefundRow.purchase_id) == purchase_id,
        col(RefundRow.payment_id) == payment_id,
        col(RefundRow.status).in_(statuses),
    )
    return int((await session.exec(summed)).one() or 0)


async def write_refunded(session: AsyncSession, purchase: PurchaseRow, at: datetime) -> None:
    """What went back, on the purchase; and its policy is cancelled while all of it is back."""
    payment_id = purchase.late_payment_id or purchase.payment_id
    succeeded = {RefundStatus.SUCCEEDED}
    refunded = await refunds_minor(session, purchase.purchase_id, payment_id, succeeded)
    if refunded == purchase.amount_refunded_minor:
        return
    purchase.amount_refunded_minor = refunded
    purchase.updated_at = at
    drawn = select(PolicyRow).where(PolicyRow.purchase_id == purchase.purchase_id)
    policy = (await session.exec(drawn)).first()
    if policy is None:
        return
    is_back = purchase.paid_minor is not None and refunded >= purchase.paid_minor
    policy.cancelled_at = (policy.cancelled_at or at) if is_back else None
