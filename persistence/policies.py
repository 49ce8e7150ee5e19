"""Policies, from the drawn number to the delivered document, step by step as the domain allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.emails import EmailStatus
from domain.errors import Code, NotFound
from domain.policies import Policy, PolicyDocument, PolicyStep
from domain.views import Page
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.emails import EmailRow
from persistence.rows.policies import PolicyRow, policy_of
from persistence.rows.purchases import PurchaseRow
from persistence.statements import plain, table_of

_POLICIES, _PURCHASES, _EMAILS = table_of(PolicyRow), table_of(PurchaseRow), table_of(EmailRow)
_OF_PURCHASE = plain(PolicyRow).where(_POLICIES.c.purchase_id == bindparam("purchase_id"))
_LOCKING = (
    plain(PurchaseRow).where(_PURCHASES.c.purchase_id == bindparam("purchase_id")).with_for_update()
)
_EMAIL = plain(EmailRow).where(_EMAILS.c.email_id == bindparam("email_id"))
_WRITE_PURCHASE = update(_PURCHASES).where(_PURCHASES.c.purchase_id == bindparam("of"))
_WRITE_POLICY = (
    update(_POLICIES).where(_POLICIES.c.purchase_id == bindparam("of")).returning(*_POLICIES.c)
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
            policy = await _locked(session, purchase_id)
            if policy.status == PolicyStep.PRINTED.before:
                policy = await _moved(session, policy, PolicyStep.PRINTED, columns, at)
            return policy_of(policy)

    async def mark_delivered(self, purchase_id: str, email_id: str, at: datetime) -> None:
        """With the message that carried it; one that has bounced meanwhile delivers nothing."""
        async with self.database.transaction() as session:
            policy = await _locked(session, purchase_id)
            if policy.status == PolicyStep.ARRIVED.before and await _has_arrived(session, email_id):
                await _moved(session, policy, PolicyStep.ARRIVED, {"delivered_at": at}, at)

    async def mark_not_delivered(self, purchase_id: str, at: datetime) -> None:
        """After a bounce: the one step back, because the customer has nothing in hand."""
        async with self.database.transaction() as session:
            policy = await _locked(session, purchase_id)
            if policy.status == PolicyStep.BOUNCED.before:
                await _moved(session, policy, PolicyStep.BOUNCED, {"delivered_at": None}, at)

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


async def _locked(session: AsyncSession, purchase_id: str) -> PolicyRow:
    """The policy of a purchase, with both kept from other writers.

    Whoever writes several rows of a purchase locks it first: so nobody waits in a circle.
    """
    await session.exec(_LOCKING, params={"purchase_id": purchase_id})
    policy = await _of_purchase(session, purchase_id)
    if policy is None:
        raise NotFound(
            Code.POLICY_NOT_FOUND, f"no policy of {purchase_id}", purchase_id=purchase_id
        )
    return policy


async def _has_arrived(session: AsyncSession, email_id: str) -> bool:
    email = (await session.exec(_EMAIL, params={"email_id": email_id})).first()
    return email is not None and email.status in (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)


async def _moved(
    session: AsyncSession,
    policy: PolicyRow,
    step: PolicyStep,
    columns: Mapping[str, str | int | datetime | None],
    at: datetime,
) -> PolicyRow:
    """The policy in its new status, which its purchase repeats."""
    repeated = {"of": policy.purchase_id, "policy_status": step.after, "updated_at": at}
    await session.exec(_WRITE_PURCHASE, params=repeated)
    written = {"of": policy.purchase_id, "status": step.after, **columns}
    return cast(PolicyRow, (await session.exec(_WRITE_POLICY, params=written)).one())
