"""Telling customers: the row first, then one message, and never a second on a guess.

A mail service has no idempotency key. When its answer was lost, the row stays ``sending`` and
the signed delivery events decide: only after ``UNKNOWN_WINDOW`` without any is another message
sent, under a new id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.faults import now, told_to_temporal
from domain.emails import (
    Attachment,
    Email,
    EmailOrder,
    EmailStatus,
    EmailTemplate,
    Letter,
    Message,
    email_id_of,
)
from domain.errors import Code, Invalid
from domain.links import PaymentLink
from domain.policies import Policy
from domain.refunds import Asker, Refund
from domain.views import PurchaseView
from gateways.documents import DocumentStore
from gateways.emails import EmailGateway
from gateways.faults import GatewayFault, OutcomeUnknown

UNKNOWN_WINDOW = timedelta(minutes=15)


class EmailRecords(Protocol):
    async def queue(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> Email: ...
    async def get(self, email_id: str) -> Email | None: ...
    async def begin_try(self, email_id: str, at: datetime) -> Email: ...
    async def put_back(self, email_id: str, error: str, at: datetime) -> None: ...
    async def mark_accepted(
        self, email_id: str, provider_message_id: str | None, at: datetime
    ) -> None: ...
    async def supersede(self, email_id: str, at: datetime) -> None: ...


class PurchaseRecords(Protocol):
    async def view(self, tenant_id: str, purchase_id: str) -> PurchaseView | None: ...


class PolicyRecords(Protocol):
    async def mark_delivered(self, purchase_id: str, at: datetime) -> None: ...


class LinkRecords(Protocol):
    async def get(self, tenant_id: str, link_id: str) -> PaymentLink | None: ...
    async def contact_of(self, link_id: str) -> tuple[str, str | None]: ...


class RefundRecords(Protocol):
    async def get(self, tenant_id: str, refund_id: str) -> Refund | None: ...


class LetterWriter(Protocol):
    def write(self, letter: Letter) -> Message: ...


class CustomerUrls(Protocol):
    """The addresses that letters point at."""

    def pay_url(self, link: PaymentLink) -> str: ...
    def document_url(self, policy: Policy) -> str: ...


@dataclass(frozen=True)
class EmailActivities:
    emails: EmailRecords
    purchases: PurchaseRecords
    policies: PolicyRecords
    links: LinkRecords
    refunds: RefundRecords
    store: DocumentStore
    writer: LetterWriter
    gateway: EmailGateway
    urls: CustomerUrls

    @activity.defn
    async def send_email(self, order: EmailOrder) -> EmailStatus:
        """Send one message, or find that it was sent. Marks a confirmed policy delivered."""
        with told_to_temporal():
            letter = await self._letter(order)
            email = await self._queued(order, letter)
            if email.status is EmailStatus.QUEUED:
                email = await self._send(email, letter)
            await self._settle(order, email)
            return email.status

    async def _queued(self, order: EmailOrder, letter: Letter) -> Email:
        """The row to send by: the order's own, or the one that took an unknown one's place."""
        email = await self.emails.queue(order, letter.to, letter.to_name, now())
        number = 1
        while email.status in (EmailStatus.SENDING, EmailStatus.SUPERSEDED):
            if email.status is EmailStatus.SENDING:
                await self._give_up_on(email)
            number += 1
            successor = order.model_copy(
                update={"email_id": email_id_of(order.email_id, order.template, number)}
            )
            email = await self.emails.queue(successor, letter.to, letter.to_name, now())
        return email

    async def _give_up_on(self, email: Email) -> None:
        """Wait for the delivery event of a message whose sending was cut off; then let it go."""
        since = email.sending_since or email.updated_at
        if now() - since < UNKNOWN_WINDOW:
            raise OutcomeUnknown(f"{email.email_id} may have been sent: awaiting its events")
        await self.emails.supersede(email.email_id, now())

    async def _send(self, email: Email, letter: Letter) -> Email:
        tried = await self.emails.begin_try(email.email_id, now())
        if tried.tries == email.tries:  # another try was faster
            raise OutcomeUnknown(f"{email.email_id} is being sent elsewhere")
        message = self.writer.write(letter.model_copy(update={"email_id": email.email_id}))
        try:
            provider_message_id = await self.gateway.send(message)
        except OutcomeUnknown:
            raise
        except GatewayFault as fault:  # it was certainly not sent
            await self.emails.put_back(email.email_id, type(fault).__name__, now())
            raise
        await self.emails.mark_accepted(email.email_id, provider_message_id, now())
        return tried.model_copy(update={"status": EmailStatus.ACCEPTED})

    async def _settle(self, order: EmailOrder, email: Email) -> None:
        arrived = email.status in (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)
        confirms = order.template is EmailTemplate.PAYMENT_CONFIRMATION
        if arrived and confirms and order.purchase_id is not None:
            await self.policies.mark_delivered(order.purchase_id, now())

    async def _letter(self, order: EmailOrder) -> Letter:
        if order.link_id is not None:
            return await self._link_letter(order, order.link_id)
        if order.purchase_id is None:
            raise ApplicationError("an e-mail is about a purchase or a link", non_retryable=True)
        view = await self.purchases.view(order.tenant_id, order.purchase_id)
        if view is None or view.customer_email is None:
            raise Invalid(Code.INVALID_EMAIL, f"{order.purchase_id} has nobody to write to")
        letter = Letter(
            email_id=order.email_id,
            template=order.template,
            to=view.customer_email,
            product_name=view.product_name,
            price=view.price,
            pay_url=view.checkout_url,
            expires_at=view.expires_at,
            failure_reason=view.failure_reason,
        )
        if order.refund_id is not None:
            return await self._refund_letter(order, order.refund_id, letter)
        if order.template is EmailTemplate.PAYMENT_CONFIRMATION:
            return await self._confirmation(view, letter)
        return letter

    async def _confirmation(self, view: PurchaseView, letter: Letter) -> Letter:
        policy = view.policy
        if policy is None or policy.document is None:
            raise LookupError(f"{view.purchase_id} has no policy document to send")
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

    async def _refund_letter(self, order: EmailOrder, refund_id: str, letter: Letter) -> Letter:
        refund = await self.refunds.get(order.tenant_id, refund_id)
        if refund is None:
            raise LookupError(f"{refund_id} is missing")
        return letter.model_copy(
            update={"refunded": refund.amount, "paid_too_late": refund.asker is Asker.PAYBIND}
        )

    async def _link_letter(self, order: EmailOrder, link_id: str) -> Letter:
        link = await self.links.get(order.tenant_id, link_id)
        if link is None:
            raise LookupError(f"{link_id} is missing")
        email = await self.emails.get(order.email_id)
        to, name = await self.links.contact_of(link_id)
        return Letter(
            email_id=order.email_id,
            template=order.template,
            to=email.recipient if email else to,
            to_name=email.recipient_name if email else name,
            product_name=link.product_name,
            price=link.price,
            pay_url=self.urls.pay_url(link),
            expires_at=link.expires_at,
        )
