"""Policies, from the drawn number to the delivered document. Their status never goes back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code, NotFound
from domain.policies import Policy, PolicyDocument, PolicyStatus
from domain.views import Page
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.policies import PolicyRow, policy_of
from persistence.rows.purchases import PurchaseRow
from persistence.statements import locked_purchase


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
        return await self._one(col(PolicyRow.purchase_id) == purchase_id)

    async def mark_issued(self, purchase_id: str, document: PolicyDocument, at: datetime) -> Policy:
        """The first document stands: a repetition gives the policy as it is."""
        async with self.database.transaction() as session:
            purchase, policy = await _both_rows(session, purchase_id)
            if policy.status == PolicyStatus.NONE:
                policy.location = document.location
                policy.sha256 = document.sha256
                policy.size = document.size
                policy.issued_at = at
                _write_status(purchase, policy, PolicyStatus.ISSUED, at)
            return policy_of(policy)

    async def mark_delivered(self, purchase_id: str, at: datetime) -> None:
        async with self.database.transaction() as session:
            purchase, policy = await _both_rows(session, purchase_id)
            if policy.status == PolicyStatus.ISSUED:
                policy.delivered_at = at
                _write_status(purchase, policy, PolicyStatus.DELIVERED, at)

    async def mark_not_delivered(self, purchase_id: str) -> None:
        """After a bounce: the one step back, because the customer has nothing in hand."""
        async with self.database.transaction() as session:
            purchase, policy = await _both_rows(session, purchase_id)
            if policy.status == PolicyStatus.DELIVERED:
                policy.delivered_at = None
                _write_status(purchase, policy, PolicyStatus.ISSUED, purchase.updated_at)

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


async def _both_rows(session: AsyncSession, purchase_id: str) -> tuple[PurchaseRow, PolicyRow]:
    purchase = await locked_purchase(session, purchase_id)
    drawn = select(PolicyRow).where(PolicyRow.purchase_id == purchase_id)
    policy = (await session.exec(drawn)).first()
    if policy is None:
        raise NotFound(
            Code.POLICY_NOT_FOUND, f"no policy of {purchase_id}", purchase_id=purchase_id
        )
    return purchase, policy


def _write_status(
    purchase: PurchaseRow, policy: PolicyRow, status: PolicyStatus, at: datetime
) -> None:
    policy.status = status
    purchase.policy_status = status
    purchase.updated_at = at
