"""Purchases, each brought into the middle of one effect, in which the worker then dies."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum

import httpx
from pydantic import JsonValue
from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState

from domain.emails import EmailStatus
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, workflow_id_of
from domain.refunds import RefundStatus
from domain.refunds import workflow_id_of as refund_workflow_id_of
from tests.journeys.house import House, Sold
from tests.journeys.outages import frozen, kill, locked, printers_stopped
from tests.journeys.providers import MAIL, REFUNDS, SESSIONS
from tests.journeys.waiting import until

PART = 5_000  # of the price, that is refunded


class Effect(StrEnum):
    OPENING = "opening the checkout"
    REFUNDING = "making the refund"
    CANCELLING = "expiring the checkout"
    READING = "recording the payment"
    MAILING = "sending the policy"
    PRINTING = "printing the policy"
    APPROVING = "recording a person's yes"
    ADOPTING = "adopting a refund made by hand"


@dataclass(frozen=True)
class Struck:
    """``asked``: the request that was under way when the worker died, if there was one."""

    sold: Sold
    purchase_id: str = ""
    session_id: str = ""
    refund_id: str = ""
    asked: "asyncio.Task[httpx.Response] | None" = None


Story = dict[Effect, Struck]
Fault = dict[str, JsonValue]
UNANSWERED: Fault = {"kind": "timeout_after_effect"}


def late(seconds: float) -> Fault:
    return {"kind": "delay", "seconds": seconds}


@dataclass
class Stage:
    """Leads purchases to their effects one by one; the faults hold all of them open together."""

    house: House
    long: Fault
    brief: Fault
    struck: Story = field(default_factory=dict)

    async def open(self) -> None:
        sold = await self.house.quote()
        held = await self._script(self.long, "stripe", "POST", SESSIONS, sold.quote_id)
        asked = asyncio.create_task(self.house.ask_to_start(sold))
        await self.house.providers.met(held)
        self.struck[Effect.OPENING] = Struck(sold, asked=asked)

    async def refund(self) -> None:
        sold = await self.house.quote()
        bought = await self.house.bought(sold)
        held = await self._script(self.long, "stripe", "POST", REFUNDS, bought.purchase_id)
        answer = await self.house.http.post(
            f"/purchases/{bought.purchase_id}/refund", json={"amount": PART}
        )
        await self.house.providers.met(held)
        refund_id = str(answer.json()["refund_id"])
        self.struck[Effect.REFUNDING] = Struck(sold, bought.purchase_id, refund_id=refund_id)

    async def cancel(self) -> None:
        sold = await self.house.quote()
        started = await self.house.start(sold)
        path = f"{SESSIONS}/{started.session_id}/expire"
        held = await self._script(self.long, "stripe", "POST", path)
        address = f"/purchases/{started.purchase_id}/cancel"
        asked = asyncio.create_task(self.house.http.post(address))
        await self.house.providers.met(held)
        self.struck[Effect.CANCELLING] = Struck(sold, started.purchase_id, asked=asked)

    async def mail(self, word_comes_late: bool = False) -> None:
        """``word_comes_late``: the mail service's own event, which tells that it has the mail."""
        sold = await self.house.quote()
        started = await self.house.start(sold)
        if word_comes_late:
            processed: JsonValue = {"event_type": "processed", "contains": sold.customer}
            await self.house.providers.script(target="webhooks", match=processed, **late(20))
        held = await self._script(self.brief, "sendgrid", "POST", MAIL, sold.customer)
        await self._pay(Effect.MAILING, Struck(sold, started.purchase_id), started.session_id, held)

    async def read(self) -> None:
        sold = await self.house.quote()
        started = await self.house.start(sold)
        path = f"{SESSIONS}/{started.session_id}"
        held = await self._script(self.brief, "stripe", "GET", path)
        struck = Struck(sold, started.purchase_id, started.session_id)
        await self._pay(Effect.READING, struck, started.session_id, held)

    async def adopt(self) -> None:
        sold = await self.house.quote()
        bought = await self.house.bought(sold)
        held = await self._script(self.long, "stripe", "GET", f"{REFUNDS}/")
        await self.house.providers.refund_by_hand(str(bought.provider_payment_id), PART)
        await self.house.providers.met(held)
        self.struck[Effect.ADOPTING] = Struck(sold, bought.purchase_id)

    async def print(self) -> None:
        """Where the printers are stopped, the policy is being printed for as long as they are."""
        sold = await self.house.quote()
        started = await self.house.start(sold)
        await self.house.providers.pay(started.session_id)
        await under_way(self.house, started.purchase_id, "issue_policy")
        self.struck[Effect.PRINTING] = Struck(sold, started.purchase_id)

    async def _pay(self, effect: Effect, struck: Struck, session_id: str, held: str) -> None:
        await self.house.providers.pay(session_id)
        await self.house.providers.met(held)
        self.struck[effect] = struck

    async def _script(
        self, fault: Fault, target: str, method: str, path: str, contains: str = ""
    ) -> str:
        """For this purchase alone: others, which recover from an earlier death, ask as well."""
        match: JsonValue = {"method": method, "path_prefix": path, "contains": contains}
        return await self.house.providers.script(target=target, match=match, **fault)


