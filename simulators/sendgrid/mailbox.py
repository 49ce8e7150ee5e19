"""The mailbox: what was sent, for people to look at and for tests to read."""

import base64
import hashlib
from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict

from simulators.pages import render
from simulators.sendgrid.mail import Attachment, Mail
from simulators.store import Table

SHOWN = 200


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


class Mailbox(BaseModel):
    """Newest first."""

    model_config = ConfigDict(frozen=True)

    messages: list[MailView]


def router(mails: Table[Mail]) -> APIRouter:
    routes = APIRouter(tags=["mailbox"])

    @routes.get("/_simulator/mailbox")
    async def mailbox(to: str | None = None, limit: int = 1000) -> Mailbox:
        """What was sent, newest first, as JSON; `to` narrows to one recipient."""
        wanted = [mail for mail in mails.newest_first() if to is None or to in mail.recipients]
        return Mailbox(messages=[_view(mail) for mail in wanted[:limit]])

    @routes.get("/mailbox", response_class=Response)
    async def show_mailbox() -> Response:
        """What was sent, for people."""
        newest = [mail for mail, _ in zip(mails.newest_first(), range(SHOWN), strict=False)]
        return render("mailbox.html", mails=newest, count=len(mails), moment=_moment)

    @routes.get("/mailbox/{mail_id}", response_class=Response)
    async def show_mail(mail_id: str) -> Response:
        """One message with its attachments."""
        mail = mails.get(mail_id)
        if mail is None:
            return render("no_such_page.html", 404)
        return render("mail.html", mail=mail, view=_view(mail), moment=_moment)

    @routes.get("/mailbox/{mail_id}/html", response_class=Response)
    async def show_html(mail_id: str) -> Response:
        """The HTML part alone; it may run no script and load nothing from elsewhere."""
        mail = _found(mails, mail_id)
        policy = (
            "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        )
        headers = {"Content-Security-Policy": policy}
        return Response(mail.html or "", headers=headers, media_type="text/html")

    @routes.get("/mailbox/{mail_id}/attachments/{number}", response_class=Response)
    async def download(mail_id: str, number: int) -> Response:
        """One attachment, as it was sent."""
        attachments = _found(mails, mail_id).attachments
        if not 0 <= number < len(attachments):
            raise HTTPException(404, "No such attachment.")
        attachment = attachments[number]
        name = quote(attachment.filename)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(_content(attachment), headers=headers, media_type=attachment.type)

    return routes


def _found(mails: Table[Mail], mail_id: str) -> Mail:
    mail = mails.get(mail_id)
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
