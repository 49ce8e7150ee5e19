"""The port to a mail service."""

from typing import Protocol

from domain.emails import Message


class EmailGateway(Protocol):
    """Raises only what ``gateways/faults.py`` draws."""

    async def send(self, message: Message) -> str | None:
        """Hand one message over and give the mail service's own id for it.

        A mail service has no idempotency: after ``OutcomeUnknown`` do not simply repeat.
        """
        ...
