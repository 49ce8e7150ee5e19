"""When providers pay out: by the batch of a business day, in the time zone of their banks.

JustiFi's batch runs at 11:30 Central; payouts of test accounts are made at 14:30.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CENTRAL = ZoneInfo("America/Chicago")
BATCH, TEST_BATCH = time(11, 30), time(14, 30)
JUST_AFTER_BATCH = timedelta(minutes=15)
WHILE_PENDING = timedelta(hours=6)  # banks move what is under way at any time of the day
# The one for an ordinary delay, the other for a bank holiday.
BATCHES_OF_GRACE = 2
_SATURDAY = 5


def overdue_after(deposits_at: datetime) -> datetime:
    """Still under way then, a payout is late: two batches of business days have run since."""
    day = deposits_at.astimezone(CENTRAL).date()
    for _ in range(BATCHES_OF_GRACE):
        day = _next_business_day(day)
    return _at(day, BATCH)


def next_look_after(at: datetime, livemode: bool, has_pending: bool) -> datetime:
    """Just after the next batch; while something is under way, within hours."""
    batch = BATCH if livemode else TEST_BATCH
    today = at.astimezone(CENTRAL).date()
    looks = (_at(today + timedelta(days=n), batch) + JUST_AFTER_BATCH for n in range(2))
    after_batch = next(look for look in looks if look > at)
    return min(after_batch, at + WHILE_PENDING) if has_pending else after_batch


def _next_business_day(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() >= _SATURDAY:
        following += timedelta(days=1)
    return following


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, CENTRAL).astimezone(UTC)
