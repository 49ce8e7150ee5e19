"""Refunds: reading them, and a human's yes or no to those that wait for it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from api.idempotent_route import IdempotentRoute
from api.refund_answers import DecisionBody, RefundAnswer, refund_answer
from domain.refunds import RefundStatus
from domain.views import Page

router = APIRouter(
    prefix="/refunds", tags=["refunds"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)


class RefundListing(Listing):
    status: RefundStatus | None = None
    purchase_id: str | None = None


@router.get("", operation_id="listRefunds")
async def list_refunds(
    wanted: Annotated[RefundListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[RefundAnswer]:
    """Refunds, newest first. `status=awaiting_approval` lists what somebody must decide."""
    page = await services.refunds.page(
        caller, wanted.status, wanted.purchase_id, wanted.cursor, wanted.limit
    )
    answers = tuple(refund_answer(refund) for refund in page.items)
    return Page(items=answers, next_cursor=page.next_cursor)


@router.get("/{refund_id}", operation_id="getRefund")
async def get_refund(refund_id: str, caller: CallerDep, services: ServicesDep) -> RefundAnswer:
    """A refund as it stands."""
    return refund_answer(await services.refunds.get(caller, refund_id))


@router.post("/{refund_id}/approve", operation_id="approveRefund")
async def approve_refund(
    refund_id: str, caller: CallerDep, services: ServicesDep, body: DecisionBody | None = None
) -> RefundAnswer:
    """A human's yes: the money goes back now. Needs a key with the scope `refund`."""
    note = body.note if body else None
    return refund_answer(await services.refunds.decide(caller, refund_id, True, note))


@router.post("/{refund_id}/decline", operation_id="declineRefund")
async def decline_refund(
    refund_id: str, caller: CallerDep, services: ServicesDep, body: DecisionBody | None = None
) -> RefundAnswer:
    """A human's no. Nothing moves."""
    note = body.note if body else None
    return refund_answer(await services.refunds.decide(caller, refund_id, False, note))
