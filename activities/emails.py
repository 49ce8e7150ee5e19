"""Telling customers: the row first, then one message, and never a second on a guess.

A mail service has no idempotency key. When its answer was lost, the row stays ``sending`` and
the signed delivery events decide: only after ``UNKNOWN_WINDOW`` without any is another message
sent, under a new id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from activities.letters import Letters
from domain.emails import (
    Email,
    EmailOrder,
    EmailStatus,
    EmailTemplate,
    Letter,
    Message,
    email_id_of,
)
from gateways.emails import EmailGateway, LetterWriter
from gateways.faults import GatewayFault, OutcomeUnknown

UNKNOWN_WINDOW = timedelta(minutes=15)
_UNDER_WAY = (EmailStatus.QUEUED, EmailStatus.SENDING)  # by another try


class EmailRecords(Protocol):
    async def begin(
        self, order: EmailOrder, recipient: str, recipient_name: str | None, at: datetime
    ) -> tuple[Email, bool]: ...
    async def put_back(self, email_id: str, error: str, at: datetime) -> None: ...
    async def mark_accepted(
        self, email_id: str, provider_message_id: str | None, at: datetime
    ) -> Email: ...
    async def supersede(self, email_id: str, at: datetime) -> None: ...


class PolicyRecords(Protocol):
    async def mark_delivered(self, purchase_id: str, email_id: str, at: datetime) -> None: ...


@dataclass(frozen=True)
class EmailActivities:
    emails: EmailRecords
    policies: PolicyRecords
    letters: Letters
    writer: LetterWriter
    gateway: EmailGateway
    clock: Callable[[], datetime] = now

    @activity.defn
    async def send_email(self, order: EmailOrder) -> EmailStatus:
        """Send one message, or find that it was sent, or needless (``superseded``).

        Marks a confirmed policy delivered.
        """
        with told_to_temporal():
            letter = await self.letters.gather(order)
            if letter is None:
                return EmailStatus.SUPERSEDED
            email = await self._sent(order, letter)
            await self._settle(order, email)
            return email.status

    async def _sent(self, order: EmailOrder, letter: Letter) -> Email:
        """The order's own message, or the one that took an unknown one's place; sent now or before.

        It is written first: what cannot be written is never marked as being sent.
        """
        wanted, number = order, 1
        while True:
            message = self.writer.write(letter.model_copy(update={"email_id": wanted.email_id}))
            email, is_ours = await self.emails.begin(
                wanted, letter.to, letter.to_name, self.clock()
            )
            if is_ours:
                return await self._send(message)
            if email.status in _UNDER_WAY:
                await self._give_up_on(email)  # and look again: its event may have come just now
            elif email.status is EmailStatus.SUPERSEDED:
                number += 1
                email_id = email_id_of(order.email_id, order.template, number)
                wanted = order.model_copy(update={"email_id": email_id})
            else:
                return email

    async def _give_up_on(self, email: Email) -> None:
        """Wait for the delivery event of a message whose sending was cut off; then let it go."""
        since = email.sending_since or email.updated_at
        if self.clock() - since < UNKNOWN_WINDOW:
            raise OutcomeUnknown(f"{email.email_id} may have been sent: awaiting its events")
        await self.emails.supersede(email.email_id, self.clock())

    async def _send(self, message: Message) -> Email:
        try:
            provider_message_id = await self.gateway.send(message)
        except OutcomeUnknown:
            raise
        except GatewayFault as fault:  # it was certainly not sent
            await self.emails.put_back(message.email_id, type(fault).__name__, self.clock())
            raise
        return await self.emails.mark_accepted(message.email_id, provider_message_id, self.clock())

    async def _settle(self, order: EmailOrder, email: Email) -> None:
        arrived = email.status in (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)
        confirms = order.template is EmailTemplate.PAYMENT_CONFIRMATION
        if arrived and confirms and order.purchase_id is not None:
            await self.policies.mark_delivered(order.purchase_id, email.email_id, self.clock())
