"""Purchases: start one, follow it, end it."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from api.examples import PURCHASE, REFUND
from api.idempotent_route import HEADER, IdempotentRoute
from api.policy_answers import policy_answer
from api.purchase_answers import (
    CancelBody,
    PurchaseAnswer,
    PurchaseBody,
    PurchaseCompleted,
    PurchaseStarted,
    Timeline,
    purchase_answer,
    started_answer,
)
from api.refund_answers import RefundAnswer, RefundBody, refund_answer
from domain.purchases import ReviewReason
from domain.refunds import Asker
from domain.views import Page, PurchaseFilter
from services.refunds import RefundWish

router = APIRouter(
    prefix="/purchases", tags=["purchases"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)


class PurchaseListing(PurchaseFilter, Listing):
    """Filters narrow the list; times are ISO 8601 with an offset."""


@router.post(
    "",
    operation_id="startPurchase",
    status_code=201,
    responses={200: {"model": PurchaseStarted, "description": "The quote's open purchase."}},
)
async def start_purchase(
    body: Annotated[PurchaseBody, Body(openapi_examples={"travel": {"value": PURCHASE}})],
    caller: CallerDep,
    services: ServicesDep,
    response: Response,
) -> PurchaseStarted:
    """Open the quote's checkout, or join the one that is open. Answers with the checkout URL."""
    purchase, joined = await services.purchases.start_or_join(caller, body.request())
    response.status_code = 200 if joined else 201
    response.headers["Location"] = f"/purchases/{purchase.order.purchase_id}"
    return started_answer(purchase)


@router.get("", operation_id="listPurchases")
async def list_purchases(
    wanted: Annotated[PurchaseListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[PurchaseAnswer]:
    """Purchases, newest first."""
    page = await services.purchases.page(caller, wanted, wanted.cursor, wanted.limit)
    answers = tuple(purchase_answer(view, services) for view in page.items)
    return Page(items=answers, next_cursor=page.next_cursor)


@router.get("/{purchase_id}", operation_id="getPurchase")
async def get_purchase(
    purchase_id: str, caller: CallerDep, services: ServicesDep
) -> PurchaseAnswer:
    """By our id, or by the provider's session or payment id."""
    return purchase_answer(await services.purchases.get(caller, purchase_id), services)


@router.post("/{purchase_id}/cancel", operation_id="cancelPurchase")
async def cancel_purchase(
    purchase_id: str, caller: CallerDep, services: ServicesDep, body: CancelBody | None = None
) -> PurchaseAnswer:
    """Make it unpayable. What is paid already cannot be cancelled: refund it instead."""
    reason = body.reason if body else None
    return purchase_answer(await services.purchases.cancel(caller, purchase_id, reason), services)


@router.post("/{purchase_id}/complete", operation_id="completePurchase")
async def complete_purchase(
    purchase_id: str, caller: CallerDep, services: ServicesDep
) -> PurchaseCompleted:
    """Wait for the policy of a paid purchase, twenty seconds at most. Twice gives the same one.

    After a full refund there is none to give: 409 `policy_cancelled`.
    """
    view, policy = await services.purchases.complete(caller, purchase_id)
    return PurchaseCompleted(
        purchase=purchase_answer(view, services), policy=policy_answer(policy, services)
    )


@router.post("/{purchase_id}/refund", operation_id="refundPurchase", status_code=202)
async def refund_purchase(
    request: Request,
    purchase_id: str,
    caller: CallerDep,
    services: ServicesDep,
    body: Annotated[
        RefundBody | None, Body(openapi_examples={"partial": {"value": REFUND}})
    ] = None,
) -> RefundAnswer:
    """Give money back, all or part. Above the installation's limit it waits for an approval."""
    wanted = body or RefundBody()
    wish = RefundWish(
        purchase=purchase_id,
        amount_minor=wanted.amount,
        reason=wanted.reason,
        key=request.headers.get(HEADER),  # a repetition is the same refund, whatever happens here
    )
    return refund_answer(await services.refunds.request(caller, wish, Asker.SERVICE))


@router.post("/{purchase_id}/retry-issue", operation_id="retryIssue", status_code=202)
async def retry_issue(purchase_id: str, caller: CallerDep, services: ServicesDep) -> PurchaseAnswer:
    """For operators: print a policy that could not be issued again, now."""
    return purchase_answer(await services.purchases.retry_issue(caller, purchase_id), services)


@router.post("/{purchase_id}/reviews/{reason}/resolve", operation_id="resolveReview")
async def resolve_review(
    purchase_id: str, reason: ReviewReason, caller: CallerDep, services: ServicesDep
) -> PurchaseAnswer:
    """For operators: somebody has looked and decided."""
    view = await services.purchases.resolve_review(caller, purchase_id, reason)
    return purchase_answer(view, services)


@router.get("/{purchase_id}/timeline", operation_id="getTimeline")
async def get_timeline(purchase_id: str, caller: CallerDep, services: ServicesDep) -> Timeline:
    """What happened, when, by which event, attempt and key."""
    view = await services.purchases.get(caller, purchase_id)
    entries = await services.timeline.of(caller, view.purchase_id)
    return Timeline(purchase_id=view.purchase_id, entries=entries)
