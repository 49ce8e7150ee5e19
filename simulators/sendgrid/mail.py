"""`POST /v3/mail/send`: refuses what SendGrid refuses, puts the rest into the mailbox."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_RECIPIENTS = 1000
MOST_PERSONALIZATIONS = 1000
# SendGrid's documented limit for custom arguments, in bytes.
MOST_CUSTOM_ARGS = 10_000
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")

MailStatus = Literal["processed", "delivered", "bounce", "dropped"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(_Part):
    email: str
    name: str | None = None


class Personalization(_Part):
    to: list[Address] = Field(min_length=1, max_length=MOST_RECIPIENTS)
    cc: list[Address] = []
    bcc: list[Address] = []
    sender: Address | None = Field(default=None, alias="from")
    subject: str | None = None
    headers: dict[str, str] = {}
    substitutions: dict[str, str] = {}
    dynamic_template_data: dict[str, object] = {}
    custom_args: dict[str, str] = {}
    send_at: int | None = None


class Content(_Part):
    type: str = Field(min_length=1)
    value: str = Field(min_length=1)


class AttachmentPart(_Part):
    content: str = Field(min_length=1)
    filename: str = Field(min_length=1)
    type: str | None = None
    disposition: Literal["inline", "attachment"] = "attachment"
    content_id: str | None = None
    name: str | None = None


class MailSend(_Part):
    personalizations: list[Personalization] = Field(min_length=1, max_length=MOST_PERSONALIZATIONS)
    sender: Address = Field(alias="from")
    subject: str | None = None
    content: list[Content] = []
    reply_to: Address | None = None
    reply_to_list: list[Address] = []
    attachments: list[AttachmentPart] = []
    template_id: str | None = None
    headers: dict[str, str] = {}
    categories: list[str] = Field(default=[], max_length=10)
    custom_args: dict[str, str] = {}
    send_at: int | None = None
    batch_id: str | None = None
    asm: dict[str, object] | None = None
    ip_pool_name: str | None = None
    mail_settings: dict[str, object] | None = None
    tracking_settings: dict[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """`content` is base64, as it came."""

    filename: str
    type: str
    disposition: str
    content: str
    content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What one personalization asked to be sent."""

    id: str
    received: float
    sender: str
    to: list[str]
    subject: str
    text: str | None
    html: str | None
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    reply_to: str | None = None
    categories: list[str] = field(default_factory=list)
    custom_args: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    status: MailStatus = "processed"

    @property
    def recipients(self) -> list[str]:
        return [*self.to, *self.cc, *self.bcc]


@dataclass(frozen=True)
class Problem:
    message: str
    field: str | None = None


class RefusedError(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def read(body: bytes) -> MailSend:
    try:
        asked = MailSend.model_validate_json(body)
    except ValidationError as refused:
        raise RefusedError([_problem(error) for error in _located(refused)]) from None
    problems = list(_rules(asked))
    if problems:
        raise RefusedError(problems)
    return asked


def _located(refused: ValidationError) -> Iterator[tuple[str, str, str]]:
    for error in refused.errors(include_url=False):
        yield error["type"], ".".join(str(part) for part in error["loc"]), error["msg"]


def _problem(error: tuple[str, str, str]) -> Problem:
    kind, where, message = error
    if kind == "json_invalid" or not where:
        return Problem("Bad Request")
    if where == "from" and kind == "missing":
        return Problem(
            "The from object must be provided for every email send. It is an object that requires "
            "the email parameter, but may also contain a name parameter.",
            "from.email",
        )
    if where == "personalizations":
        return Problem(
            "The personalizations field is required and must have at least one personalization.",
            where,
        )
    if kind == "extra_forbidden":
        return Problem(f"Additional property {where.split('.')[-1]} is not allowed", where)
    if where.endswith(".value"):
        return Problem(
            "The content value must be a string at least one character in length.", where
        )
    return Problem(message, where)


def _rules(asked: MailSend) -> Iterator[Problem]:
    yield from _addresses(asked)
    if not asked.content and not asked.template_id:
        yield Problem(
            "Unless a valid template_id is provided, the content parameter is required. There must "
            "be at least one defined content block.",
            "content",
        )
    yield from _content_order(asked.content)
    yield from _subjects(asked)
    yield from _attachments(asked)
    for number, part in enumerate(asked.personalizations):
        arguments = asked.custom_args | part.custom_args
        if sum(len(key) + len(value) for key, value in arguments.items()) > MOST_CUSTOM_ARGS:
            where = f"personalizations.{number}.custom_args"
            yield Problem(
                "The combined size of custom arguments must be under 10,000 bytes.", where
            )


def _addresses(asked: MailSend) -> Iterator[Problem]:
    if not ADDRESS.fullmatch(asked.sender.email):
        yield Problem("The from email does not contain a valid address.", "from.email")
    for number, part in enumerate(asked.personalizations):
        seen: set[str] = set()
        for kind, addresses in (("to", part.to), ("cc", part.cc), ("bcc", part.bcc)):
            for place, address in enumerate(addresses):
                where = f"personalizations.{number}.{kind}.{place}.email"
                if not ADDRESS.fullmatch(address.email):
                    yield Problem("Does not contain a valid address.", where)
                if address.email.lower() in seen:
                    yield Problem(
                        "Each email address in the personalization block should be unique "
                        "between to, cc, and bcc.",
                        f"personalizations.{number}",
                    )
                seen.add(address.email.lower())


def _content_order(content: list[Content]) -> Iterator[Problem]:
    order = {"text/plain": 0, "text/html": 1}
    places = [order.get(part.type, 2) for part in content]
    if places != sorted(places):
        yield Problem(
            "If present, text/plain and text/html may only be provided once. If both are present, "
            "text/plain must come first.",
            "content",
        )


def _subjects(asked: MailSend) -> Iterator[Problem]:
    for part in asked.personalizations:
        if not (part.subject or asked.subject or asked.template_id):
            yield Problem(
                "The subject is required. You can get around this requirement if you use a "
                "template with a subject defined or if every personalization has a subject.",
                "subject",
            )


def _attachments(asked: MailSend) -> Iterator[Problem]:
    for number, attachment in enumerate(asked.attachments):
        try:
            base64.b64decode(attachment.content, validate=True)
        except binascii.Error:
            where = f"attachments.{number}.content"
            yield Problem("The attachment content must be base64 encoded.", where)


def letters(asked: MailSend, message_id: str, received: float) -> list[Mail]:
    """One mail for each personalization; the first carries the message's own id."""
    content = {part.type: part.value for part in asked.content}
    attachments = [
        Attachment(
            filename=part.filename,
            type=part.type or "application/octet-stream",
            disposition=part.disposition,
            content=part.content,
            content_id=part.content_id,
        )
        for part in asked.attachments
    ]
    return [
        Mail(
            id=message_id if number == 0 else f"{message_id}.{number}",
            received=received,
            sender=_written(part.sender or asked.sender),
            to=[address.email for address in part.to],
            cc=[address.email for address in part.cc],
            bcc=[address.email for address in part.bcc],
            reply_to=asked.reply_to.email if asked.reply_to else None,
            subject=part.subject or asked.subject or f"(template {asked.template_id})",
            text=content.get("text/plain"),
            html=content.get("text/html"),
            categories=asked.categories,
            custom_args=asked.custom_args | part.custom_args,
            headers=asked.headers | part.headers,
            attachments=attachments,
        )
        for number, part in enumerate(asked.personalizations)
    ]


def _written(address: Address) -> str:
    return f"{address.name} <{address.email}>" if address.name else address.email
