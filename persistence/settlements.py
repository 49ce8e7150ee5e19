"""What a paid purchase sets off in the same transaction: its policy number, its link's end."""

from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, insert, literal
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identifiers import derived_id
from domain.links import LinkStatus
from domain.policies import policy_number_of
from domain.purchases import Purchase, PurchaseOrder, Settled
from persistence.rows.links import LinkRow
from persistence.rows.policies import PolicyNumberRow, PolicyRow
from persistence.statements import insert_into, plain, table_of

_POLICIES, _LINKS = table_of(PolicyRow), table_of(LinkRow)
_POLICY = plain(PolicyRow).where(_POLICIES.c.purchase_id == bindparam("purchase_id"))
_DRAW = insert(_POLICIES)
_LINK = (
    plain(LinkRow)
    .where(
        _LINKS.c.tenant_id == bindparam("tenant_id"),
        _LINKS.c.quote_id == bindparam("quote_id"),
        _LINKS.c.status.in_([LinkStatus.ACTIVE, LinkStatus.PAID]),
    )
    .order_by(_LINKS.c.number.desc())
    .limit(1)
    .with_for_update()
)
_END_LINK = update(_LINKS).where(_LINKS.c.link_id == bindparam("of"))


async def settled_by(
    session: AsyncSession, purchase: Purchase, was_paid: bool, at: datetime
) -> Settled:
    """Its row is locked and written: of two settlements of one purchase the later waits here.

    A purchase that was not paid before has no policy yet, so nobody looks for one.
    """
    policy = await _policy_of(session, purchase.order.purchase_id) if was_paid else None
    if policy is None and purchase.paid_exactly:
        policy = await _draw_policy(session, purchase.order, at)
    return Settled(
        policy_id=policy.policy_id if policy else None,
        policy_number=policy.number if policy else None,
        link_id=await _link_of(session, purchase, at),
    )


async def _policy_of(session: AsyncSession, purchase_id: str) -> PolicyRow | None:
    return (await session.exec(_POLICY, params={"purchase_id": purchase_id})).first()


async def _draw_policy(session: AsyncSession, order: PurchaseOrder, at: datetime) -> PolicyRow:
    policy = PolicyRow(
        policy_id=derived_id("pol", order.purchase_id),
        number=await _next_number(session, at.year),
        tenant_id=order.tenant_id,
        purchase_id=order.purchase_id,
        quote_id=order.quote_id,
        livemode=order.livemode,
        drawn_at=at,
    )
    await session.exec(_DRAW, params=policy.model_dump())
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


async def _link_of(session: AsyncSession, purchase: Purchase, at: datetime) -> str | None:
    """The link the quote was, or may still be, paid by; paying ends it."""
    whose = {"tenant_id": purchase.order.tenant_id, "quote_id": purchase.order.quote_id}
    link = (await session.exec(_LINK, params=whose)).first()
    if link is None:
        return None
    if purchase.is_paid and link.status == LinkStatus.ACTIVE:
        ended = {"of": link.link_id, "status": LinkStatus.PAID, "ended_at": at}
        await session.exec(_END_LINK, params=ended)
    return link.link_id
