"""Reviews are opened and resolved together with the purchase's own mark."""

from datetime import datetime

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.purchases import ReviewReason
from persistence.rows.reviews import ReviewRow
from persistence.statements import insert_if_absent, locked_purchase


async def open_review(
    session: AsyncSession,
    purchase_id: str,
    reason: ReviewReason,
    detail: str | None,
    at: datetime,
) -> None:
    purchase = await locked_purchase(session, purchase_id)
    review = ReviewRow(
        purchase_id=purchase_id,
        tenant_id=purchase.tenant_id,
        livemode=purchase.livemode,
        reason=reason,
        detail=detail,
        opened_at=at,
    )
    if await insert_if_absent(session, review):
        purchase.needs_review = True
        purchase.updated_at = at


async def resolve_reviews(
    session: AsyncSession, purchase_id: str, reason: ReviewReason, at: datetime
) -> bool:
    purchase = await locked_purchase(session, purchase_id)
    open_ones = (col(ReviewRow.purchase_id) == purchase_id, col(ReviewRow.resolved_at).is_(None))
    resolved = await session.exec(
        update(ReviewRow)
        .where(*open_ones, col(ReviewRow.reason) == reason)
        .values(resolved_at=at)
        .execution_options(synchronize_session=False)
    )
    if resolved.rowcount == 0:
        return False
    left = await session.exec(select(ReviewRow.review_id).where(*open_ones).limit(1))
    purchase.needs_review = left.first() is not None
    purchase.updated_at = at
    return True
