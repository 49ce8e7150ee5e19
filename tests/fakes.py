"""The world outside, in memory: a clock, a mail service, a printer, a store and our addresses."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from domain.emails import Letter, Message
from domain.links import PaymentLink
from domain.policies import Policy, PolicySheet
from gateways.documents import UnprintableSheet
from gateways.faults import GatewayFault, OutcomeUnknown


def _nothing_happens() -> None:
    """Nobody acts between a look at the clock and what is done after it."""


class FakeClock:
    """Now, and as far ahead as a test has moved it. Every look is a moment later than the last."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.before_look: Callable[[], object] = _nothing_happens

    def __call__(self) -> datetime:
        moment = self.moment()
        self.before_look()
        return moment

    def moment(self) -> datetime:
        self.ahead += timedelta(microseconds=1)
        return datetime.now(UTC) + self.ahead

    def move(self, by: timedelta) -> None:
        self.ahead += by


def _hear_nothing(message: Message) -> None:
    """No event overtakes the answer."""


class FakeMail:
    """A mail service. ``fault`` stands until it is taken away; ``lost_answers`` counts down."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.tries = 0
        self.fault: GatewayFault | None = None
        self.lost_answers = 0
        self.on_send: Callable[[Message], object] = _hear_nothing

    async def send(self, message: Message) -> str | None:
        self.tries += 1
        if self.fault is not None:
            raise self.fault.with_traceback(None)
        self.sent.append(message)
        self.on_send(message)
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutcomeUnknown("the mail service gave no answer")
        return f"sg_{len(self.sent)}"

    def subjects(self) -> list[str]:
        return [message.subject for message in self.sent]


class FakeWriter:
    """Writes the template's name as the subject and what can be checked as the text."""

    def __init__(self) -> None:
        self.defect = False

    def write(self, letter: Letter) -> Message:
        if self.defect:
            raise ValueError("the template does not fit the letter")
        return Message(
            email_id=letter.email_id,
            to=letter.to,
            to_name=letter.to_name,
            subject=letter.template,
            text=f"{letter.product_name} {letter.price} late={letter.paid_too_late}",
            html="",
            attachments=letter.attachments,
        )


class FakePrinter:
    """``defect`` makes every sheet unprintable; ``hold`` keeps a sheet in the press."""

    def __init__(self, layout: str = "") -> None:
        self.layout = layout
        self.defect: str | None = None
        self.printed: list[str] = []
        self.verify_urls: dict[str, str] = {}  # by policy number, as the sheet gave them
        self.is_asked = False
        self._gate = asyncio.Event()
        self._gate.set()

    async def print_policy(self, sheet: PolicySheet) -> bytes:
        self.is_asked = True
        await self._gate.wait()
        if self.defect is not None:
            raise UnprintableSheet(self.defect)
        self.printed.append(sheet.number)
        self.verify_urls[sheet.number] = sheet.verify_url
        return f"%PDF {sheet.number} {sheet.quote.product_name}{self.layout}".encode()

    def hold(self) -> None:
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()


class FakeStore:
    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def put(self, location: str, content: bytes) -> None:
        assert self.documents.get(location, content) == content, "a document never changes"
        self.documents[location] = content

    async def get(self, location: str) -> bytes:
        return self.documents[location]


class FakeUrls:
    def success_url(self, purchase_id: str) -> str:
        return f"https://paybind.example/success/{purchase_id}"

    def cancel_url(self, purchase_id: str) -> str:
        return f"https://paybind.example/cancel/{purchase_id}"

    def retry_url(self, purchase_id: str) -> str:
        return f"https://paybind.example/cancel?purchase={purchase_id}"

    def pay_url(self, link: PaymentLink) -> str:
        return f"https://paybind.example/pay/{link.token}"

    def document_url(self, policy: Policy) -> str:
        return f"https://paybind.example/documents/{policy.number}"
