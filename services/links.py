"""Payment links: saving a quote for later, sending the link, opening it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.customers import UNKNOWN_USER, Customer, require_same
from domain.emails import EmailOrder, EmailStatus, EmailTemplate
from domain.errors import Code, Conflict, Gone, NotFound
from domain.identifiers import new_id
from domain.links import LIFETIME, LinkOrder, LinkStatus, PaymentLink, link_id_of
from domain.model import Model
from domain.money import Money
from domain.quotes import Quote
from domain.tenants import Caller, Scope
from domain.views import Page
from persistence.emails import EmailRecords
from persistence.links import LinkRecords
from services.openings import PurchaseRequest
from services.purchases import PurchaseService
from services.workflows import Workflows

_WHY_DEAD = {
    LinkStatus.PAID: Code.LINK_PAID,
    LinkStatus.REVOKED: Code.LINK_REVOKED,
    LinkStatus.EXPIRED: Code.LINK_EXPIRED,
}


class LinkRequest(Model):
    """``price`` None takes the quote's; given, it must be the quote's."""

    quote_id: str
    user_id: str
    price: Money | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class LinkService:
    links: LinkRecords
    emails: EmailRecords
    purchases: PurchaseService
    workflows: Workflows

    async def save(self, caller: Caller, request: LinkRequest) -> PaymentLink:
        """The quote's active link, or a new one that lives seven days (or as long as the quote)."""
        caller.require(Scope.WRITE)
        quote = await self.purchases.quote(caller, request.quote_id)
        if request.price is not None:
            quote.require_price(request.price)
        await self.purchases.require_unpaid(quote.tenant_id, quote.quote_id)
        latest = await self.links.latest_of_quote(caller.tenant_id, quote.quote_id)
        if latest is None or not latest.is_alive(datetime.now(UTC)):
            quote.require_open(datetime.now(UTC))
            latest = await self._open(quote, request, latest)
        email, _ = await self.links.contact_of(latest.link_id)
        require_same(
            Customer(user_id=request.user_id, email=request.customer_email),
            Customer(user_id=latest.user_id, email=email),
            f"{latest.link_id}, the link of quote {quote.quote_id},",
        )
        await self.workflows.start_link(_order_of(latest))
        return latest

    async def get(self, caller: Caller, link_id: str) -> PaymentLink:
        caller.require(Scope.READ)
        link = await self.links.get(caller.tenant_id, link_id)
        if link is None:
            raise NotFound(Code.LINK_NOT_FOUND, f"no payment link {link_id}")
        return link

    async def page(self, caller: Caller, cursor: str | None, limit: int) -> Page[PaymentLink]:
        caller.require(Scope.READ)
        return await self.links.page(caller.tenant_id, None, cursor, limit)

    async def of_quote(self, caller: Caller, quote_id: str) -> PaymentLink:
        """The quote's link as it stands; a quote that has none, or a dead one, gets a new one."""
        caller.require(Scope.WRITE)
        latest = await self.links.latest_of_quote(caller.tenant_id, quote_id)
        if latest is not None and latest.status is LinkStatus.PAID:
            return latest
        user_id = latest.user_id if latest else UNKNOWN_USER
        return await self.save(caller, LinkRequest(quote_id=quote_id, user_id=user_id))

    async def send(
        self, caller: Caller, quote_id: str, to: str | None, name: str | None
    ) -> PaymentLink:
        """E-mail the quote's link; every sending is a message of its own."""
        caller.require(Scope.WRITE)
        return await self._send(await self.of_quote(caller, quote_id), to, name)

    async def send_again(
        self, caller: Caller, link_id: str, to: str | None, name: str | None
    ) -> PaymentLink:
        """E-mail this link and no other: a dead one is refused."""
        caller.require(Scope.WRITE)
        return await self._send(await self.get(caller, link_id), to, name)

    async def revoke(self, caller: Caller, link_id: str) -> PaymentLink:
        """Withdraw it, unless it was paid, be it a moment ago: then its status says so."""
        caller.require(Scope.WRITE)
        link = await self.get(caller, link_id)
        if link.status is LinkStatus.ACTIVE:
            await self.purchases.look_at_quote(link.tenant_id, link.quote_id)
            await self.workflows.revoke_link(_order_of(link))
        return await self.get(caller, link_id)

    async def open(self, token: str) -> str:
        """The checkout URL behind a link: the open checkout, or a fresh one where that ended."""
        link = await self.links.by_token(token)
        if link is None:
            raise NotFound(Code.LINK_NOT_FOUND, "no payment link has this token")
        if link.status is LinkStatus.PAID:
            await self.purchases.require_not_refunded(link.tenant_id, link.quote_id)
        else:  # a dead one may have been paid before it died
            await self.purchases.require_unpaid(link.tenant_id, link.quote_id)
        _require_alive(link)
        email, _ = await self.links.contact_of(link.link_id)
        owner = Caller(
            tenant_id=link.tenant_id, key_id=link.link_id, scopes=frozenset({Scope.WRITE})
        )
        purchase = await self.purchases.start(
            owner,
            PurchaseRequest(
                quote_id=link.quote_id,
                user_id=link.user_id,
                price=link.price,
                customer_email=email,
                joins_anyone=True,
            ),
        )
        assert purchase.checkout is not None  # what starts has one, or is refused
        return purchase.checkout.url

    async def _send(self, link: PaymentLink, to: str | None, name: str | None) -> PaymentLink:
        _require_alive(link)
        known, known_name = await self.links.contact_of(link.link_id)
        recipient = to or known
        order = EmailOrder(
            email_id=await self._email_id(link, recipient),
            template=EmailTemplate.PAYMENT_LINK,
            tenant_id=link.tenant_id,
            link_id=link.link_id,
            livemode=link.livemode,
        )
        greeted = name or (known_name if recipient == known else None)
        await self.emails.queue(order, recipient, greeted, datetime.now(UTC))
        fault = await self.workflows.send_link(_order_of(link), order.email_id)
        if fault is not None:
            raise Conflict(Code.PROVIDER_REFUSED, f"the mail service did not take it: {fault}")
        return link

    async def _email_id(self, link: PaymentLink, recipient: str) -> str:
        """A message to the same address that is not out yet is joined: nobody gets it twice."""
        for email in await self.emails.of_link(link.link_id):
            is_waiting = email.status in (EmailStatus.QUEUED, EmailStatus.SENDING)
            is_a_link = email.template is EmailTemplate.PAYMENT_LINK
            if is_waiting and is_a_link and email.recipient == recipient:
                return email.email_id
        return new_id("eml")

    async def _open(
        self, quote: Quote, request: LinkRequest, latest: PaymentLink | None
    ) -> PaymentLink:
        now = datetime.now(UTC)
        if latest is not None:  # its workflow may be late to end it
            await self.links.end(latest.link_id, LinkStatus.EXPIRED, now)
        number = latest.number + 1 if latest else 1
        link = PaymentLink(
            link_id=link_id_of(quote.tenant_id, quote.quote_id, number),
            tenant_id=quote.tenant_id,
            quote_id=quote.quote_id,
            number=number,
            token=secrets.token_urlsafe(24),
            user_id=request.user_id,
            product_name=quote.product_name,
            price=quote.price,
            status=LinkStatus.ACTIVE,
            livemode=quote.livemode,
            created_at=now,
            expires_at=min(now + LIFETIME, quote.payable_until),
        )
        email = request.customer_email or quote.customer_email
        name = request.customer_name or quote.customer_at(email)
        return await self.links.open(link, email, name, request.notes, now)


def _require_alive(link: PaymentLink) -> None:
    if not link.is_alive(datetime.now(UTC)):
        code = _WHY_DEAD.get(link.status, Code.LINK_EXPIRED)
        raise Gone(code, f"{link.link_id} is {code.value.removeprefix('link_')}")


def _order_of(link: PaymentLink) -> LinkOrder:
    return LinkOrder(
        link_id=link.link_id,
        tenant_id=link.tenant_id,
        quote_id=link.quote_id,
        livemode=link.livemode,
        created_at=link.created_at,
        expires_at=link.expires_at,
    )
