"""The tools for customers who pay later: save a quote, send its link, find it again."""

from dataclasses import dataclass

from domain.links import LinkStatus, PaymentLink
from domain.money import Money
from mcp_server import arguments as args
from mcp_server.answers import QuoteLink, SavedQuote, SentLink
from mcp_server.callers import Callers
from mcp_server.plain_text import plain
from services.catalogue import Services
from services.links import LinkRequest


@dataclass(frozen=True)
class LinkTools:
    services: Services
    callers: Callers

    async def save_quote_for_later(
        self,
        *,
        quote_id: args.QuoteId,
        user_id: args.UserId,
        customer_email: args.Email,
        product_name: args.ProductName,  # noqa: ARG002 - the quote's own name is what is sold
        amount: args.Amount,
        currency: args.Currency,
        policy_id: args.PolicyId | None = None,
        notes: args.Notes | None = None,
    ) -> SavedQuote:
        """Save a quote and make its payment link, valid for seven days or as long as the quote.
        Call it when the customer wants to think about it, or to pay on another device.

        Next: show payment_link_url, or call send_payment_link to e-mail it. Reminders go out on
        days 3 and 6 by themselves. Calling again with the same ids is safe: a quote has one link.
        """
        request = LinkRequest(
            quote_id=quote_id,
            user_id=user_id,
            price=Money(minor=amount, currency=currency),
            customer_email=customer_email,
            notes=_notes(notes, policy_id),
        )
        caller = await self.callers.current()
        return self._saved(await self.services.links.save(caller, request))

    async def send_payment_link(
        self,
        *,
        quote_id: args.QuoteId,
        customer_email: args.Email,
        customer_name: args.CustomerName | None = None,
    ) -> SentLink:
        """E-mail the payment link of a quote to the customer; one is made where there is none.
        Call it after save_quote_for_later, or when the customer asks for the link again.

        Every call sends a message of its own: after a time-out ask the customer before repeating.
        """
        caller = await self.callers.current()
        link = await self.services.links.send(caller, quote_id, customer_email, customer_name)
        return SentLink(
            message=f"Payment link sent to {plain(customer_email)}",
            quote_id=link.quote_id,
            email_sent_to=customer_email,
            payment_link_id=link.link_id,
            expires_at=link.expires_at,
            livemode=link.livemode,
        )

    async def get_payment_link(self, *, quote_id: args.QuoteId) -> QuoteLink:
        """Find the payment link of a quote; where there is none, or it has expired, a new one is
        made. Call it when the customer has lost the link. Calling again is safe.

        is_active false means that the quote is paid: there is nothing left to pay.
        """
        caller = await self.callers.current()
        link = await self.services.links.of_quote(caller, quote_id)
        return QuoteLink(
            quote_id=link.quote_id,
            payment_link_id=link.link_id,
            payment_link_url=self.services.urls.pay_url(link),
            expires_at=link.expires_at,
            livemode=link.livemode,
            is_active=link.status is LinkStatus.ACTIVE,
            status=link.status,
            message=_about(link),
        )

    def _saved(self, link: PaymentLink) -> SavedQuote:
        days = (link.expires_at - link.created_at).days
        return SavedQuote(
            quote_id=link.quote_id,
            payment_link_id=link.link_id,
            payment_link_url=self.services.urls.pay_url(link),
            expires_at=link.expires_at,
            livemode=link.livemode,
            message=f"Quote saved! Payment link valid for {days} days.",
        )


def _notes(notes: str | None, policy_id: str | None) -> str | None:
    """The chosen policy has no room of its own: it gets its real id when the quote is paid."""
    chosen = f"chosen policy: {policy_id}" if policy_id else None
    return "\n".join(filter(None, (notes, chosen))) or None


def _about(link: PaymentLink) -> str:
    if link.status is LinkStatus.ACTIVE:
        return f"Give the customer the payment_link_url; it works until {link.expires_at:%d %B %Y}."
    return f"This link is {link.status} and cannot be paid any more."
