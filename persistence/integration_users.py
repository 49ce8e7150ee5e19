"""What needs an integration's credentials still: nobody destroys them under it."""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Code
from domain.operations import GOES_ON_WITHIN
from domain.purchases import PaymentStatus
from domain.refunds import UNDER_WAY
from domain.routing import CANNOT_CLOSE, LATE_MONEY_GRACE, LATE_MONEY_WINDOW
from persistence.executions import running_on
from persistence.rows.audit import AuditRow
from persistence.rows.integrations import EntityIntegrationRow, IntegrationRow
from persistence.rows.purchases import PurchaseRow, purchase_of
from persistence.rows.refunds import RefundRow

USERS_NAMED = 10


async def users_of(session: AsyncSession, row: IntegrationRow, at: datetime) -> list[str]:
    """The first few of each kind: links, purchases, refunds and executions under way.

    A purchase is one of them while it may be paid there, and while money may come late.
    """
    integration_id = row.integration_id
    return [
        *await _linked(session, integration_id),
        *await _buying(session, integration_id),
        *await _ended_just_now(session, row, at),
        *await _left_just_now(session, row, at),
        *await _refunds(session, integration_id),
        *await running_on(session, integration_id, USERS_NAMED),
        *await _operating(session, row, at),
    ]


async def _linked(session: AsyncSession, integration_id: str) -> list[str]:
    links = (
        select(EntityIntegrationRow)
        .where(EntityIntegrationRow.integration_id == integration_id)
        .limit(USERS_NAMED)
    )
    return [f"{row.entity_type} {row.entity_id}" for row in await session.exec(links)]


async def _buying(session: AsyncSession, integration_id: str) -> list[str]:
    purchases = (
        select(PurchaseRow.purchase_id)
        .where(
            PurchaseRow.integration_id == integration_id,
            col(PurchaseRow.holds_quote),
            PurchaseRow.status != PaymentStatus.COMPLETED,
        )
        .limit(USERS_NAMED)
    )
    return list(await session.exec(purchases))


async def _ended_just_now(
    session: AsyncSession, integration: IntegrationRow, at: datetime
) -> list[str]:
    """Unpaid, with a page whose payment may still be told of, or still be made."""
    ended = (
        select(PurchaseRow.purchase_id)
        .where(
            PurchaseRow.integration_id == integration.integration_id,
            ~col(PurchaseRow.holds_quote),
            col(PurchaseRow.session_id).is_not(None),
            col(PurchaseRow.late_payment_id).is_(None),
            PurchaseRow.updated_at > at - _late_money_of(integration),
        )
        .limit(USERS_NAMED)
    )
    return [f"{each} (money may come late)" for each in await session.exec(ended)]


async def _left_just_now(
    session: AsyncSession, integration: IntegrationRow, at: datetime
) -> list[str]:
    """Purchases that went on to a backup: what comes to the page they left is returned."""
    since = at - _late_money_of(integration)
    moved = select(PurchaseRow).where(
        col(PurchaseRow.failovers) > 0, PurchaseRow.updated_at > since
    )
    lefts = [purchase_of(row) for row in await session.exec(moved)]
    return [
        f"{purchase.order.purchase_id} (money may come late)"
        for purchase in lefts
        if (left := purchase.left_at(integration.integration_id)) and left.at > since
    ][:USERS_NAMED]


async def _refunds(session: AsyncSession, integration_id: str) -> list[str]:
    refunds = (
        select(RefundRow.refund_id, RefundRow.status)
        .where(RefundRow.integration_id == integration_id, col(RefundRow.status).in_(UNDER_WAY))
        .limit(USERS_NAMED)
    )
    return [f"{refund_id} ({status})" for refund_id, status in await session.exec(refunds)]


async def _operating(session: AsyncSession, integration: IntegrationRow, at: datetime) -> list[str]:
    """Operations have no rows: the audit log has the lost answers, and what came of them."""
    told = col(AuditRow.after)
    operation, status = told["operation_id"].as_string(), told["status"].as_string()
    lately = (
        AuditRow.tenant_id == integration.tenant_id,
        AuditRow.subject == integration.integration_id,
        AuditRow.at > at - GOES_ON_WITHIN,
    )
    lost = select(operation).where(*lately, operation.is_not(None), status == Code.OUTCOME_UNKNOWN)
    lost_ones = set(await session.exec(lost))
    known = select(operation).where(
        *lately, operation.in_(lost_ones), status != Code.OUTCOME_UNKNOWN
    )
    left = lost_ones - set(await session.exec(known))
    return [f"{each} (outcome unknown)" for each in sorted(left)[:USERS_NAMED]]


def _late_money_of(integration: IntegrationRow) -> timedelta:
    return LATE_MONEY_WINDOW if integration.connection_code in CANNOT_CLOSE else LATE_MONEY_GRACE
