"""The time of day for stamps that no workflow decided."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
