"""When payouts are made and deposited: daily at 14:30 US/Central, to arrive on a business day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

CENTRAL = ZoneInfo("America/Chicago")
# Of a test account; a live one's batch is earlier.
BATCH = time(14, 30)
DEPOSIT = time(9, 0)
SUBMITTED_AFTER = 30 * 60
SATURDAY = 5


def next_batch(moment: float) -> float:
    """The first batch after a moment."""
    day = _central(moment).date()
    batch = datetime.combine(day, BATCH, CENTRAL)
    while batch.timestamp() <= moment:
        day += timedelta(days=1)
        batch = datetime.combine(day, BATCH, CENTRAL)
    return batch.timestamp()


def deposit_of(batch: float) -> float:
    """The morning of the next business day."""
    day = _central(batch).date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, DEPOSIT, CENTRAL).timestamp()


def _central(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(CENTRAL)
