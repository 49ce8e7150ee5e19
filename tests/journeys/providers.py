"""Stripe and SendGrid as the journeys steer and question them: the simulators' own doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, JsonValue, TypeAdapter

from tests.journeys.waiting import until

GOOD_CARD = "4242424242424242"
NO_FUNDS = "4000000000009995"
DISPUTED = "4000000000000259"
REFUND_FAILS_LATER = "4000000000005126"
REFUND_SETTLES_LATER = "4000000000007726"

SESSIONS = "/v1/checkout/sessions"
REFUNDS = "/v1/refunds"
MAIL = "/v3/mail/send"
_KEY = {"Authorization": "Bearer sk_test_simulated"}


class Attachment(BaseModel):
    filename: str
    sha256: str


class Mail(BaseModel):
    id: str
    to: list[str]
    subject: str
    text: str
    custom_args: dict[str, str]
    attachments: list[Attachment]


class Asked(BaseModel):
    """One request of the product's, and its answer."""

    api: str
    method: str
    path: str
    query: str
    form: str
    status: int
    fault: str | None
    account: str | None = None  # the end of its key
    answer: JsonValue


class Delivery(BaseModel):
    event_types: list[str]
    attempt: int
    status: int


class Recorded(BaseModel):
    requests: list[Asked]
    events: list[dict[str, JsonValue]]
    deliveries: list[Delivery]


class Paid(BaseModel):
    result: str
    redirect_url: str | None
    message: str | None


class Listed(BaseModel):
    data: list[dict[str, JsonValue]]
    has_more: bool


@dataclass(frozen=True)
class Providers:
    http: httpx.AsyncClient

    async def pay(self, session_id: str, card: str = GOOD_CARD) -> Paid:
        return await self._pay({"session_id": session_id, "card": card})

    async def pay_by_bank(self, session_id: str, fate: str) -> Paid:
        """``fate``: settles_later or fails_later."""
        return await self._pay({"session_id": session_id, "method": fate})

    async def _pay(self, payment: dict[str, str]) -> Paid:
        answer = await self._post("/_simulator/pay", payment)
        return Paid.model_validate_json(answer.content)

    async def settle(self) -> None:
        """What banks decide later, they decide now."""
        await self._post("/_simulator/settle", None)

    async def expire(self, session_id: str) -> None:
        await self._post("/_simulator/expire", {"session_id": session_id})

    async def script(self, **fault: JsonValue) -> str:
        """The id of a failure that the next matching request or webhook will meet."""
        return str((await self._post("/_simulator/faults", fault)).json()["id"])

    async def met(self, fault: str) -> None:
        """Until somebody has met this failure."""

        async def waiting() -> set[str]:
            answer = await self.http.get("/_simulator/faults")
            return {each["id"] for each in answer.json()["faults"]}

        await until(waiting, lambda ids: fault not in ids)

    @asynccontextmanager
    async def failing(self, **fault: JsonValue) -> AsyncIterator[None]:
        """For as long as the block lasts."""
        scripted = await self.script(**{"times": 1000, **fault})
        try:
            yield
        finally:
            await self.http.delete(f"/_simulator/faults/{scripted}")

    async def recorded(self) -> Recorded:
        return Recorded.model_validate_json((await self.http.get("/_simulator/log")).content)

    async def turned_away(self) -> bool:
        """Whether the latest webhook was answered with 503: it will be sent again."""
        tried = (await self.recorded()).deliveries
        return bool(tried) and tried[-1].status == 503

    async def charges(self, purchase_id: str) -> list[str]:
        """The ids of all that was ever charged for a purchase."""
        return [
            str(subject["id"])
            for kind, subject in await self._told_about(purchase_id)
            if kind == "charge.succeeded"
        ]

    async def _told_about(self, purchase_id: str) -> list[tuple[str, dict[str, JsonValue]]]:
        found = []
        for event in (await self.recorded()).events:
            subject = _EVENT_DATA.validate_python(event["data"])["object"]
            metadata = subject.get("metadata")
            if isinstance(metadata, dict) and metadata.get("purchase_id") == purchase_id:
                found.append((str(event["type"]), subject))
        return found

    async def sessions(self, purchase_id: str) -> list[dict[str, JsonValue]]:
        return [
            session
            for session in await self._all(SESSIONS)
            if session["client_reference_id"] == purchase_id
        ]

    async def refunds(self, payment_id: str) -> list[dict[str, JsonValue]]:
        return await self._all(REFUNDS, payment_intent=payment_id)

    async def refund_by_hand(self, payment_id: str, amount: int) -> None:
        """As somebody does in the provider's dashboard."""
        wanted = {"payment_intent": payment_id, "amount": str(amount)}
        answer = await self.http.post(REFUNDS, data=wanted, headers=_KEY)
        assert answer.is_success, answer.text

    async def mails_to(self, address: str) -> list[Mail]:
        """Oldest first."""
        answer = await self.http.get("/_simulator/mailbox", params={"to": address})
        return _MAILS.validate_python(answer.json()["messages"])[::-1]

    async def _all(self, path: str, **asked: str) -> list[dict[str, JsonValue]]:
        answer = await self.http.get(path, params={"limit": 100, **asked}, headers=_KEY)
        listed = Listed.model_validate_json(answer.content)
        assert not listed.has_more, "more than one page"
        return listed.data

    async def _post(self, path: str, body: JsonValue | dict[str, str]) -> httpx.Response:
        answer = await self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer


_MAILS = TypeAdapter(list[Mail])
_EVENT_DATA = TypeAdapter(dict[str, dict[str, JsonValue]])
