"""Purchases as both doors show them, gathered in few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.emails import EmailStatus, EmailTemplate
from domain.money import Money
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress
from domain.views import Page, PurchaseFilter, PurchaseView, SentEmail
from persistence.pages import after, page_of
from persistence.rows.emails import EmailRow
from persistence.rows.policies import PolicyRow, policy_of
from persistence.rows.purchases import PurchaseRow, price_of, route_of
from persistence.rows.refunds import RefundRow, refund_of
from persistence.rows.reviews import ReviewRow, review_of
from persistence.statements import Row, plain, table_of

Belonging = TypeVar("Belonging", RefundRow, ReviewRow, EmailRow)
Shown = TypeVar("Shown")

_WITH_POLICY = select(PurchaseRow, PolicyRow).join(
    PolicyRow, col(PolicyRow.purchase_id) == col(PurchaseRow.purchase_id), isouter=True
)


def _of_purchase(row: type[Row], *oldest_first: str) -> SelectOfScalar[Row]:
    columns = table_of(row).c
    belonging = plain(row).where(columns.purchase_id == bindparam("purchase_id"))
    return belonging.order_by(*(columns[name] for name in oldest_first))


_PURCHASE = _of_purchase(PurchaseRow).where(
    table_of(PurchaseRow).c.tenant_id == bindparam("tenant_id")
)
_POLICY = _of_purchase(PolicyRow)
_REFUNDS = _of_purchase(RefundRow, "created_at")
_REVIEWS = _of_purchase(ReviewRow, "opened_at", "review_id")
_EMAILS = _of_purchase(EmailRow, "created_at")


def _of_purchases(row: type[Row], *oldest_first: str) -> SelectOfScalar[Row]:
    columns = table_of(row).c
    whose = columns.purchase_id.in_(bindparam("purchase_ids", expanding=True))
    return plain(row).where(whose).order_by(*(columns[name] for name in oldest_first))


_ALL_REFUNDS = _of_purchases(RefundRow, "created_at")
_ALL_REVIEWS = _of_purchases(ReviewRow, "opened_at", "review_id")
_ALL_EMAILS = _of_purchases(EmailRow, "created_at")


async def view_of_purchase(
    session: AsyncSession, tenant_id: str, purchase_id: str
) -> PurchaseView | None:
    whose = {"purchase_id": purchase_id}
    purchase = (await session.exec(_PURCHASE, params={**whose, "tenant_id": tenant_id})).first()
    if purchase is None:
        return None
    policy = (await session.exec(_POLICY, params=whose)).first()
    refunds = await session.exec(_REFUNDS, params=whose)
    reviews = await session.exec(_REVIEWS, params=whose)
    emails = await session.exec(_EMAILS, params=whose)
    return _view_of(purchase, policy).model_copy(
        update={
            "refunds": tuple(refund_of(row) for row in refunds),
            "reviews": tuple(review_of(row) for row in reviews),
            "emails": tuple(_sent_email_of(row) for row in emails),
        }
    )


async def page_of_purchases(
    session: AsyncSession, tenant_id: str, filter: PurchaseFilter, cursor: str | None, limit: int
) -> Page[PurchaseView]:
    found = await session.exec(
        _WITH_POLICY.where(
            col(PurchaseRow.tenant_id) == tenant_id,
            *_conditions_of(filter),
            *after(cursor, col(PurchaseRow.created_at), col(PurchaseRow.purchase_id)),
        )
        .order_by(col(PurchaseRow.created_at).desc(), col(PurchaseRow.purchase_id).desc())
        .limit(limit + 1)
    )
    views = [_view_of(*rows) for rows in found]
    page = page_of(views, limit, lambda view: (view.created_at, view.purchase_id))
    return page.model_copy(update={"items": await _filled(session, page.items)})


async def _filled(
    session: AsyncSession, views: tuple[PurchaseView, ...]
) -> tuple[PurchaseView, ...]:
    """With what belongs to each, read for all of them together."""
    whose = {"purchase_ids": [view.purchase_id for view in views]}
    refunds = _by_purchase(await session.exec(_ALL_REFUNDS, params=whose), refund_of)
    reviews = _by_purchase(await session.exec(_ALL_REVIEWS, params=whose), review_of)
    emails = _by_purchase(await session.exec(_ALL_EMAILS, params=whose), _sent_email_of)
    return tuple(
        view.model_copy(
            update={
                "refunds": tuple(refunds[view.purchase_id]),
                "reviews": tuple(reviews[view.purchase_id]),
                "emails": tuple(emails[view.purchase_id]),
            }
        )
        for view in views
    )


def _by_purchase(
    rows: Iterable[Belonging], shown: Callable[[Belonging], Shown]
) -> Mapping[str | None, list[Shown]]:
    grouped: defaultdict[str | None, list[Shown]] = defaultdict(list)
    for row in rows:
        grouped[row.purchase_id].append(shown(row))
    return grouped


def _conditions_of(filter: PurchaseFilter) -> list[ColumnElement[bool]]:
    equal = (
        (col(PurchaseRow.status), filter.payment_status),
        (col(PurchaseRow.quote_id), filter.quote_id),
        (col(PurchaseRow.user_id), filter.user_id),
        (col(PurchaseRow.needs_review), filter.needs_review),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if filter.policy_status is not None:
        conditions.append(_is_shown_as(filter.policy_status))
    if filter.created_from is not None:
        conditions.append(col(PurchaseRow.created_at) >= filter.created_from)
    if filter.created_before is not None:
        conditions.append(col(PurchaseRow.created_at) < filter.created_before)
    return conditions


def _is_shown_as(status: PolicyStatus) -> ColumnElement[bool]:
    cancelled_at = col(PolicyRow.cancelled_at)
    if status is PolicyStatus.CANCELLED:
        return cancelled_at.is_not(None)
    return and_(col(PurchaseRow.policy_status) == status, cancelled_at.is_(None))


def _view_of(row: PurchaseRow, drawn: PolicyRow | None) -> PurchaseView:
    policy = policy_of(drawn) if drawn else None
    own = {name: getattr(row, name) for name in _SHOWN_AS_STORED}
    return PurchaseView(
        **own,
        route=route_of(row),
        price=price_of(row),
        payment_status=PaymentStatus(row.status),
        provider_payment_id=row.payment_id or row.late_payment_id,
        amount_refunded=Money(
            minor=row.amount_refunded_minor, currency=row.paid_currency or row.currency
        ),
        refund_status=_refund_progress_of(row),
        policy_status=policy.status if policy else PolicyStatus.NONE,
        policy=policy,
    )


_SHOWN_AS_STORED = (
    "purchase_id", "tenant_id", "quote_id", "attempt", "user_id", "customer_email", "product_name",
    "provider", "livemode", "can_retry", "processing", "failure_code", "failure_reason",
    "session_id", "checkout_url", "expires_at", "paid_at", "cancel_reason", "needs_review",
    "created_at", "updated_at",
)  # fmt: skip


def _refund_progress_of(row: PurchaseRow) -> RefundProgress:
    if row.amount_refunded_minor == 0:
        return RefundProgress.NONE
    is_full = row.amount_refunded_minor >= (row.paid_minor or 0)
    return RefundProgress.FULL if is_full else RefundProgress.PARTIAL


def _sent_email_of(row: EmailRow) -> SentEmail:
    return SentEmail(
        email_id=row.email_id,
        template=EmailTemplate(row.template),
        status=EmailStatus(row.status),
        tries=row.tries,
        last_error=row.last_error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