async def before_the_effects(house: House) -> Story:
    """The worker has asked, and dies before anything has come of it."""
    stage = Stage(house, long=late(10), brief=late(10))
    for lead in (stage.adopt, stage.open, stage.refund, stage.cancel, stage.mail, stage.read):
        await lead()
    with printers_stopped(house.running):
        await stage.print()
        await kill(house.running, "worker")
    return stage.struck


async def before_the_answers(house: House) -> Story:
    """The providers have done it; neither this worker nor the next learns of that in time."""
    stage = Stage(house, long=UNANSWERED, brief=UNANSWERED)
    for lead in (stage.open, stage.refund, stage.cancel):
        await lead()
    await stage.mail(word_comes_late=True)
    await kill(house.running, "worker")
    return stage.struck


async def before_the_reports(house: House) -> Story:
    """Done, and in our rows; the worker dies before Temporal learns of it."""
    stage = Stage(house, long=late(8), brief=late(4))
    with ExitStack() as freezing:
        for lead in (stage.refund, stage.open, stage.cancel, stage.mail, stage.read):
            await lead()
        with printers_stopped(house.running):
            await stage.print()
            freezing.enter_context(frozen(house.running, "temporal"))
        await until(lambda: _are_done(house, stage.struck))
        await kill(house.running, "worker")
    return stage.struck


async def before_the_rows(house: House) -> Story:
    """The worker waits to write a row, and dies before it could."""
    stage = Stage(house, long=late(0), brief=late(2))
    await stage.read()
    reading = stage.struck[Effect.READING]
    sold = await house.quote()
    waiting = await _awaiting_approval(house)
    with locked(house.running):
        asked = asyncio.create_task(house.ask_to_start(sold))
        approved = asyncio.create_task(house.http.post(f"/refunds/{waiting.refund_id}/approve"))
        await until(lambda: _was_read(house, reading.session_id))
        await until(lambda: _is_at_work(house, refund_workflow_id_of(waiting.refund_id)))
        await kill(house.running, "worker")
    return {
        **stage.struck,
        Effect.OPENING: Struck(sold, asked=asked),
        Effect.APPROVING: replace(waiting, asked=approved),
    }


async def _awaiting_approval(house: House) -> Struck:
    large = house.running.settings.refund_approval_above_minor + PART
    sold = await house.quote(price=2 * large)
    bought = await house.bought(sold, price=2 * large)
    answer = await house.http.post(
        f"/purchases/{bought.purchase_id}/refund", json={"amount": large}
    )
    assert answer.json()["status"] == RefundStatus.AWAITING_APPROVAL
    return Struck(sold, bought.purchase_id, refund_id=str(answer.json()["refund_id"]))


async def _is_at_work(house: House, workflow_id: str) -> bool:
    """Whether a worker holds a task of this workflow, or a local step of it."""
    described = await house.temporal.get_workflow_handle(workflow_id).describe()
    task = described.raw_description.pending_workflow_task
    return task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED


async def under_way(house: House, purchase_id: str, activity: str) -> None:
    """Until a worker has begun this activity."""
    handle = house.temporal.get_workflow_handle(workflow_id_of(purchase_id))

    async def begun() -> bool:
        described = await handle.describe()
        return any(
            pending.activity_type.name == activity
            and pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            for pending in described.raw_description.pending_activities
        )

    await until(begun)


async def purchase_of(house: House, sold: Sold) -> str | None:
    """The id of the quote's purchase, once its checkout is on record."""
    answer = await house.http.get("/purchases", params={"quote_id": sold.quote_id})
    opened = [each["purchase_id"] for each in answer.json()["items"] if each["session_id"]]
    return opened[0] if opened else None


async def _are_done(house: House, struck: Story) -> bool:
    """By our rows, and for the expiry, which has none of its own, by the provider's."""
    opening, refunding = struck[Effect.OPENING], struck[Effect.REFUNDING]
    read = await house.purchase(struck[Effect.READING].purchase_id)
    mailed = await house.purchase(struck[Effect.MAILING].purchase_id)
    printed = await house.purchase(struck[Effect.PRINTING].purchase_id)
    [session] = await house.providers.sessions(struck[Effect.CANCELLING].purchase_id)
    return (
        await purchase_of(house, opening.sold) is not None
        and (await house.refund(refunding.refund_id)).status is RefundStatus.SUCCEEDED
        and session["status"] == "expired"
        and read.payment_status is PaymentStatus.COMPLETED
        and mailed.emails[0].status in (EmailStatus.ACCEPTED, EmailStatus.DELIVERED)
        and printed.policy_status is PolicyStatus.ISSUED
    )


async def _was_read(house: House, session_id: str) -> bool:
    asked = (await house.providers.recorded()).requests
    return any(each.path == f"{SESSIONS}/{session_id}" for each in asked)
