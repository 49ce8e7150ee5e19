"""Sending one message for as long as it takes, and saying honestly when it could not be sent."""

import asyncio
from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.emails import EmailActivities
    from domain.emails import EmailOrder, EmailStatus
    from workflows import options
    from workflows.trying import FAILED, fault_of, promptly

ARRIVED = (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)
NEEDLESS = EmailStatus.SUPERSEDED.value


class Letters:
    """Messages on their way, which only a run's end waits for.

    A mail outage keeps nothing from being seen that is told meanwhile, and a message that became
    needless is not sent any more.
    """

    def __init__(self) -> None:
        self._sendings: dict[str, asyncio.Task[str | None]] = {}  # by message: each is sent once

    def send(self, order: EmailOrder) -> None:
        if order.email_id not in self._sendings:
            self._sendings[order.email_id] = asyncio.create_task(deliver(order))

    @property
    def are_out(self) -> bool:
        return all(sending.done() for sending in self._sendings.values())


async def deliver(order: EmailOrder, when_delayed: Callable[[], None] | None = None) -> str | None:
    """Why the message is not on its way, or None when it is. A mail outage is waited out.

    ``when_delayed`` runs when the first try failed and patience begins.
    """
    try:
        status = await promptly(
            EmailActivities.send_email, order, options.DELIVER_MAIL, when_delayed
        )
    except FAILED as error:
        fault = fault_of(error) or "no answer for a week"
        workflow.logger.warning("%s was not sent: %s", order.email_id, fault)
        return fault
    return None if status in ARRIVED else status.value
