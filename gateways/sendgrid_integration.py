"""SendGrid as an integration: a tenant's own key and sender, and plain letters by them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.connections import JsonObject
from domain.integrations import Credentials
from domain.model import Model
from gateways.faults import OutcomeUnknown, RefusedByProvider
from gateways.integrations import Ability, Ask, Done
from gateways.sendgrid_api import SendGridApi
from gateways.sendgrid_emails import untracked

if TYPE_CHECKING:
    from sendgrid.helpers.mail import Mail

UNKNOWN = "outcome_unknown"


@dataclass(frozen=True)
class SendGridProvider:
    """``api_base`` None is SendGrid's own."""

    api_base: str | None = None

    @property
    def credentials_schema(self) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "api_key": {
                    "type": "string",
                    "pattern": "^SG\\.[A-Za-z0-9_.-]+$",
                    "maxLength": 255,
                },
                "from_email": {"type": "string", "format": "email", "maxLength": 320},
                "from_name": {"type": "string", "pattern": "^[^\\r\\n]+$", "maxLength": 128},
            },
            "required": ["api_key", "from_email"],
            "additionalProperties": False,
        }

    @property
    def secret_field(self) -> str:
        return "api_key"

    def livemode_of(self, _: Credentials, /) -> None:
        """Its keys are of no mode: each of them sends."""

    def connect(self, credentials: Credentials, /) -> "SendGridIntegration":
        api = SendGridApi(credentials["api_key"], self.api_base)
        return SendGridIntegration(api, credentials["from_email"], credentials.get("from_name"))


@dataclass(frozen=True)
class SendGridIntegration:
    api: SendGridApi
    from_email: str
    from_name: str | None
    payments: None = None

    @property
    def abilities(self) -> dict[str, Ability]:
        return {"SEND_EMAIL": self.send_email}

    async def send_email(self, ask: Ask, /) -> Done:
        """SendGrid knows no idempotency keys, and cannot be asked for what it took: where an answer
        was lost, the execution ends with that word, and the letter is not sent a second time.
        """
        if ask.repeated:
            raise _not_sent_again()
        try:
            message_id = await self.api.send(self._mail(ask))
        except OutcomeUnknown:
            raise _not_sent_again() from None
        return Done(result={"message_id": message_id})

    def _mail(self, ask: Ask) -> "Mail":
        from sendgrid.helpers import mail as sendgrid

        letter = _Letter.model_validate(dict(ask.parameters))
        mail = sendgrid.Mail(
            from_email=sendgrid.From(self.from_email, self.from_name),
            to_emails=sendgrid.To(letter.to),
            subject=letter.subject,
            plain_text_content=letter.text,
        )
        mail.custom_arg = sendgrid.CustomArg("execution_id", ask.execution_id)
        mail.tracking_settings = untracked()
        return mail

    async def probe(self) -> None:
        await self.api.require_right_to_send()

    async def close(self) -> None:
        await self.api.close()


class _Letter(Model):
    to: str
    subject: str
    text: str


def _not_sent_again() -> RefusedByProvider:
    """A definite end, though not a definite no."""
    message = (
        "SendGrid gave no answer and may have taken the letter: look for it there (Activity, "
        "custom argument execution_id) before it is sent by another execution"
    )
    return RefusedByProvider(message, UNKNOWN)
