"""What each letter says, gathered from rows just before it is written."""

from dataclasses import dataclass
from typing import Protocol

from temporalio.exceptions import ApplicationError

from activities.faults import now
from activities.finance_letters import FinanceLetters
from domain.emails import (
    Attachment,
    Email,
    EmailOrder,
    EmailTemplate,
    Letter,
    email_id_of,
)
from domain.links import LinkStatus, PaymentLink
from domain.policies import Policy
from domain.purchases import PaymentStatus, Purchase
from domain.quotes import Quote
from domain.refunds import Asker, Refund, RefundStatus
from domain.views import PurchaseView
from gateways.documents import DocumentStore

# A letter about a refund is sent only while the refund stands as the letter says.
_REFUND_TOLD_BY = {
    EmailTemplate.REFUND_MADE: RefundStatus.SUCCEEDED,
    EmailTemplate.REFUND_RETURNED: RefundStatus.FAILED,
}


class EmailRecords(Protocol):
    async def get(self, email_id: str) -> Email | None: ...


class PurchaseRecords(Protocol):
    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None: ...
    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> Purchase | None: ...


class QuoteRecords(Protocol):
    async def get(self, tenant_id: str, quote_id: str) -> Quote | None: ...


class LinkRecords(Protocol):
    async def get(self, tenant_id: str, link_id: str) -> PaymentLink | None: ...
    async def latest_of_quote(self, tenant_id: str, quote_id: str) -> PaymentLink | None: ...
    async def contact_of(self, link_id: str) -> tuple[str, str | None]: ...


class RefundRecords(Protocol):
    async def get(self, tenant_id: str, refund_id: str) -> Refund | None: ...


class CustomerUrls(Protocol):
    """The addresses that letters point at."""

    def pay_url(self, link: PaymentLink) -> str: ...
    def retry_url(self, purchase_id: str) -> str: ...
    def document_url(self, policy: Policy) -> str: ...


@dataclass(frozen=True)
class Letters:
    emails: EmailRecords
    purchases: PurchaseRecords
    quotes: QuoteRecords
    links: LinkRecords
    refunds: RefundRecords
    store: DocumentStore
    urls: CustomerUrls
    finance: FinanceLetters

    async def gather(self, order: EmailOrder) -> Letter | None:
        """None when there is nothing to say any more: it was paid, revoked or given back."""
        if order.payout_id is not None:
            return await self.finance.of_payout(order, order.payout_id)
        if order.link_id is not None:
            return await self._of_link(order, order.link_id)
        if order.purchase_id is None:
            raise _unsendable("an e-mail is about a purchase or a link")
        view = await self.purchases.view(order.tenant_id, order.purchase_id)
        if view is None or view.customer_email is None:
            raise _unsendable(f"{order.purchase_id} has nobody to write to")
        quote = await self.quotes.get(view.tenant_id, view.quote_id)
        letter = Letter(
            email_id=order.email_id,
            template=order.template,
            livemode=view.livemode,
            to=view.customer_email,
            to_name=quote.customer_at(view.customer_email) if quote else None,
            product_name=view.product_name,
            price=view.price,
            pay_url=view.checkout_url,
            expires_at=view.expires_at,
            failure_reason=view.failure_reason,
        )
        if order.refund_id is not None:
            return await self._of_refund(order, order.refund_id, view, letter)
        if order.template is EmailTemplate.PAYMENT_CONFIRMATION:
            return await self._confirmation(view, letter)
        return await self._failure(view, letter)

    async def _failure(self, view: PurchaseView, letter: Letter) -> Letter | None:
        """With the checkout to try again on; where that is over, with the quote's link if any.

        Not a checkout that may be left for a backup, but our page, which leads to the latest.
        """
        latest = await self.purchases.latest_of_quote(view.tenant_id, view.quote_id)
        is_declined = view.can_retry or view.payment_status is PaymentStatus.FAILED
        if not is_declined or _is_paid_for(latest):
            return None
        if view.can_retry:
            may_move = view.route is not None and bool(view.route.failover_decline_codes)
            retry_url = self.urls.retry_url(view.purchase_id) if may_move else letter.pay_url
            return letter.model_copy(update={"pay_url": retry_url})
        link = await self.links.latest_of_quote(view.tenant_id, view.quote_id)
        if link is None or not link.is_alive(now()):
            return letter.model_copy(update={"pay_url": None, "expires_at": None})
        pay_url = self.urls.pay_url(link)
        return letter.model_copy(update={"pay_url": pay_url, "expires_at": link.expires_at})

    async def _confirmation(self, view: PurchaseView, letter: Letter) -> Letter | None:
        policy = view.policy
        if policy is None or policy.document is None:
            raise LookupError(f"{view.purchase_id} has no policy document to send")
        if policy.cancelled_at is not None:
            return None
        pdf = await self.store.get(policy.document.location)
        attachment = Attachment(
            filename=f"{policy.number}.pdf", media_type="application/pdf", content=pdf
        )
        return letter.model_copy(
            update={
                "policy_number": policy.number,
                "document_url": self.urls.document_url(policy),
                "attachments": (attachment,),
            }
        )

    async def _of_refund(
        self, order: EmailOrder, refund_id: str, view: PurchaseView, letter: Letter
    ) -> Letter | None:
        refund = await self.refunds.get(order.tenant_id, refund_id)
        if refund is None:
            raise LookupError(f"{refund_id} is missing")
        if refund.status is not _REFUND_TOLD_BY[order.template]:
            return None
        if order.template is EmailTemplate.REFUND_RETURNED and not await self._expected(refund):
            return None
        policy = view.policy if view.policy and view.policy.document else None
        return letter.model_copy(
            update={
                "refunded": refund.amount,
                "paid_too_late": refund.asker is Asker.PAYBIND,
                "policy_number": policy.number if policy else None,
                "is_covered": policy is not None and policy.cancelled_at is None,
            }
        )

    async def _expected(self, refund: Refund) -> bool:
        """One found at the provider may have failed before anybody was told that it comes."""
        if refund.asker is not Asker.PROVIDER:
            return True
        made = email_id_of(refund.refund_id, EmailTemplate.REFUND_MADE)
        return await self.emails.get(made) is not None

    async def _of_link(self, order: EmailOrder, link_id: str) -> Letter | None:
        link = await self.links.get(order.tenant_id, link_id)
        if link is None:
            raise LookupError(f"{link_id} is missing")
        is_farewell = order.template is EmailTemplate.LINK_EXPIRED
        if link.status is not (LinkStatus.EXPIRED if is_farewell else LinkStatus.ACTIVE):
            return None
        latest = await self.purchases.latest_of_quote(link.tenant_id, link.quote_id)
        if _is_paid_for(latest):
            return None
        email = await self.emails.get(order.email_id)
        to, name = await self.links.contact_of(link_id)
        return Letter(
            email_id=order.email_id,
            template=order.template,
            livemode=link.livemode,
            to=email.recipient if email else to,
            to_name=email.recipient_name if email else name,
            product_name=link.product_name,
            price=link.price,
            pay_url=self.urls.pay_url(link),
            expires_at=link.expires_at,
        )


def _is_paid_for(latest: Purchase | None) -> bool:
    """Or about to be: nobody is asked twice for the same money."""
    return latest is not None and (latest.is_paid or latest.processing)


def _unsendable(why: str) -> ApplicationError:
    return ApplicationError(why, type="Unsendable", non_retryable=True)
