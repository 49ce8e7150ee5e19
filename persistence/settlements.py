"""What a paid purchase sets off in the same transaction: its policy number, its link's end."""

from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, literal
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identifiers import derived_id
from domain.links import LinkStatus
from domain.policies import policy_number_of
from domain.purchases import Settled
from persistence.rows.links import LinkRow
from persistence.rows.policies import PolicyNumberRow, PolicyRow
from persistence.rows.purchases import PurchaseRow, purchase_of
from persistence.statements import insert_into

_POLICY = select(PolicyRow).where(PolicyRow.purchase_id == bindparam("purchase_id"))
_LINK = (
    select(LinkRow)
    .where(
        LinkRow.tenant_id == bindparam("tenant_id"),
        LinkRow.quote_id == bindparam("quote_id"),
        col(LinkRow.status).in_([LinkStatus.ACTIVE, LinkStatus.PAID]),
    )
    .order_by(col(LinkRow.number).desc())
    .limit(1)
    .with_for_update()
)


async def settled_by(
    session: AsyncSession, row: PurchaseRow, was_paid: bool, at: datetime
) -> Settled:
    """``row`` is locked and written: of two settlements of one purchase the later waits here.

    A purchase that was not paid before has no policy yet, so nobody looks for one.
    """
    purchase = purchase_of(row)
    policy = await _policy_of(session, row.purchase_id) if was_paid else None
    if policy is None and purchase.paid_exactly:
        policy = await _draw_policy(session, row, at)
    return Settled(
        policy_id=policy.policy_id if policy else None,
        policy_number=policy.number if policy else None,
        link_id=await _link_of(session, row, purchase.is_paid, at),
    )


async def _policy_of(session: AsyncSession, purchase_id: str) -> PolicyRow | None:
    return (await session.exec(_POLICY, params={"purchase_id": purchase_id})).first()


async def _draw_policy(session: AsyncSession, row: PurchaseRow, at: datetime) -> PolicyRow:
    policy = PolicyRow(
        policy_id=derived_id("pol", row.purchase_id),
        number=await _next_number(session, at.year),
        tenant_id=row.tenant_id,
        purchase_id=row.purchase_id,
        quote_id=row.quote_id,
        livemode=row.livemode,
        drawn_at=at,
    )
    session.add(policy)
    return policy


async def _next_number(session: AsyncSession, year: int) -> str:
    """Draws wait for each other until the transaction ends, so that no number is left out."""
    drawn = await session.exec(_drawing(session.get_bind().dialect.name), params={"year": year})
    sequence: int = drawn.scalar_one()
    return policy_number_of(year, sequence)


@cache
def _drawing(dialect: str) -> ReturningInsert[tuple[int]]:
    last = col(PolicyNumberRow.last)
    return (
        insert_into(PolicyNumberRow, dialect)
        .values(year=bindparam("year"), last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": last + literal(1)})
        .returning(last)
    )


async def _link_of(
    session: AsyncSession, row: PurchaseRow, is_paid: bool, at: datetime
) -> str | None:
    """The link the quote was, or may still be, paid by; paying ends it."""
    whose = {"tenant_id": row.tenant_id, "quote_id": row.quote_id}
    link = (await session.exec(_LINK, params=whose)).first()
    if link is None:
        return None
    if is_paid and link.status == LinkStatus.ACTIVE:
        link.status = LinkStatus.PAID
        link.ended_at = at
    return link.link_id
