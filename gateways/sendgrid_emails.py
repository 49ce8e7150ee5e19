"""E-mail through SendGrid's own SDK: one try."""

import base64
from typing import TYPE_CHECKING

from domain.emails import Message
from gateways.brand import Brand
from gateways.sendgrid_api import TIMEOUT_SECONDS, SendGridApi

if TYPE_CHECKING:
    from sendgrid.helpers.mail import Mail, TrackingSettings


class SendGridEmails:
    def __init__(
        self,
        api_key: str,
        sender: Brand,
        base_url: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._sender = sender
        self._api = SendGridApi(api_key, base_url, timeout_seconds)

    async def send(self, message: Message) -> str | None:
        return await self._api.send(_mail(message, self._sender))

    async def close(self) -> None:
        await self._api.close()


def _mail(message: Message, sender: Brand) -> "Mail":
    from sendgrid.helpers import mail as sendgrid

    mail = sendgrid.Mail(
        from_email=sendgrid.From(sender.email, sender.name),
        to_emails=sendgrid.To(message.to, message.to_name),
        subject=message.subject,
        plain_text_content=message.text,
        html_content=message.html,
    )
    mail.custom_arg = sendgrid.CustomArg("email_id", message.email_id)
    # A rewritten link would send the customer's signed URL through another house.
    mail.tracking_settings = untracked()
    for attachment in message.attachments:
        mail.add_attachment(
            sendgrid.Attachment(
                base64.b64encode(attachment.content).decode(),
                attachment.filename,
                attachment.media_type,
                "attachment",
            )
        )
    return mail


def untracked() -> "TrackingSettings":
    from sendgrid.helpers import mail as sendgrid

    return sendgrid.TrackingSettings(
        click_tracking=sendgrid.ClickTracking(False, False),
        open_tracking=sendgrid.OpenTracking(False),
    )
