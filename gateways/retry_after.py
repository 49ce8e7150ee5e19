"""How long a provider asks us to wait."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# As long as a request may be repeated under its key; reads have no other bound.
LONGEST_WAIT = timedelta(hours=20)


def retry_after(header: str | None, now: datetime | None = None) -> timedelta | None:
    """The header's wait, given in seconds or as an HTTP date; None where there is none to read."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        wait = timedelta(seconds=int(header))
    else:
        try:
            wait = parsedate_to_datetime(header).astimezone(UTC) - (now or datetime.now(UTC))
        except (ValueError, OverflowError):
            return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
