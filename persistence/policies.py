"""Policies, from the drawn number to the delivered document. Their status never goes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code, NotFound
from domain.policies import Policy, PolicyDocument, PolicyStatus
from domain.views import Page
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.policies import PolicyRow, policy_of
from persistence.rows.purchases import PurchaseRow
from persistence.statements import plain, table_of

_POLICIES, _PURCHASES = table_of(PolicyRow), table_of(PurchaseRow)
_OF_PURCHASE = plain(PolicyRow).where(_POLICIES.c.purchase_id == bindparam("purchase_id"))
_WRITE_POLICY = update(_POLICIES).where(_POLICIES.c.purchase_id == bindparam("of"))
_WRITE_PURCHASE = update(_PURCHASES).where(
    _PURCHASES.c.purchase_id == bindparam("of"), _PURCHASES.c.policy_status == bindparam("before")
)


@dataclass(frozen=True)
class PolicyRecords:
    database: Database

    async def get(self, tenant_id: str, policy_id: str) -> Policy | None:
        """By our id or by the policy number."""
        return await self._one(
            col(PolicyRow.tenant_id) == tenant_id,
            or_(col(PolicyRow.policy_id) == policy_id, col(PolicyRow.number) == policy_id),
        )

    async def by_number(self, number: str) -> Policy | None:
        """Of any tenant: for the public page, which shows nothing personal."""
        return await self._one(col(PolicyRow.number) == number)

    async def of_purchase(self, purchase_id: str) -> Policy | None:
        async with self.database.reading() as session:
            row = await _of_purchase(session, purchase_id)
        return policy_of(row) if row else None

    async def mark_issued(self, purchase_id: str, document: PolicyDocument, at: datetime) -> Policy:
        """The first document stands: a repetition gives the policy as it is."""
        columns = {**document.model_dump(), "issued_at": at}
        async with self.database.transaction() as session:
            step = PolicyStatus.NONE, PolicyStatus.ISSUED
            return await _moved(session, purchase_id, step, columns, {"updated_at": at})

    async def mark_delivered(self, purchase_id: str, at: datetime) -> None:
        async with self.database.transaction() as session:
            step = PolicyStatus.ISSUED, PolicyStatus.DELIVERED
            await _moved(session, purchase_id, step, {"delivered_at": at}, {"updated_at": at})

    async def mark_not_delivered(self, purchase_id: str) -> None:
        """After a bounce: the one step back, because the customer has nothing in hand."""
        async with self.database.transaction() as session:
            step = PolicyStatus.DELIVERED, PolicyStatus.ISSUED
            await _moved(session, purchase_id, step, {"delivered_at": None}, {})

    async def page(
        self, tenant_id: str, cursor: str | None = None, limit: int = 50
    ) -> Page[Policy]:
        newest = (
            select(PolicyRow)
            .where(
                PolicyRow.tenant_id == tenant_id,
                *after(cursor, col(PolicyRow.drawn_at), col(PolicyRow.policy_id)),
            )
            .order_by(col(PolicyRow.drawn_at).desc(), col(PolicyRow.policy_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            policies = [policy_of(row) for row in await session.exec(newest)]
        return page_of(policies, limit, lambda policy: (policy.drawn_at, policy.policy_id))

    async def _one(self, *conditions: ColumnElement[bool]) -> Policy | None:
        async with self.database.reading() as session:
            row = (await session.exec(select(PolicyRow).where(*conditions))).first()
        return policy_of(row) if row else None


async def _of_purchase(session: AsyncSession, purchase_id: str) -> PolicyRow | None:
    return (await session.exec(_OF_PURCHASE, params={"purchase_id": purchase_id})).first()


async def _moved(
    session: AsyncSession,
    purchase_id: str,
    step: tuple[PolicyStatus, PolicyStatus],
    policy_columns: Mapping[str, str | int | datetime | None],
    purchase_columns: Mapping[str, datetime],
) -> Policy:
    """The policy after the step, where it stood at its beginning, and as it stands elsewhere.

    The purchase repeats its policy's status, and is written first: whoever writes several rows of
    a purchase begins with it, so that nobody waits in a circle.
    """
    before, after = step
    purchase = {"of": purchase_id, "before": before, "policy_status": after, **purchase_columns}
    if (await session.exec(_WRITE_PURCHASE, params=purchase)).rowcount:
        policy = {"of": purchase_id, "status": after, **policy_columns}
        await session.exec(_WRITE_POLICY, params=policy)
    row = await _of_purchase(session, purchase_id)
    if row is None:
        raise NotFound(
            Code.POLICY_NOT_FOUND, f"no policy of {purchase_id}", purchase_id=purchase_id
        )
    return policy_of(row)
