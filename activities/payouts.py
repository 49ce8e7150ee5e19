"""Payouts looked at: a page at a time, or one by one; what is seen goes into rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.model import Model
from domain.payout_times import next_look_after
from domain.payouts import (
    PayoutAccount,
    PayoutAlert,
    PayoutGroup,
    PayoutSnapshot,
    PayoutStanding,
    status_shown,
)
from gateways.faults import UNREADABLE, OutcomeUnknown, RefusedByProvider
from gateways.payouts import PayoutGateway, PayoutGateways

FIRST_LOOK_BACK = timedelta(days=30)
SENT_BACK_WITHIN = timedelta(days=7)  # what banks send back after it was paid
# Older ones that are still under way are read one by one, so that one of them makes no list long.
LISTED_BACK = timedelta(days=14)
OVERLAP = timedelta(hours=1)  # the provider's clock, and what it lists late
READ_SINGLY = 25  # at once: a page, which shows more, costs no more than one of them


class PayoutRows(Protocol):
    async def apply(
        self, account: PayoutAccount, seen: Iterable[PayoutSnapshot], at: datetime
    ) -> None: ...
    async def raise_alerts(
        self, account: PayoutAccount, at: datetime
    ) -> tuple[PayoutAlert, ...]: ...
    async def mark_told(self, alert: PayoutAlert, at: datetime) -> None: ...
    async def groups(self, account: PayoutAccount) -> tuple[PayoutGroup, ...]: ...
    async def oldest_pending(self, account: PayoutAccount) -> datetime | None: ...
    async def pending_before(
        self, account: PayoutAccount, at: datetime, limit: int
    ) -> tuple[str, ...]: ...
    async def known_since(
        self, account: PayoutAccount, provider_payout_ids: tuple[str, ...], since: datetime
    ) -> frozenset[str]: ...


class PayoutAccounts(Protocol):
    async def is_known(self, account: PayoutAccount) -> bool:
        """False once its integration was deleted or switched off."""
        ...

    async def all(self) -> tuple[PayoutAccount, ...]: ...


class EventRows(Protocol):
    async def mark_handled(self, event_ids: tuple[str, ...], at: datetime) -> None: ...


class LookRequest(Model):
    """``looked_at``: when the last look began, None where there was none."""

    account: PayoutAccount
    at: datetime
    looked_at: datetime | None = None


class LookPlan(Model):
    """``since`` None: the account is not there any more."""

    since: datetime | None = None


class PageOrder(Model):
    account: PayoutAccount
    since: datetime
    cursor: str | None = None


class PayoutsSeen(Model):
    """``unreadable``: those that the provider has and that make no sense here, by its ids."""

    next_cursor: str | None = None
    unreadable: tuple[str, ...] = ()


class HintedPayouts(Model):
    """What events told of: the payouts are read, and then the events are handled.

    ``listed_since``: pages have just shown what was made since then.
    """

    account: PayoutAccount
    provider_payout_ids: tuple[str, ...]
    event_ids: tuple[str, ...]
    listed_since: datetime | None = None


@dataclass(frozen=True)
class PayoutActivities:
    rows: PayoutRows
    accounts: PayoutAccounts
    events: EventRows
    gateways: PayoutGateways
    clock: Callable[[], datetime] = now

    @activity.defn
    async def list_payout_accounts(self) -> tuple[PayoutAccount, ...]:
        with told_to_temporal():
            return await self.accounts.all()

    @activity.defn
    async def plan_look(self, asked: LookRequest) -> LookPlan:
        with told_to_temporal():
            if not await self.accounts.is_known(asked.account):
                return LookPlan()
            if asked.looked_at is None:
                return LookPlan(since=asked.at - FIRST_LOOK_BACK)
            oldest = await self.rows.oldest_pending(asked.account) or asked.at
            since = min(asked.at - SENT_BACK_WITHIN, max(oldest, asked.at - LISTED_BACK))
            return LookPlan(since=min(since, asked.looked_at) - OVERLAP)

    @activity.defn
    async def look_at_page(self, order: PageOrder) -> PayoutsSeen:
        """One call to the provider, however many payouts are on the page."""
        with told_to_temporal():
            async with self.gateways.of(order.account) as gateway:
                page = await gateway.list_payouts(order.since, order.cursor)
            await self.rows.apply(order.account, page.payouts, self.clock())
            return PayoutsSeen(next_cursor=page.next_cursor, unreadable=page.unreadable)

    @activity.defn
    async def look_at_older(self, order: PageOrder) -> PayoutsSeen:
        """Those still under way that were made before what the pages list; few are."""
        with told_to_temporal():
            ids = await self.rows.pending_before(order.account, order.since, READ_SINGLY)
            return await self._read(order.account, ids)

    @activity.defn
    async def look_at_hinted(self, hinted: HintedPayouts) -> PayoutsSeen:
        with told_to_temporal():
            account, ids, since = hinted.account, hinted.provider_payout_ids, hinted.listed_since
            shown = await self.rows.known_since(account, ids, since) if since else ()
            seen = await self._read(account, [each for each in ids if each not in shown])
            await self.events.mark_handled(hinted.event_ids, self.clock())
            return seen

    @activity.defn
    async def judge_payouts(self, asked: LookRequest) -> PayoutStanding:
        """Write down what finance should hear of; the alerts that it has not been told of."""
        with told_to_temporal():
            account, at = asked.account, asked.at
            alerts = await self.rows.raise_alerts(account, at)
            groups = await self.rows.groups(account)
            pending = sum(each.count for each in groups if each.is_pending)
            return PayoutStanding(
                status=status_shown(groups),
                needs_review=any(each.needs_review for each in groups),
                pending=pending,
                next_look_at=next_look_after(at, account.livemode, pending > 0),
                alerts=alerts,
            )

    @activity.defn
    async def close_alert(self, alert: PayoutAlert) -> None:
        with told_to_temporal():
            await self.rows.mark_told(alert, self.clock())

    async def _read(
        self, account: PayoutAccount, provider_payout_ids: Sequence[str]
    ) -> PayoutsSeen:
        """What was read stays, whatever becomes of the others."""
        found = _Found()
        if provider_payout_ids:
            try:
                async with self.gateways.of(account) as gateway:
                    await _read_each(gateway, provider_payout_ids, found)
            finally:
                await self.rows.apply(account, found.payouts, self.clock())
        return PayoutsSeen(unreadable=tuple(found.unreadable))


@dataclass
class _Found:
    payouts: list[PayoutSnapshot] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


async def _read_each(
    gateway: PayoutGateway, provider_payout_ids: Sequence[str], found: _Found
) -> None:
    """One that gives no answer keeps no other from being read.

    One that this account's provider does not show is passed by: an event may be of another's.
    """
    unanswered: OutcomeUnknown | None = None
    for each in provider_payout_ids:
        try:
            found.payouts.append(await gateway.fetch_payout(each))
        except RefusedByProvider as refusal:
            activity.logger.warning("payout %s cannot be read: %s", each, refusal)
            if refusal.code == UNREADABLE:
                found.unreadable.append(each)
        except OutcomeUnknown as silence:
            unanswered = silence
    if unanswered is not None:
        raise unanswered
