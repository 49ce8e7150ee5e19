"""The pages that customers see: a link opened, the way back from the checkout, a policy proved."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from api.deps import ServicesDep
from api.page_renderer import page
from api.page_route import PageRoute
from api.page_words import screen_of
from domain.model import Model
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress
from services.catalogue import Services
from services.pages import PurchasePage

router = APIRouter(tags=["pages"])
html_router = APIRouter(tags=["pages"], route_class=PageRoute, include_in_schema=False)
Token = Annotated[str, Query(alias="purchase", max_length=500)]


class PurchaseState(Model):
    """What a page needs in order to know whether to show something else. Nothing personal."""

    version: str = Field(description="Changes with anything that is shown.")
    product_name: str
    amount: int
    currency: str
    formatted: str
    payment_status: PaymentStatus
    can_retry: bool
    processing: bool
    checkout_url: str | None = Field(description="Where to pay, while that is possible.")
    policy_status: PolicyStatus
    policy_number: str | None
    refund_status: RefundProgress
    look_again: int | None = Field(description="Seconds; null when nothing will change any more.")


@html_router.get("/")
async def home(request: Request) -> HTMLResponse:
    return page(request, "home.html")


@html_router.get("/pay/{token}")
async def open_link(token: str, services: ServicesDep) -> Response:
    """Start or join the purchase behind a payment link, and go to its checkout."""
    checkout_url = await services.links.open(token)
    return RedirectResponse(
        checkout_url, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


@html_router.get("/success")
async def returned(request: Request, token: Token, services: ServicesDep) -> HTMLResponse:
    """Where the checkout sends the customer: it shows what is true, whatever the address says."""
    return await _purchase_page(request, token, services, gave_up=False)


@html_router.get("/cancel")
async def gave_up(request: Request, token: Token, services: ServicesDep) -> HTMLResponse:
    return await _purchase_page(request, token, services, gave_up=True)


@router.get("/pages/purchases/{token}/state", operation_id="getPurchaseState")
async def get_state(token: str, services: ServicesDep, response: Response) -> PurchaseState:
    """For pages and widgets: public to whoever holds the token, and nothing personal in it."""
    purchase, _ = await services.pages.of(token)
    response.headers["Cache-Control"] = "no-store"
    return _state_of(purchase)


async def _purchase_page(
    request: Request, token: str, services: Services, gave_up: bool
) -> HTMLResponse:
    purchase, document_url = await services.pages.of(token)
    return page(
        request,
        "purchase.html",
        purchase=purchase,
        screen=screen_of(purchase, gave_up),
        version=_version_of(purchase),
        document_url=document_url,
        state_url=f"/pages/purchases/{token}/state",
    )


def _state_of(purchase: PurchasePage) -> PurchaseState:
    return PurchaseState(
        version=_version_of(purchase),
        product_name=purchase.product_name,
        amount=purchase.price.minor,
        currency=purchase.price.currency,
        formatted=str(purchase.price),
        payment_status=purchase.payment_status,
        can_retry=purchase.can_retry,
        processing=purchase.processing,
        checkout_url=purchase.checkout_url,
        policy_status=purchase.policy_status,
        policy_number=purchase.policy_number,
        refund_status=purchase.refund_status,
        look_again=screen_of(purchase, gave_up=False).look_again,
    )


def _version_of(purchase: PurchasePage) -> str:
    return hashlib.sha256(purchase.model_dump_json().encode()).hexdigest()[:16]
