"""Payment links: a quote saved for later, payable for seven days."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import EmailStr, Field

from api.amounts import Amount, AmountMinor, amount_of
from api.deps import KEY_REQUIRED, AnyListing, CallerDep, ServicesDep
from api.examples import LINK
from api.idempotent_route import IdempotentRoute
from api.purchase_answers import UserId
from domain.errors import Code, Invalid
from domain.free_text import Name, Prose
from domain.links import LinkStatus, PaymentLink
from domain.model import Model
from domain.money import CurrencyCode, Money
from domain.views import Page
from services.catalogue import Services
from services.links import LinkRequest

router = APIRouter(
    prefix="/links", tags=["links"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)


class LinkBody(Model):
    """Without `amount` and `currency` the quote's own price counts; given, they must be its own."""

    quote_id: str = Field(min_length=1, max_length=64)
    user_id: UserId
    amount: AmountMinor | None = None
    currency: CurrencyCode | None = None
    customer_email: EmailStr | None = None
    customer_name: Name | None = None
    notes: Prose | None = Field(None, max_length=2000)

    def request(self) -> LinkRequest:
        return LinkRequest(
            quote_id=self.quote_id,
            user_id=self.user_id,
            price=self._price(),
            customer_email=self.customer_email,
            customer_name=self.customer_name,
            notes=self.notes,
        )

    def _price(self) -> Money | None:
        if self.amount is None and self.currency is None:
            return None
        if self.amount is None or self.currency is None:
            raise Invalid(Code.INVALID_REQUEST, "amount and currency go together")
        return Money(minor=self.amount, currency=self.currency)


class SendBody(Model):
    """Without `to` it goes to the address the link was saved with."""

    to: EmailStr | None = None
    name: Name | None = None


class LinkAnswer(Model):
    link_id: str
    quote_id: str
    livemode: bool = Field(description="False means that no real money moves.")
    user_id: str
    product_name: str
    price: Amount
    status: LinkStatus
    payment_link_url: str = Field(description="For the customer. Whoever has it may pay.")
    created_at: datetime
    expires_at: datetime


@router.post("", operation_id="saveLink", status_code=201)
async def save_link(
    body: Annotated[LinkBody, Body(openapi_examples={"travel": {"value": LINK}})],
    caller: CallerDep,
    services: ServicesDep,
) -> LinkAnswer:
    """The quote's active link, or a new one that lives seven days, or as long as the quote."""
    return _answer(await services.links.save(caller, body.request()), services)


@router.get("", operation_id="listLinks")
async def list_links(
    listing: AnyListing, caller: CallerDep, services: ServicesDep
) -> Page[LinkAnswer]:
    """Payment links, newest first."""
    page = await services.links.page(caller, listing.cursor, listing.limit)
    answers = tuple(_answer(link, services) for link in page.items)
    return Page(items=answers, next_cursor=page.next_cursor)


@router.get("/{link_id}", operation_id="getLink")
async def get_link(link_id: str, caller: CallerDep, services: ServicesDep) -> LinkAnswer:
    """A link as it stands."""
    return _answer(await services.links.get(caller, link_id), services)


@router.post("/{link_id}/send", operation_id="sendLink", status_code=202)
async def send_link(
    link_id: str, caller: CallerDep, services: ServicesDep, body: SendBody | None = None
) -> LinkAnswer:
    """E-mail the link. Every sending is a message of its own; a dead link is refused."""
    wanted = body or SendBody()
    link = await services.links.send_again(caller, link_id, wanted.to, wanted.name)
    return _answer(link, services)


@router.post("/{link_id}/revoke", operation_id="revokeLink")
async def revoke_link(link_id: str, caller: CallerDep, services: ServicesDep) -> LinkAnswer:
    """From now on it cannot be opened. A checkout opened before stays: cancel its purchase too.

    The provider is asked first: what was paid a moment ago is answered with the status `paid`.
    """
    return _answer(await services.links.revoke(caller, link_id), services)


def _answer(link: PaymentLink, services: Services) -> LinkAnswer:
    return LinkAnswer(
        link_id=link.link_id,
        quote_id=link.quote_id,
        livemode=link.livemode,
        user_id=link.user_id,
        product_name=link.product_name,
        price=amount_of(link.price),
        status=link.status,
        payment_link_url=services.urls.pay_url(link),
        created_at=link.created_at,
        expires_at=link.expires_at,
    )
