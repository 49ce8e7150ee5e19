"""Sending one message for as long as it takes, and saying honestly when it could not be sent."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.emails import EmailActivities
    from domain.emails import EmailOrder, EmailStatus
    from workflows import options
    from workflows.trying import fault_of, promptly

ARRIVED = (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)


async def deliver(order: EmailOrder) -> str | None:
    """Why the message is not on its way, or None when it is. A mail outage is waited out."""
    try:
        status = await promptly(EmailActivities.send_email, order, options.DELIVER_MAIL)
    except ActivityError as error:
        fault = fault_of(error) or "no answer for a week"
        workflow.logger.warning("%s was not sent: %s", order.email_id, fault)
        return fault
    return None if status in ARRIVED else status.value
