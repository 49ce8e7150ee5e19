"""The ports to the writer of letters and to a mail service."""

from typing import Protocol

from domain.emails import Letter, Message


class IncompleteLetter(Exception):
    """Something is missing that its reader needs to do as it asks: a person must look."""


class LetterWriter(Protocol):
    def write(self, letter: Letter) -> Message:
        """Subject, text and HTML. Raises ``IncompleteLetter``."""
        ...


class EmailGateway(Protocol):
    """Raises only what ``gateways/faults.py`` draws."""

    async def send(self, message: Message) -> str | None:
        """Hand one message over and give the mail service's own id for it.

        A mail service has no idempotency: after ``OutcomeUnknown`` do not simply repeat.
        """
        ...
