"""The mailbox: what was sent, for people to look at and for tests to read."""

import base64
import hashlib
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict

from simulators.pages import render
from simulators.sendgrid.mail import Attachment, Mail
from simulators.store import Table

SHOWN = 200
HTML_POLICY = "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class AttachmentView(BaseModel):
    model_config = ConfigDict(frozen=True)

    filename: str
    type: str
    size: int
    sha256: str


class MailView(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    received: float
    sender: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    status: str
    categories: list[str]
    custom_args: dict[str, str]
    text: str | None
    html: str | None
    attachments: list[AttachmentView]


class Messages(BaseModel):
    """Newest first."""

    model_config = ConfigDict(frozen=True)

    messages: list[MailView]


class Mailbox:
    def __init__(self, mails: Table[Mail]) -> None:
        self._mails = mails
        self.router = APIRouter(tags=["mailbox"])
        add = self.router.add_api_route
        add("/_simulator/mailbox", self.list_messages)
        add("/mailbox", self.show, response_class=Response)
        add("/mailbox/{mail_id}", self.show_message, response_class=Response)
        add("/mailbox/{mail_id}/html", self.show_html, response_class=Response)
        add("/mailbox/{mail_id}/attachments/{number}", self.download, response_class=Response)

    async def list_messages(self, to: str | None = None, limit: int = 1000) -> Messages:
        """What was sent, newest first, as JSON; `to` narrows to one recipient."""
        wanted = (m for m in self._mails.newest_first() if to is None or to in m.recipients)
        return Messages(messages=[_view(mail) for mail in islice(wanted, limit)])

    async def show(self) -> Response:
        """What was sent, for people."""
        newest = list(islice(self._mails.newest_first(), SHOWN))
        return render("mailbox.html", mails=newest, count=len(self._mails), moment=_moment)

    async def show_message(self, mail_id: str) -> Response:
        """One message with its attachments."""
        mail = self._mails.get(mail_id)
        if mail is None:
            return render("no_such_page.html", 404)
        return render("mail.html", mail=mail, view=_view(mail), moment=_moment)

    async def show_html(self, mail_id: str) -> Response:
        """The HTML part alone; it may run no script and load nothing from elsewhere."""
        headers = {"Content-Security-Policy": HTML_POLICY}
        html = self._found(mail_id).html
        return Response(html or "", headers=headers, media_type="text/html")

    async def download(self, mail_id: str, number: int) -> Response:
        """One attachment, as it was sent."""
        attachments = self._found(mail_id).attachments
        if not 0 <= number < len(attachments):
            raise HTTPException(404, "No such attachment.")
        attachment = attachments[number]
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.filename)}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(_content(attachment), headers=headers, media_type=attachment.type)

    def _found(self, mail_id: str) -> Mail:
        mail = self._mails.get(mail_id)
        if mail is None:
            raise HTTPException(404, "No such message.")
        return mail


def _content(attachment: Attachment) -> bytes:
    return base64.b64decode(attachment.content)


def _moment(received: float) -> str:
    return datetime.fromtimestamp(received, UTC).strftime("%d %b %Y, %H:%M UTC")


def _view(mail: Mail) -> MailView:
    return MailView(
        id=mail.id,
        received=mail.received,
        sender=mail.sender,
        to=mail.to,
        cc=mail.cc,
        bcc=mail.bcc,
        subject=mail.subject,
        status=mail.status,
        categories=mail.categories,
        custom_args=mail.custom_args,
        text=mail.text,
        html=mail.html,
        attachments=[_attachment_view(attachment) for attachment in mail.attachments],
    )


def _attachment_view(attachment: Attachment) -> AttachmentView:
    content = _content(attachment)
    return AttachmentView(
        filename=attachment.filename,
        type=attachment.type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
