"""The watch over one account: every payout followed to its end, by polls and by events alike.

A look costs one call for each page of payouts, however many there are; looks are hours apart.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.payouts import (
        READ_SINGLY,
        HintedPayouts,
        LookRequest,
        PageOrder,
        PayoutActivities,
        PayoutsSeen,
    )
    from domain.emails import EmailOrder, EmailTemplate
    from domain.model import Model
    from domain.payouts import (
        LookTrouble,
        PayoutAccount,
        PayoutAlert,
        PayoutAlertKind,
        PayoutReported,
        PayoutStanding,
    )
    from workflows import attributes, options
    from workflows.mailing import deliver
    from workflows.trying import FAILED, promptly, words_of
    from workflows.unknown import count_unknown
    from workflows.waiting import happens_within

STEPS_IN_A_RUN = 100  # pages and bursts of events, about a dozen events of history each
A_BURST = timedelta(seconds=10)  # events come in dozens, just after the batch
A_FLOOD = timedelta(minutes=5)  # or in hundreds, where many accounts are paid at once
_TROUBLED = "Payouts that failed or are overdue"
TEMPLATES = {
    PayoutAlertKind.FAILED: EmailTemplate.PAYOUT_FAILED,
    PayoutAlertKind.OVERDUE: EmailTemplate.PAYOUT_OVERDUE,
}


class PayoutWatch(Model):
    """What one run hands on to the next. ``looked_at`` None: nothing was looked at yet.

    ``unread`` are hints that are left to the next look; of those ``telling`` mail is on its way.
    """

    account: PayoutAccount
    looked_at: datetime | None = None
    standing: PayoutStanding | None = None
    hints: tuple[PayoutReported, ...] = ()
    unread: tuple[PayoutReported, ...] = ()
    look_is_asked: bool = False
    telling: tuple[PayoutAlert, ...] = ()


@workflow.defn
class PayoutWatchWorkflow:
    """It ends when its account is not there any more."""

    @workflow.init
    def __init__(self, watch: PayoutWatch) -> None:
        self.account = watch.account
        self.looked_at = watch.looked_at
        self.standing = watch.standing
        self.trouble = watch.standing.trouble if watch.standing else LookTrouble()
        self.hints = watch.hints
        self.unread = watch.unread
        self.look_is_asked = watch.look_is_asked
        self.review_is_over = False
        self.telling: dict[PayoutAlert, asyncio.Task[None]] = {}  # each is told once
        self.steps = 0

    @workflow.run
    async def run(self, watch: PayoutWatch) -> None:
        self._begin_to_tell(watch.telling)
        if self.standing is not None and not self.look_is_asked:
            await self._wait_for_next_look()
        while await self._look():
            await self._wait_for_next_look()
            if self.steps >= STEPS_IN_A_RUN:
                workflow.continue_as_new(self._handed_on())
        await self._wait_until_told()

    @workflow.signal
    def payout_reported(self, fact: PayoutReported) -> None:
        self.hints += (fact,)

    @workflow.signal
    def look_requested(self) -> None:
        self.look_is_asked = True

    @workflow.signal
    def review_resolved(self) -> None:
        self.review_is_over = True

    @workflow.signal(dynamic=True)
    async def unknown(self, name: str, told: Sequence[RawValue]) -> None:
        count_unknown(name)

    @workflow.query
    def current(self) -> PayoutStanding | None:
        return self.standing

    def _handed_on(self) -> PayoutWatch:
        """With its standing: the next run does not look before it is time.

        Mail may be out for days, which nothing else waits for: the next run goes on with it.
        """
        return PayoutWatch(
            account=self.account,
            looked_at=self.looked_at,
            standing=self.standing,
            hints=self.hints,
            unread=self.unread,
            look_is_asked=self.look_is_asked,
            telling=tuple(alert for alert, told in self.telling.items() if not told.done()),
        )

    async def _look(self) -> bool:
        """Page by page. False where the account is not there any more."""
        self.look_is_asked = False
        asked = self._asked_now()
        plan = await promptly(PayoutActivities.plan_look, asked)
        if plan.since is None:
            return False
        failed_before, self.trouble = self.trouble.failed_looks, LookTrouble()
        try:
            await self._read_pages(plan.since)
            await self._read_unread(plan.since)
        except FAILED as error:  # what was read stays; the next look begins where this one did
            self._fail(failed_before + 1, words_of(error))
        else:
            self.looked_at = asked.at
        await self._judge()
        return True

    async def _read_pages(self, since: datetime) -> None:
        order = PageOrder(account=self.account, since=since)
        while True:
            seen = await workflow.execute_activity_method(
                PayoutActivities.look_at_page, order, **options.LOOK_AT_PAYOUTS
            )
            self.steps += 1
            self._pass_by(seen)
            if seen.next_cursor is None:
                break
            order = order.model_copy(update={"cursor": seen.next_cursor})
        older = PageOrder(account=self.account, since=since)
        self._pass_by(
            await workflow.execute_activity_method(
                PayoutActivities.look_at_older, older, **options.READ_PAYOUTS
            )
        )

    async def _wait_for_next_look(self) -> None:
        """Meanwhile each payout that an event tells of is read by itself."""
        while self.steps < STEPS_IN_A_RUN:
            assert self.standing is not None
            left = max(self.standing.next_look_at - workflow.now(), timedelta())
            if not await happens_within(left, self._is_told_something, "the next look at payouts"):
                return
            if self.look_is_asked:
                return
            if self.hints:
                await self._read_hinted()
            self.review_is_over = False
            await self._judge()

    def _is_told_something(self) -> bool:
        return bool(self.hints) or self.look_is_asked or self.review_is_over

    async def _read_hinted(self) -> None:
        """Many at once, and what cannot be read now, are left to a look."""
        await workflow.sleep(A_BURST, summary="for what comes along with it")
        if len({each.provider_payout_id for each in self.hints}) > READ_SINGLY:
            await happens_within(A_FLOOD, lambda: self.look_is_asked, "the end of a flood")
            self.unread, self.hints = (*self.unread, *self.hints), ()
            self.look_is_asked = True
            return
        hints, self.hints = self.hints, ()
        try:
            await self._read(hints)
        except FAILED as error:
            workflow.logger.warning("payouts told of could not be read: %s", words_of(error))
            self.unread += hints

    async def _read_unread(self, since: datetime) -> None:
        """What fails is tried again with the next look, after the others."""
        while self.unread:
            some, others = self.unread[:READ_SINGLY], self.unread[READ_SINGLY:]
            self.unread = (*others, *some)
            await self._read(some, since)
            self.unread = others

    async def _read(
        self, hints: Sequence[PayoutReported], listed_since: datetime | None = None
    ) -> None:
        self.steps += 1
        hinted = HintedPayouts(
            account=self.account,
            provider_payout_ids=tuple(dict.fromkeys(each.provider_payout_id for each in hints)),
            event_ids=tuple(each.event_id for each in hints),
            listed_since=listed_since,
        )
        self._pass_by(
            await workflow.execute_activity_method(
                PayoutActivities.look_at_hinted, hinted, **options.READ_PAYOUTS
            )
        )

    def _pass_by(self, seen: PayoutsSeen) -> None:
        """One that cannot be read hides no other; a person should ask the provider about it."""
        known = dict.fromkeys((*self.trouble.unreadable, *seen.unreadable))
        self.trouble = self.trouble.model_copy(update={"unreadable": tuple(known)})
        if seen.unreadable:
            number = len(seen.unreadable)
            _count("paybind_payouts_unreadable", "Payouts passed by, at each look", number)

    def _fail(self, failed_looks: int, because: str) -> None:
        workflow.logger.warning("a look at payouts failed: %s", because)
        news = {"failed_looks": failed_looks, "because": because}
        self.trouble = self.trouble.model_copy(update=news)
        _count("paybind_payout_looks_failed", "Looks at an account's payouts that failed")

    async def _judge(self) -> None:
        judged = await promptly(PayoutActivities.judge_payouts, self._asked_now())
        self.standing = judged.model_copy(update={"trouble": self.trouble})
        needs_review = judged.needs_review or self.trouble.needs_review
        attributes.show_payouts(judged.status, needs_review)
        workflow.set_current_details(_details(self.standing))
        new = [alert for alert in judged.alerts if alert not in self.telling]
        for alert in new:
            _count("paybind_payout_alerts", _TROUBLED, kind=alert.kind)
        self._begin_to_tell(new)

    def _asked_now(self) -> LookRequest:
        return LookRequest(account=self.account, at=workflow.now(), looked_at=self.looked_at)

    def _begin_to_tell(self, alerts: Iterable[PayoutAlert]) -> None:
        self.telling |= {alert: asyncio.create_task(self._tell(alert)) for alert in alerts}

    async def _tell(self, alert: PayoutAlert) -> None:
        """What mail could not be sent for a week, the review that is open tells."""
        order = EmailOrder(
            email_id=alert.alert_id,
            template=TEMPLATES[alert.kind],
            tenant_id=self.account.tenant_id,
            payout_id=alert.payout_id,
            livemode=self.account.livemode,
        )
        await deliver(order)
        await promptly(PayoutActivities.close_alert, alert)

    async def _wait_until_told(self) -> None:
        await workflow.wait_condition(lambda: all(each.done() for each in self.telling.values()))


def _count(name: str, what: str, number: int = 1, **labels: str) -> None:
    meter = workflow.metric_meter().with_additional_attributes(labels)
    meter.create_counter(name, what).add(number)


def _details(standing: PayoutStanding) -> str:
    """In markdown, as the Temporal UI shows it."""
    trouble = standing.trouble
    lines = [f"**{standing.status}** · {standing.pending} under way"]
    if trouble.failed_looks:
        lines.append(f"- looks that failed, one after another: {trouble.failed_looks}")
        lines.append(f"- the last one: {trouble.because}")
    if trouble.unreadable:
        lines.append(f"- cannot be read: {', '.join(trouble.unreadable)}")
    return "\n".join(lines)
