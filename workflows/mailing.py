"""Sending one message for as long as it takes, and saying honestly when it could not be sent."""

from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.emails import EmailActivities
    from domain.emails import EmailOrder, EmailStatus
    from workflows import options
    from workflows.trying import FAILED, fault_of, promptly

ARRIVED = (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)
NEEDLESS = EmailStatus.SUPERSEDED.value


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
