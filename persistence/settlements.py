"""What a paid purchase sets off in the same transaction: its policy number, its link's end."""

from datetime import datetime

from sqlalchemy import literal
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identifiers import derived_id
from domain.links import LinkStatus
from domain.policies import policy_number_of
from domain.purchases import Settled
from persistence.rows.links import LinkRow
from persistence.rows.policies import PolicyNumberRow, PolicyRow
from persistence.rows.purchases import PurchaseRow, purchase_of
from persistence.statements import insert_of


async def settled_by(session: AsyncSession, row: PurchaseRow, at: datetime) -> Settled:
    """``row`` is locked and written: of two settlements of one purchase the later waits here."""
    purchase = purchase_of(row)
    if not purchase.is_paid:
        return Settled(link_id=await _active_link_of(session, row))
    policy = await _policy_of(session, row.purchase_id)
    if policy is None and purchase.paid_exactly:
        policy = await _draw_policy(session, row, at)
    return Settled(
        policy_id=policy.policy_id if policy else None,
        policy_number=policy.number if policy else None,
        link_id=await _link_paid_by(session, row, at),
    )


async def _policy_of(session: AsyncSession, purchase_id: str) -> PolicyRow | None:
    drawn = select(PolicyRow).where(PolicyRow.purchase_id == purchase_id)
    return (await session.exec(drawn)).first()


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
    drawn = (
        insert_of(session, PolicyNumberRow)
        .values(year=year, last=1)
        .on_conflict_do_update(
            index_elements=["year"], set_={"last": col(PolicyNumberRow.last) + literal(1)}
        )
        .returning(col(PolicyNumberRow.last))
    )
    sequence: int = (await session.exec(drawn)).scalar_one()
    return policy_number_of(year, sequence)


async def _active_link_of(session: AsyncSession, row: PurchaseRow) -> str | None:
    active = select(LinkRow.link_id).where(
        LinkRow.tenant_id == row.tenant_id,
        LinkRow.quote_id == row.quote_id,
        LinkRow.status == LinkStatus.ACTIVE,
    )
    return (await session.exec(active)).first()


async def _link_paid_by(session: AsyncSession, row: PurchaseRow, at: datetime) -> str | None:
    paid = (
        update(LinkRow)
        .where(
            col(LinkRow.tenant_id) == row.tenant_id,
            col(LinkRow.quote_id) == row.quote_id,
            col(LinkRow.status).in_([LinkStatus.ACTIVE, LinkStatus.PAID]),
        )
        .values(status=LinkStatus.PAID, ended_at=func.coalesce(col(LinkRow.ended_at), at))
        .returning(col(LinkRow.link_id))
        .execution_options(synchronize_session=False)
    )
    link_id: str | None = (await session.exec(paid)).scalars().first()
    return link_id
